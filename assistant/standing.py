"""How far an answer's evidence carries: its age, number and kind, and whom to ask beyond it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date

from assistant.answer import Cited
from ingest.model import NOT_LESSONS

_NOT_A_LESSON = {"guidance": "guidance", "template": "a template", "reference": "a reference document"}
OLD = 5  # years: systems, staff and rules have changed since


def caveats(sources: Sequence[Cited], independent: int, today: date) -> list[str]:
    """What a careful reader should know before relying on these records; empty when there is nothing to say.

    `independent` is how many of the records are no near-copies of another.
    """
    said: list[str] = []
    records = {source.lesson_id: source for source in sources}
    if len(records) == 1:
        said.append("One record reports this; nothing else in the library confirms it.")
    elif records and independent == 1:
        said.append(f"The {len(records)} records are near-copies of each other: one source, not several.")
    dates = [source.event_date for source in records.values() if source.event_date]
    if dates and today.year - int(max(dates)[:4]) > OLD:
        said.append(f"The newest of these records is from {max(dates)[:4]}; check that it still holds.")
    if records and not dates:
        said.append("None of these records is dated.")
    for source in records.values():
        if source.superseded_by:
            said.append(f"{source.lesson_id} was superseded by {source.superseded_by}.")
        if source.external:
            said.append(f"“{source.title}” ({source.lesson_id}) comes from elsewhere: {source.collection}.")
        if source.kind in NOT_LESSONS:
            said.append(f"“{source.title}” ({source.lesson_id}) is {_NOT_A_LESSON[source.kind]}, not a lesson.")
    return said


def who_to_ask(sources: Sequence[Cited]) -> list[str]:
    """The roles that own the records, then the units they come from, those with most records first."""
    count = len({source.lesson_id for source in sources})
    return [name if count == 1 else f"{name} ({own} of {count} records)" for name, own in owners(sources)]


def owners(sources: Sequence[Cited]) -> list[tuple[str, int]]:
    """The same as names, with the number of their records."""
    records = {source.lesson_id: source for source in sources}.values()
    roles = Counter(source.owner for source in records if source.owner)
    units = Counter(source.unit for source in records if source.unit)
    return [*roles.most_common(3), *units.most_common(3)]
