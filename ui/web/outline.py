"""What an exported conversation or checklist says, in its order, whatever the format."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count, groupby
from pathlib import PurePath
from typing import TYPE_CHECKING, Literal

from assistant.answer import Answer, Cited, Claim
from index.filters import CHOICES
from ui.outcomes import OUTCOMES
from ui.web.kept import KeptTurn, moment

if TYPE_CHECKING:
    from assistant.brief import Brief
    from assistant.tally import Tally

_LONGEST_HEADING = 160  # characters: a longer question, or a plan, is told in full below its heading
_UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
"""What XML refuses, and the other control characters."""
_VERDICTS = {"partial": "Answered in part", "none": "No lesson found"}
_NO_ANSWER = "There is no answer to this question in the history."


@dataclass(frozen=True, slots=True)
class Heading:
    """Level 1 is a question or a task, 2 a part of its answer."""

    level: Literal[1, 2]
    text: str


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph; `marks` are the references it stands on."""

    text: str
    style: Literal["plain", "verdict", "note", "asked"] = "plain"
    marks: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Item:
    """An item of a list; with a `box` that is ticked or not, or without one."""

    text: str
    box: bool | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """A table of counts."""

    columns: tuple[str, str]
    rows: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Reference:
    """A record that is referred to; `mark` is its number, `facts` what is known of it, `quote` its own words."""

    mark: str
    title: str
    facts: str
    quote: str = ""


Block = Heading | Text | Item | Table | Reference


def line(text: str) -> str:
    """A text as one line, without characters that a file cannot hold."""
    return " ".join(_UNFIT.sub("", text).split())


def conversation(turns: Iterable[KeptTurn]) -> Iterator[Block]:
    """Each question with its answer and the references that this answer stands on."""
    yield Text(_exported(), "note")
    for turn in turns:
        yield from _question(turn)
        yield from _answer(turn.answer) if turn.answer else [Text(_NO_ANSWER)]


def checklist(brief: Brief, done: Container[int] = ()) -> Iterator[Block]:
    """Under each task of a plan what to do about it, and at the end the records that this comes from.

    `done` are the numbers of what is ticked, counted from 0 over the whole brief.
    """
    numbers = count()
    told = sum(bool(item.checklist) for item in brief.tasks)
    yield Text(f"Lessons for {told} of {len(brief.tasks)} tasks. {_exported()}", "note")
    for item in brief.tasks:
        yield Heading(1, item.task)
        yield from (Item(to_do, next(numbers) in done) for to_do in item.checklist)
        if not item.checklist:
            yield Text("No lesson found.")
    records = {cited.lesson_id: cited for item in brief.tasks for cited in item.lessons}
    if records:
        yield Heading(1, "Records")
        yield from (Reference("", _title(cited), _facts(cited)) for cited in records.values())


def _exported() -> str:
    return f"Exported on {_time(datetime.now(UTC))}."


def _time(at: datetime) -> str:
    return f"{at:%Y-%m-%d} at {at:%H:%M} UTC"


def _question(turn: KeptTurn) -> Iterator[Block]:
    asked = line(turn.question)
    yield Heading(1, asked if len(asked) <= _LONGEST_HEADING else asked[:_LONGEST_HEADING].rstrip() + "…")
    if len(asked) > _LONGEST_HEADING:
        yield from (Text(line, "asked") for line in turn.question.splitlines() if line.strip())
    yield Text(f"Asked on {_time(moment(turn.at))}.", "note")
    if turn.filters:
        yield Text(f"Only: {_described(turn.filters)}", "note")
    if turn.answer and (read := {name: turn.answer.filters[name] for name in _read(turn.answer)}):
        yield Text(f"Read from the question: {_described(read)}", "note")
    if turn.ignored:
        yield Text(f"Not read from the question: {', '.join(turn.ignored)}", "note")


def _read(answer: Answer) -> list[str]:
    return [name for name in answer.filters_read if name in answer.filters]


def _described(filters: Mapping[str, str]) -> str:
    said = {name: value.replace("_", " ") if name in CHOICES else value for name, value in filters.items()}
    return ", ".join(f"{name} {value}" for name, value in said.items())


def _answer(answer: Answer) -> Iterator[Block]:
    if answer.verdict in _VERDICTS:
        yield Text(_VERDICTS[answer.verdict], "verdict")
    yield from _claims(answer.claims)
    if not answer.claims and answer.message:
        yield Text(_message(answer))
    if answer.tally and answer.tally.by and answer.tally.groups:
        yield _table(answer.tally)
    yield from _section("The records disagree", [conflict.text for conflict in answer.conflicts])
    yield from _section("It happened again", [event.text for event in answer.repeats])
    yield from _section("Keep in mind", answer.caveats)
    yield from _section("Who to ask", answer.who_to_ask)
    yield from _references("References", answer.sources)
    yield from _references("Nearest records, which do not answer this", answer.nearest, numbered=False)


def _claims(claims: Sequence[Claim]) -> Iterator[Block]:
    """The claims; those of a comparison under what they speak of."""
    for side, told in groupby(claims, lambda claim: claim.side):
        if side:
            yield Heading(2, side[:1].upper() + side[1:])
        yield from (Text(claim.text, marks=claim.citations) for claim in told)


def _message(answer: Answer) -> str:
    """The message without the verdict, which stands above it."""
    verdict = _VERDICTS.get(answer.verdict, "")
    rest = answer.message.removeprefix(f"{verdict}: ")
    return rest[:1].upper() + rest[1:]


def _table(tally: Tally) -> Table:
    columns = (str(tally.by).capitalize(), "Records")
    return Table(columns, tuple((group.value, group.count) for group in tally.groups))


def _section(heading: str, lines: Sequence[str]) -> Iterator[Block]:
    if lines:
        yield Heading(2, heading)
        yield from map(Item, lines)


def _references(heading: str, sources: Sequence[Cited], *, numbered: bool = True) -> Iterator[Block]:
    if sources:
        yield Heading(2, heading)
    for cited in sources:
        yield Reference(f"[{cited.n}]" if numbered else "", _title(cited), _facts(cited), cited.quote)


def _title(cited: Cited) -> str:
    return line(cited.title) or PurePath(cited.source).name


def _facts(cited: Cited) -> str:
    currency = cited.currency if cited.currency != "current" else ""
    facts = [
        f"Record {cited.lesson_id}",
        " / ".join(filter(None, (cited.unit, cited.project))),
        cited.event_date or "undated",
        OUTCOMES[cited.outcome][1],
        cited.maturity.replace("_", " "),
        f"superseded by {cited.superseded_by}" if cited.superseded_by else currency,
        cited.confidence if cited.confidence != "unreviewed" else "",
        f"from elsewhere: {cited.collection}" if cited.external else "",
        cited.place,
        PurePath(cited.source).name,
    ]
    return " · ".join(fact for fact in facts if fact)
