"""Commands that measure: `eval answers`, `eval verdict`, and those of the other files."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ui.commands import evaluate_index, evaluate_ingest, evaluate_load, evaluate_own, evaluate_retrieval
from ui.commands.options import Json, LibraryFolder, console, load_settings, opened, print_json

if TYPE_CHECKING:
    from eval.answers import Score
    from eval.verdict import Report


def register(app: typer.Typer) -> None:
    """Add `eval` and its commands."""
    group = typer.Typer(no_args_is_help=True)
    evaluate_retrieval.register(group)
    group.command()(answers)
    group.command()(verdict)
    evaluate_ingest.register(group)
    evaluate_index.register(group)
    evaluate_own.register(group)
    evaluate_load.register(group)
    app.add_typer(group, name="eval", help="Measure retrieval, answers, recognition and speed.")


def answers(
    file: Annotated[
        Path,
        typer.Argument(
            help="One JSON object a line: id, question, gold (ids of records); also verdict (answered, partial, none), "
            "also_ok, must_mention_regex, history, type."
        ),
    ],
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
    """Ask each collection's questions of all of them; fit and test what tells answerable from not.

    Off the library: questions of other collections, and those a collection marks as answered by nothing. Near misses:
    those about a record that lacks the detail.
    """
    from assistant.verdict import PACKAGED
    from eval.beir import Collection
    from eval.retrieval import ensure
    from eval.verdict import cases, crossed, report

    with ExitStack() as stack:
        place = keep or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="lessons-eval-")))
        libraries = []
        for folder in folders:
            collection = Collection.load(folder)
            library = stack.enter_context(opened(load_settings(place / collection.name), create=True))
            with evaluate_retrieval.counted() as on_step:
                ensure(library, collection, on_step)
            libraries.append((collection, library))
        found = cases(libraries, limit)
    one, other = crossed(found)
    reports = {"in_use": report(found, PACKAGED), "fitted": one, "fitted_on_the_other_half": other}
    if as_json:
        print_json({name: each.to_json() for name, each in reports.items()})
        return
    for name, each in reports.items():
        _print_verdict(name.replace("_", " "), each)


def _print_verdict(name: str, found: Report) -> None:
    out = console()
    out.print(f"\nCalibration {name}: {found.calibration}", markup=False)
    for task, figures in found.tasks.items():
        out.print(f"{task.replace('_', ' ')}", style="bold", markup=False)
        for label, value in asdict(figures).items():
            if isinstance(value, dict):
                for pair, share in value.items():
                    out.print(f"    declined {share:.3f}  {pair}", style="dim", markup=False)
            else:
                out.print(f"  {label:<22} {_figure(value)}", markup=False)


def _print_answers(score: Score) -> None:
    out = console()
    for one in score.questions:
        mark = "ok  " if one.verdict_right and one.gold_found in (None, True) else "MISS"
        out.print(f"{mark} {one.id:<5} {one.type:<16} {one.verdict:<9} {one.question}", markup=False)
        out.print(f"     {', '.join(one.sources)}", style="dim", markup=False)
    columns = ("questions", "verdict_right", "gold_in_first_5", "facts", "citation_precision", "duplicates")
    rows: list[tuple[str, ...]] = [("", "questions", "verdict", "first 5", "facts", "citations", "duplicates")]
    rows += [(kind, *(_figure(total[name]) for name in columns)) for kind, total in score.kinds.items()]
    for first, *cells in rows:
        out.print(f"{first:<16}" + "".join(f"{cell:>11}" for cell in cells), markup=False, soft_wrap=True)
    for name, value in score.total.items():
        out.print(f"{name:<24} {_figure(value)}")


def _figure(value: float | int | None) -> str:
    return "–" if value is None else f"{value:.3f}" if isinstance(value, float) else str(value)
