"""`lessons tune`: fit the ranking and the verdict to one's own library."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ui.commands.options import Json, LibraryFolder, console, load_settings, opened, print_json

if TYPE_CHECKING:
    from eval.tune import Change
    from eval.tune_embedder import Report


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(tune)


def tune(
    questions: Annotated[
        int, typer.Option(min=1, metavar="N", help="At most so many of each kind, made of the records.")
    ] = 200,
    embedder: Annotated[
        bool, typer.Option("--embedder", help="Instead, train the embedder on pairs that the records give; in minutes.")
    ] = False,
    reset: Annotated[bool, typer.Option("--reset", help="Forget what was tuned.")] = False,
    library: LibraryFolder = None,
    as_json: Json = False,
) -> None:
    """Fit the ranking and the verdict to your library, without labels; kept only if better on questions held out."""
    from eval.tune import tune as run

    if embedder:
        _tune_embedder(library, reset=reset, as_json=as_json)
        return
    with opened(load_settings(library)) as opened_library:
        if reset:
            opened_library.tune({})
            report = None
        else:
            report = run(opened_library, questions, _log)
    if as_json:
        print_json({"reset": reset} | (report.to_json() if report else {}))
        return
    out = console()
    if report is None:
        out.print("What was tuned is forgotten; the defaults hold.")
        return
    asked = ", ".join(f"{count} {kind}" for kind, count in report.asked.items())
    out.print(f"Questions made of the records: {asked}. One half was fitted, the other one tested.")
    _print("ranking", "nDCG@10", report.ranking)
    _print("verdict", "right, both sorts weighing the same", report.verdict)


def _tune_embedder(library: Path | None, *, reset: bool, as_json: bool) -> None:
    from eval.tune_embedder import tune_embedder
    from ingest.errors import BadSettings

    if reset:
        raise BadSettings("An embedder is not forgotten.", "Go back to the one before with: lessons reindex --rollback")
    settings = load_settings(library)
    with opened(settings) as opened_library:
        report = tune_embedder(opened_library, on_part=_log)
    if as_json:
        print_json(report.to_json())
        return
    _print_embedder(report)
    if report.taken and settings.index.embedder:
        console().print(f"Take the embedder {settings.index.embedder} out of your settings.", markup=False)


def _print_embedder(report: Report) -> None:
    out = console()
    if not report.compared:
        out.print("Left as it is: the records make too few pairs of texts, or too few questions.")
        return
    kinds = ", ".join(f"{number:,} {kind}" for kind, number in report.pairs.items())
    out.print(f"Trained on pairs of texts from one half of the records: {kinds}.")
    out.print(f"Questions about the other half, asked of {report.passages:,} passages:")
    for one in report.compared:
        found = one.difference
        out.print(
            f"  {one.search} search, {one.kind}, {one.measure}, {one.questions} questions: {one.before:.4f} → "
            f"{one.after:.4f} ({found.low:+.4f} to {found.high:+.4f}, p = {found.p:.4f})",
            markup=False,
        )
    if not report.taken:
        out.print("Left as it is: the default search is not surely better.")
        return
    out.print(f"{report.embedder} serves now ({report.seconds:,.0f} s).", markup=False)
    out.print("Fit the ranking and the verdict to it with: lessons tune")
    out.print(f"Back to {report.previous} with: lessons reindex --rollback", markup=False)


def _log(part: str) -> None:
    console(errors=True).print(f"{part} …", markup=False)


def _print(name: str, measure: str, change: Change | None) -> None:
    out = console()
    if change is None:
        out.print(f"{name}: not tuned, the records make too few questions.")
        return
    moved = [
        f"{part} {old:g} → {change.after[part]:g}" for part, old in change.before.items() if old != change.after[part]
    ]
    found = change.difference
    out.print(f"{name}: {', '.join(moved) or 'what holds now is the best of those tried'}", markup=False)
    out.print(
        f"  {measure}, {change.questions} questions held out: {change.mean_before:.4f} → {change.mean_after:.4f} "
        f"({found.low:+.4f} to {found.high:+.4f}, p = {found.p:.4f})",
        markup=False,
    )
    out.print("  Taken over." if change.taken else "  Left as it is: not surely better.")
