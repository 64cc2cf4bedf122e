"""Commands of retrieval experiments: `eval retrieval` makes runs; `runs`, `compare` and `report` read those kept."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ui.commands.options import Embedder, Json, console, load_settings, opened, print_json

if TYPE_CHECKING:
    from eval.beir import Collection
    from eval.runs import Run
    from eval.significance import Difference

RunsFolder = Annotated[
    Path | None, typer.Option("--runs", metavar="DIR", help="Where runs are kept; else in your own state folder.")
]
_RUN = "The id of a run, or a part of it that no other has."


def register(group: typer.Typer) -> None:
    """Add the commands to `eval`."""
    group.command()(retrieval)
    group.command("runs")(list_runs)
    group.command()(compare)
    group.command()(report)


def retrieval(
    folders: Annotated[list[Path], typer.Argument(help="Test collections in the BEIR layout.")],
    compare: Annotated[
        str,
        typer.Option(metavar="SETTINGS", help="hybrid, dense, lexical, each also with +rerank; the first is reported."),
    ] = "hybrid+rerank,hybrid,dense,lexical",
    split: Annotated[str, typer.Option(metavar="NAME", help="Whose judgments: qrels/NAME.tsv.")] = "test",
    keep: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Keep the index here, and use it if it is there; of several, in DIR/name."),
    ] = None,
    runs: RunsFolder = None,
    embedder: Embedder = None,
    passage_tokens: Annotated[int | None, typer.Option(help="The longest passage, in the embedder's tokens.")] = None,
    dense_weight: Annotated[float | None, typer.Option(help="The vectors' share of the fused score, 0 to 1.")] = None,
    as_json: Json = False,
) -> None:
    """Index test collections as documents would be, run their queries, and measure and keep what they find."""
    from eval.beir import Collection
    from eval.retrieval import arguments, named
    from ingest.errors import BadSettings

    settings = named(compare)
    for name in settings:
        arguments(name)  # all are right, or nothing is begun
    collections = [Collection.load(folder, split) for folder in folders]
    if len({one.name for one in collections}) < len(collections):
        raise BadSettings("Two of the folders have one name.", "Run them one after the other, or rename one.")
    flags = {"embedder": embedder, "passage_tokens": passage_tokens, "dense_weight": dense_weight}
    out = []
    for one in collections:
        place = keep / one.name if keep and len(collections) > 1 else keep
        made = _measure(one, settings, place, flags, runs)
        out.append(_document(made))
        if not as_json:
            _print(made)
    if as_json:
        print_json(out[0] if len(out) == 1 else {"runs": out})


def list_runs(runs: RunsFolder = None, as_json: Json = False) -> None:
    """List the runs that are kept, the oldest first."""
    from eval.runs import default_folder, find

    found = find(runs or default_folder())
    if as_json:
        print_json({"runs": [run.summary() for run in found]})
        return
    width = max((len(run.id) for run in found), default=3)
    rows = [("run", "queries", "ndcg@10", "p50 ms")]
    rows += [
        (run.id, str(len(run.queries)), f"{run.metrics['ndcg@10']:.4f}", str(run.latency_ms["p50"])) for run in found
    ]
    for first, *others in rows:  # on one line each, however narrow: an id is there to be copied
        console().print(f"{first:<{width}}" + "".join(f"{one:>9}" for one in others), markup=False, soft_wrap=True)


def compare(
    names: Annotated[list[str], typer.Argument(metavar="RUN", help=_RUN)],
    runs: RunsFolder = None,
    as_json: Json = False,
) -> None:
    """Test whether runs on one collection differ from the first by more than chance."""
    from eval.runs import compare as tested
    from eval.runs import default_folder, find, labels
    from ingest.errors import UsageError

    found = list({run.id: run for run in find(runs or default_folder(), names)}.values())
    if len(found) < 2:
        raise UsageError("One run cannot be compared.", "Name two or more. List them with: lessons eval runs")
    tests = dict(zip((run.id for run in found[1:]), tested(found), strict=True))
    if as_json:
        in_json = {run: {name: one.to_json() for name, one in each.items()} for run, each in tests.items()}
        print_json({"baseline": found[0].id, "tests": in_json})
    else:
        baseline, *others = labels(found)
        _print_tests(dict(zip(others, tests.values(), strict=True)), baseline)


def report(
    names: Annotated[list[str] | None, typer.Argument(metavar="RUN", help=f"{_RUN} Without any, all.")] = None,
    output: Annotated[Path, typer.Option(metavar="FILE", help="The HTML file to write.")] = Path("report.html"),
    runs: RunsFolder = None,
) -> None:
    """Write one HTML file on runs: figures, tests, plots, queries to read. A collection's first run is its baseline."""
    from eval.report import write
    from eval.runs import default_folder, find
    from ingest.errors import PathNotFound

    folder = runs or default_folder()
    found = find(folder, names or ())
    if not found:
        raise PathNotFound(f"{folder} holds no run.", "Make one: lessons eval retrieval FOLDER")
    write(found, output)
    console().print(f"{len(found)} run{'s' * (len(found) > 1)} in {output}", markup=False)


@contextmanager
def counted() -> Iterator[Callable[[int], None]]:
    """Counts embedded passages on standard error."""
    from rich.progress import Progress, TextColumn

    with Progress(TextColumn("{task.completed:,} passages"), console=console(errors=True), transient=True) as bar:
        task = bar.add_task("", visible=False)
        yield lambda number: bar.update(task, advance=number, visible=True)


def _measure(
    collection: Collection, names: Sequence[str], place: Path | None, flags: Mapping[str, Any], folder: Path | None
) -> list[Run]:
    from eval.retrieval import ensure, run
    from eval.runs import Run, default_folder, save

    made = []
    with ExitStack() as stack:
        place = place or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="lessons-eval-")))
        settings = load_settings(place, flags)
        library = stack.enter_context(opened(settings, create=True))
        with counted() as on_step:
            seconds = ensure(library, collection, on_step)
        stated = settings.index.model_dump(mode="json", exclude={"token"}) | library.manifest.to_json()
        stated["ranking"] = asdict(library.ranking())
        for name in names:
            made.append(Run.of(run(library, collection, name), collection, library, stated, seconds))
            save(made[-1], folder or default_folder())
    return made


def _document(made: Sequence[Run]) -> dict[str, Any]:
    """What the runs of one collection found, the first setting's figures on top."""
    from eval.runs import compare as tested

    first = made[0].summary()
    keys = "dataset split queries documents passages metrics latency_ms index_seconds disk_mb settings".split()
    return {
        **{key: first[key] for key in keys},
        "run": made[0].id,
        "compared": {
            run.setting: {
                "run": run.id,
                "metrics": run.metrics,
                "intervals": run.intervals,
                "latency_ms": run.latency_ms,
            }
            for run in made
        },
        "tests": {
            run.setting: {measure: one.to_json() for measure, one in tests.items()}
            for run, tests in zip(made[1:], tested(made), strict=True)
        },
    }


def _print(made: Sequence[Run]) -> None:
    from rich.box import SIMPLE
    from rich.table import Table

    from eval.runs import compare as tested

    first = made[0]
    index = "index kept" if first.index_seconds is None else f"indexed in {first.index_seconds} s"
    title = f"{first.dataset}: {len(first.queries)} queries, {first.documents} documents, {index}"
    table = Table(title=title, title_justify="left", box=SIMPLE, padding=(0, 1, 0, 0))
    for heading in ("", *first.metrics, "p50 ms", "p95 ms"):
        table.add_column(heading, justify="right" if heading else "left", no_wrap=True)
    for run in made:
        figures = [f"{value:.4f}" for value in run.metrics.values()]
        table.add_row(run.setting, *figures, *(str(value) for value in run.latency_ms.values()))
    console().print(table)
    _print_tests({run.setting: tests for run, tests in zip(made[1:], tested(made), strict=True)}, first.setting)


def _print_tests(tests: Mapping[str, Mapping[str, Difference]], baseline: str) -> None:
    from rich.box import SIMPLE
    from rich.table import Table

    if not tests:
        return
    table = Table(title=f"Against {baseline}; p Holm-corrected", title_justify="left", box=SIMPLE)
    for heading in ("", "measure", "change", "95 % interval", "p", "wins/ties/losses"):
        table.add_column(heading, justify="left" if heading in ("", "measure") else "right")
    for name, differences in tests.items():
        for measure, one in differences.items():
            figures = (f"{one.mean:+.4f}", f"{one.low:+.4f} {one.high:+.4f}", f"{one.p_holm:.4f}")
            table.add_row(name, measure, *figures, f"{one.wins}/{one.ties}/{one.losses}")
        table.add_section()
    console().print(table)
