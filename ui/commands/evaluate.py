"""Commands that measure: `eval retrieval`, `eval answers`, `eval verdict`, and those of the way in."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_args

import typer

from ui.commands import evaluate_index, evaluate_ingest
from ui.commands.options import Embedder, Json, LibraryFolder, console, load_settings, opened, print_json

if TYPE_CHECKING:
    from eval.answers import Score
    from eval.retrieval import Figures


def register(app: typer.Typer) -> None:
    """Add `eval` and its commands."""
    group = typer.Typer(no_args_is_help=True)
    group.command()(retrieval)
    group.command()(answers)
    group.command()(verdict)
    evaluate_ingest.register(group)
    evaluate_index.register(group)
    app.add_typer(group, name="eval", help="Measure retrieval, answers, recognition and speed.")


def retrieval(
    folder: Annotated[Path, typer.Argument(help="A test collection in the BEIR layout.")],
    compare: Annotated[
        str, typer.Option(metavar="MODES", help="Modes to run, the one to report first: hybrid, dense, lexical.")
    ] = "hybrid,dense,lexical",
    keep: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Keep the index in this folder, and use it if it is there.")
    ] = None,
    embedder: Embedder = None,
    passage_tokens: Annotated[int | None, typer.Option(help="The longest passage, in the embedder's tokens.")] = None,
    dense_weight: Annotated[float | None, typer.Option(help="The vectors' share of the fused score, 0 to 1.")] = None,
    as_json: Json = False,
) -> None:
    """Index a test collection as documents would be, run its queries, and measure what they find."""
    from eval.beir import Collection
    from eval.retrieval import load_into, run
    from index.library import Mode
    from ingest.errors import BadSettings

    modes = [mode for mode in get_args(Mode) if mode in compare.split(",")]
    if set(compare.split(",")) != set(modes):
        raise BadSettings(f"--compare cannot be {compare!r}.", f"Choose from: {', '.join(get_args(Mode))}.")
    modes.sort(key=compare.split(",").index)
    collection = Collection.load(folder)
    flags = {"embedder": embedder, "passage_tokens": passage_tokens, "dense_weight": dense_weight}
    with ExitStack() as stack:
        place = keep or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="lessons-eval-")))
        settings = load_settings(place, flags)
        library = stack.enter_context(opened(settings, create=True))
        fresh = library.stats().documents == 0
        seconds = load_into(library, collection, _counter()) if fresh else None
        outcomes = [run(library, collection, mode) for mode in modes]
        stats = library.stats()
    out: dict[str, Any] = {
        "dataset": collection.name,
        "queries": len(collection.queries),
        "documents": stats.documents,
        "passages": stats.passages,
        "metrics": outcomes[0].metrics,
        "latency_ms": outcomes[0].latency_ms,
        "index_seconds": None if seconds is None else round(seconds, 2),
        "settings": settings.index.model_dump(exclude={"token"}) | library.manifest.to_json() | {"mode": modes[0]},
        "compared": {one.mode: {"metrics": one.metrics, "latency_ms": one.latency_ms} for one in outcomes},
    }
    if as_json:
        print_json(out)
    else:
        _print_retrieval(out, outcomes)


def answers(
    file: Annotated[Path, typer.Argument(help="Questions with their gold records, one JSON object a line.")],
    library: LibraryFolder = None,
    as_json: Json = False,
) -> None:
    """Ask the library each question of a gold file and score verdicts, sources and quotes."""
    from assistant.assistant import Assistant
    from eval.answers import evaluate_answers, load_questions

    questions = load_questions(file)
    settings = load_settings(library)
    with opened(settings) as opened_library:
        score = evaluate_answers(Assistant(opened_library, settings.assistant), questions)
    if as_json:
        print_json(asdict(score))
    else:
        _print_answers(score)


def verdict(
    folders: Annotated[list[Path], typer.Argument(help="Two or more test collections about different worlds.")],
    limit: Annotated[int, typer.Option(min=10, help="Questions a collection.")] = 150,
    keep: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Keep the indexes in this folder, and use those there.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Ask each collection's questions of all of them; fit and test what tells answerable from not."""
    from assistant.verdict import PACKAGED
    from eval.beir import Collection
    from eval.retrieval import load_into
    from eval.verdict import cases, fit, report

    with ExitStack() as stack:
        place = keep or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="lessons-eval-")))
        libraries = []
        for folder in folders:
            collection = Collection.load(folder)
            library = stack.enter_context(opened(load_settings(place / collection.name), create=True))
            if library.stats().documents == 0:
                load_into(library, collection, _counter())
            libraries.append((collection, library))
        found = cases(libraries, limit)
    out = {"in_use": report(found, PACKAGED).to_json(), "fitted": report(found, fit(found)).to_json()}
    if as_json:
        print_json(out)
        return
    for name, figures in out.items():
        console().print(f"{name}: {figures}", markup=False)


def _counter() -> Any:
    """Counts embedded passages on standard error."""
    out, done = console(errors=True), 0

    def count(number: int) -> None:
        nonlocal done
        done += number
        out.print(f"\r{done:,} passages", end="")

    return count


def _print_retrieval(found: dict[str, Any], outcomes: list[Figures]) -> None:
    from rich.table import Table

    index = "index kept" if found["index_seconds"] is None else f"indexed in {found['index_seconds']} s"
    title = f"{found['dataset']}: {found['queries']} queries, {found['documents']} documents, {index}"
    table = Table(title=title, title_justify="left")
    for heading in ("", *outcomes[0].metrics, "p50 ms", "p95 ms"):
        table.add_column(heading, justify="right" if heading else "left")
    for one in outcomes:
        figures = [f"{value:.4f}" for value in one.metrics.values()]
        table.add_row(one.mode, *figures, *(str(value) for value in one.latency_ms.values()))
    console().print(table)


def _print_answers(score: Score) -> None:
    out = console()
    for one in score.questions:
        mark = "ok  " if one.verdict_right and one.gold_found in (None, True) else "MISS"
        out.print(f"{mark} {one.id:<5} {one.type:<16} {one.verdict:<9} {one.question}", markup=False)
        out.print(f"     {', '.join(one.sources)}", style="dim", markup=False)
    for name, value in score.total.items():
        shown = "–" if value is None else f"{value:.3f}" if isinstance(value, float) else str(value)
        out.print(f"{name:<24} {shown}")
