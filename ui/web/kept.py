"""A turn of a conversation as it is kept, and whether all that it shows may still be seen."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from typing import Any, Protocol, TypeVar

from pydantic import TypeAdapter

from assistant.answer import Answer, Cited

T = TypeVar("T")
_LEFT_OUT = re.compile(r"^“.*” \((.+)\) is left out: ", re.S)
"""A record that a newer one takes the place of is named in these words alone."""


class Sight(Protocol):
    """What one reader may see now."""

    def has_source(self, source_id: int) -> bool: ...

    def has_record(self, lesson_id: str) -> bool: ...


def now() -> str:
    """ISO 8601 in UTC, to the millisecond."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def moment(at: str) -> datetime:
    """An ISO 8601 time in UTC, which it is in where it names no zone. Raises `ValueError`."""
    told = datetime.fromisoformat(at)
    return told.astimezone(UTC) if told.tzinfo else told.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class KeptTurn:
    """A question, the filters chosen for it, the names of those not to be read from its words, and its answer.

    `answer` is None where there was none, or where another version of the program wrote it and this one cannot read
    it. `at` is ISO 8601; `feedback` is the mark that the person gave the answer.
    """

    question: str
    filters: Mapping[str, str] = field(default_factory=dict)
    ignored: tuple[str, ...] = ()
    answer: Answer | None = None
    at: str = field(default_factory=now)
    feedback: str | None = None


def readable(turn: KeptTurn, sight: Sight) -> bool:
    """Whether every source and every record that the turn shows may be seen: cited, near, contradicting or counted."""
    if turn.answer is None:
        return True
    sources = {one.source_id for one in _shown(turn.answer)}
    return all(map(sight.has_source, sources)) and all(map(sight.has_record, set(_named(turn.answer))))


def _shown(answer: Answer) -> Iterator[Cited]:
    yield from answer.sources
    yield from answer.nearest
    for conflict in answer.conflicts:
        yield from conflict.sides


def _named(answer: Answer) -> Iterator[str]:
    """The ids of the records that are shown: a source may hold many, not all of them for the same readers."""
    yield from (one.lesson_id for one in _shown(answer))
    for event in answer.repeats:
        yield from (told.lesson_id for told in event.records)
    if answer.tally:
        yield from answer.tally.lesson_ids
        for group in answer.tally.groups:
            yield from group.lesson_ids
    for caveat in answer.caveats:
        yield from _LEFT_OUT.findall(caveat)


def pack(value: Any) -> bytes:
    """A value of JSON's types; text comes back as it was, also with half a surrogate pair in it."""
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")


def unpack(data: bytes, default: T) -> T:
    """What was packed; the default where that cannot be read or is of another type."""
    try:
        value = json.loads(data.decode("utf-8", "surrogatepass"))
    except (ValueError, RecursionError):
        return default
    return value if isinstance(value, type(default)) else default


def pack_answer(answer: Answer | None) -> bytes | None:
    """An answer with all its parts; None for none."""
    # Through Python's own JSON: pydantic's refuses half a surrogate pair, which a document can hold.
    return pack(_adapter().dump_python(answer, warnings=False)) if answer else None


def unpack_answer(data: bytes | None) -> Answer | None:
    """The answer, equal to the one that was packed; None where it is none that this version can read."""
    try:
        answer = _adapter().validate_python(unpack(data or b"", {}))
    except ValueError:
        return None
    if answer.tally:  # a sequence is read as a list
        tally = answer.tally
        terms, out = (tuple(map(tuple, words)) for words in (tally.terms, tally.without_terms))
        answer = replace(answer, tally=replace(tally, terms=terms, without_terms=out))
    return answer


@cache
def _adapter() -> TypeAdapter[Answer]:
    return TypeAdapter(Answer)
