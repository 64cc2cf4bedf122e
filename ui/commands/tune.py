"""`lessons tune`: fit the ranking and the verdict to one's own library."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ui.commands.options import Json, LibraryFolder, console, load_settings, opened, print_json

if TYPE_CHECKING:
    from eval.tune import Change


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(tune)


def tune(
    questions: Annotated[int, typer.Option(min=1, help="At most so many of each kind, made of the records.")] = 200,
    reset: Annotated[bool, typer.Option("--reset", help="Forget what was tuned.")] = False,
    library: LibraryFolder = None,
    as_json: Json = False,
) -> None:
    """Fit the ranking and the verdict to your library, without labels; kept only if better on questions held out."""
    from eval.tune import tune as run

    log = console(errors=True)
    with opened(load_settings(library)) as opened_library:
        if reset:
            opened_library.tune({})
            report = None
        else:
            report = run(opened_library, questions, lambda part: log.print(f"{part} …", markup=False))
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
