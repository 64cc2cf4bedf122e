"""Commands that look at all records, and at all questions: `trends`, `gaps`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ui.commands.options import Filter, Json, LibraryFolder, console, load_settings, opened, print_json, short, times

if TYPE_CHECKING:
    from assistant.tally import Tally
    from assistant.trends import Trends

_BAR = 30  # characters of the longest bar
_LISTED = 15  # values of a field, and repetitions
_LONGEST = 28  # characters of a value


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(trends)
    app.command()(gaps)


def trends(
    by: Annotated[
        list[str] | None, typer.Option("--by", metavar="FIELD", help="Count by year, unit, outcome, topic, cause, …")
    ] = None,
    about: Annotated[
        str | None, typer.Option(metavar="WORDS", help="Only records with these words in one sentence; OR parts more.")
    ] = None,
    filters: Filter = None,
    library: LibraryFolder = None,
    as_json: Json = False,
) -> None:
    """Count all records by field and year, and list what is recommended or happens again and again."""
    from assistant.tally import terms_of
    from assistant.trends import SURVEYED
    from assistant.trends import trends as survey
    from index.filters import parse_filters

    chosen = parse_filters(filters or ())
    with opened(load_settings(library)) as opened_library:
        found = survey(opened_library, tuple(by or SURVEYED), chosen, terms_of(about or ""))
    if as_json:
        print_json(found.to_json())
    else:
        _print(found)


def gaps(
    forget: Annotated[
        list[str] | None, typer.Option(metavar="QUESTION", help="Drop this question: it is answered now, or was none.")
    ] = None,
    library: LibraryFolder = None,
    as_json: Json = False,
) -> None:
    """List what was asked and not answered: what the organisation still has to learn, the weightiest first."""
    from datetime import date

    from assistant.needs import Needs

    with opened(load_settings(library)) as opened_library:
        needs = Needs(opened_library.folder)
        forgotten = needs.forget(forget or ())
        found = needs.gaps(opened_library.embedder, date.today())
    if as_json:
        print_json({"forgotten": forgotten, "gaps": [gap.to_json() for gap in found]})
        return
    out = console()
    if forget:
        out.print(f"{forgotten} dropped.")
    for gap in found:
        out.print(gap.question, style="bold", markup=False)
        out.print(
            f"  asked {times(gap.times)}, last on {gap.last}; nothing found {gap.unanswered} of {gap.times}",
            markup=False,
        )
        for label, values in (("also", gap.questions[1:]), ("near", gap.nearest[:3]), ("ask", gap.who[:3])):
            if values:
                out.print(f"  {label}: {'; '.join(values)}", style="dim", markup=False)
    if not found:
        out.print("Every question was answered, or none was asked yet.")


def _print(found: Trends) -> None:
    from assistant.counted import figures

    out = console()
    first = found.tallies[0]
    out.print(figures(first)[0], style="bold", markup=False)
    for each in found.tallies:
        _print_tally(each)
    if found.repeated:
        out.print("\nHappened again", style="bold")
        for one in found.repeated[:_LISTED]:
            out.print(f"  {len(one.records)} ×", markup=False)
            for told in one.records:
                out.print(f"    {told.date or 'undated':<10} {told.lesson_id}  {told.title}", markup=False)
    if found.recommended:
        out.print("\nRecommended again and again", style="bold")
        for advice in found.recommended[:_LISTED]:
            out.print(f"  {advice.records} × {advice.said[0].text}", markup=False)
            out.print(
                "      " + ", ".join(dict.fromkeys(one.lesson_id for one in advice.said)), style="dim", markup=False
            )


def _print_tally(found: Tally) -> None:
    from assistant.tally import TIMES

    out = console()
    shown = found.groups if found.by in TIMES else found.groups[:_LISTED]
    if not shown:
        return
    stated = "" if found.stated == found.total else f" ({found.stated:,} of {found.total:,} state one)"
    out.print(f"\nBy {found.by}{stated}", style="bold", markup=False)
    most = max(group.count for group in shown)
    width = min(_LONGEST, max(len(group.value) for group in shown))
    for group in shown:
        bar = "█" * round(_BAR * group.count / most) if most else ""
        out.print(f"  {short(group.value, width):<{width}} {group.count:>6,} {bar}", markup=False)
    if len(found.groups) > len(shown):
        out.print(f"  and {len(found.groups) - len(shown):,} more; --json lists all", style="dim")
