"""Commands that ask: `search`, `ask`, `brief`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ui.commands.options import Filter, Json, LibraryFolder, console, load_settings, opened, print_json, short, times
from ui.outcomes import OUTCOMES

SHOWN = 240  # characters of a passage

if TYPE_CHECKING:
    from assistant.answer import Answer, Cited
    from assistant.assistant import Assistant


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (search, ask, brief):
        app.command()(command)


def search(
    query: str,
    k: Annotated[int, typer.Option("-k", min=1, max=1000, help="How many passages.")] = 10,
    filters: Filter = None,
    library: LibraryFolder = None,
    as_json: Json = False,
) -> None:
    """Find passages."""
    from index.filters import parse_filters

    chosen = parse_filters(filters or ())
    with opened(load_settings(library)) as opened_library:
        found = opened_library.search(query, k, chosen)
    if as_json:
        print_json(found.to_json())
        return
    out = console()
    for hit in found.hits:
        out.print(f"{hit.rank}. {hit.title}", style="bold", markup=False)
        where = [hit.lesson_id, hit.section, hit.place, hit.event_date or "undated"]
        out.print("   " + " · ".join(part for part in where if part), style="dim", markup=False)
        out.print("   " + short(" ".join(hit.text.split()), SHOWN), markup=False)
    if not found.hits:
        out.print("Nothing found.")


def ask(
    question: str,
    filters: Filter = None,
    ignore: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Do not read this filter from the question's words: since, unit, …"),
    ] = None,
    llm: Annotated[str | None, typer.Option(metavar="PROVIDER:MODEL", help="A chat model to write the answer.")] = None,
    library: LibraryFolder = None,
    as_json: Json = False,
) -> None:
    """Answer a question with citations, or say that no lesson answers it."""
    from assistant.assistant import Assistant
    from index.filters import parse_filters
    from ui.needs import own_needs

    chosen = parse_filters(filters or ())
    settings = load_settings(library, {"llm": llm})
    with opened(settings) as opened_library:
        assistant = Assistant(opened_library, settings.assistant, own_needs(opened_library, settings))
        if as_json:
            print_json(assistant.ask(question, chosen, ignore=ignore or ()).to_json())
        else:
            _stream(assistant, question, chosen, ignore or ())


def brief(
    plan: Annotated[Path, typer.Argument(metavar="FILE")],
    filters: Filter = None,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print a checklist in Markdown.")] = False,
    library: LibraryFolder = None,
    as_json: Json = False,
) -> None:
    """Read a plan, a ticket or a test procedure and find for each of its tasks what was learned before."""
    from assistant.brief import brief_plan, tasks_of
    from index.filters import parse_filters
    from ingest.errors import PathNotFound
    from ingest.readers import read
    from ui.web.export import brief_to_markdown

    if not plan.is_file():
        raise PathNotFound(f"{plan} is not a file.", "Give a plan as a text, Markdown, DOCX or PDF file.")
    tasks, chosen = tasks_of(read(plan, plan.read_bytes()).text), parse_filters(filters or ())
    settings = load_settings(library)
    with opened(settings) as opened_library:
        found = brief_plan(opened_library, tasks, settings.assistant, chosen)
    if as_json:
        print_json(found.to_json())
        return
    out = console()
    if markdown:
        out.print(brief_to_markdown(found, plan.name), markup=False, soft_wrap=True, end="")
        return
    for item in found.tasks:
        out.print(item.task, style="bold", markup=False)
        for claim in item.watch_out:
            marks = "".join(f" [{n}]" for n in claim.citations)
            out.print(f"  - {claim.text}{marks}", markup=False)
        for line in references(item.lessons):
            out.print("    " + line, style="dim", markup=False)
        if not item.lessons:
            out.print("  No lesson found.", style="dim")


def _stream(assistant: Assistant, question: str, filters: dict[str, str], ignore: Sequence[str]) -> None:
    """Print each sentence as soon as it is known, then what it stands on."""
    from assistant.answer import Answer, Draft

    out = console()
    side = None
    for event in assistant.stream(question, filters, ignore=ignore):
        if isinstance(event, Draft):
            if event.claim.side and event.claim.side != side:
                side = event.claim.side
                out.print(side, style="bold", markup=False)
            marks = "".join(f" [{n}]" for n in event.claim.citations)
            out.print(event.claim.text + marks, markup=False)
        elif isinstance(event, Answer):
            _print_standing(event)


def _print_standing(answer: Answer) -> None:
    from index.filters import described

    out = console()
    if answer.filters_read:
        read = described({name: answer.filters[name] for name in answer.filters_read})
        out.print(f"\nOnly records with {read}, as the question says; --ignore NAME drops one.", markup=False)
    if answer.verdict == "none":
        out.print(answer.message, style="bold", markup=False)
        if answer.asked:
            often = times(answer.asked)
            out.print(f"Kept among the knowledge gaps (asked {often} in the last month): lessons gaps", style="dim")
        if answer.nearest:
            out.print("Nearest, but not this:")
    else:
        out.print("\nAnswered in part, from:" if answer.verdict == "partial" else "")
    for line in references(answer.nearest or answer.sources):
        out.print("  " + line, style="dim", markup=False)
    for caveat in (*(conflict.text for conflict in answer.conflicts), *answer.caveats):
        out.print(f"Note: {caveat}", markup=False)
    for event in answer.repeats:
        out.print(f"Happened again: {event.text}", markup=False)
    if answer.who_to_ask:
        out.print("Ask: " + "; ".join(answer.who_to_ask), markup=False)


def references(sources: Sequence[Cited]) -> list[str]:
    """A line a record: the numbers of its quotes, what it is, when it was, how it ended and where it stands."""
    records: dict[str, list[Cited]] = {}
    for source in sources:
        records.setdefault(source.lesson_id, []).append(source)
    return [_reference("".join(f"[{one.n}]" for one in quotes), quotes[0]) for quotes in records.values()]


def _reference(marks: str, source: Cited) -> str:
    parts = [
        f"{marks} {source.lesson_id}",
        source.title,
        source.unit or "",
        source.event_date or "undated",
        " ".join(OUTCOMES[source.outcome]) if source.outcome != "neutral" else "",
        source.place,
        source.source,
    ]
    return " · ".join(part for part in parts if part)
