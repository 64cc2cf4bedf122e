"""Every record as counts look at it: its fields without its text, and what its sentences mention."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

from index.analysis import words_of
from index.connected import connected_by
from index.database import Database
from index.filters import Selection
from index.selection import where
from ingest.model import NOT_LESSONS, Kind, Maturity, Outcome
from ingest.sentences import sentence_spans

IS_RECORD = f"kind NOT IN ({', '.join(repr(kind) for kind in sorted(NOT_LESSONS))})"
"""The SQL condition over lessons that leaves out guides, templates and reference works."""
OUTCOME_READ = ("text", "heading")  # the methods by which an outcome is found that nobody stated
SHORTEST = 3  # characters that a word is looked for by
_FIELDS = "id, lesson_id, title, kind, outcome, maturity, severity, phase, project, unit, owner, collection"


@dataclass(frozen=True, slots=True)
class Record:
    """A living record. `number` is the catalogue's; `date` that of its event, or else of its writing, "" for none.

    `stated` are those of its `topics` that the record itself states, not suggested ones; `states` those of its actions.
    `copies` is the same for records that nearly repeat each other: the lowest of their numbers. `outcome_read` tells
    that it does not state its outcome, which was read from its words.
    """

    number: int
    lesson_id: str
    title: str
    kind: Kind
    outcome: Outcome
    maturity: Maturity
    severity: str
    phase: str
    project: str
    unit: str
    owner: str
    collection: str
    date: str
    topics: tuple[str, ...]
    stated: tuple[str, ...]
    causes: tuple[str, ...]
    states: tuple[str, ...]
    copies: int
    outcome_read: bool = False


def records(database: Database, selection: Selection) -> list[Record]:
    """The records that match, in the order of their files; guides, templates and reference works are not records."""
    condition, parameters = where(selection)
    sql = (
        f"SELECT {_FIELDS}, coalesce(event_date, written_date, '') AS date, topics, causes, actions, "
        "json_extract(provenance, '$.outcome.method') AS told FROM lessons l "
        f"WHERE {condition} AND {IS_RECORD} ORDER BY l.source_id, l.ordinal"
    )
    groups = _copies(database)
    found = []
    for row in database.rows(sql, parameters):
        topics, causes, actions = (json.loads(row[name]) for name in ("topics", "causes", "actions"))
        values: dict[str, Any] = {name: row[name] or "" for name in _FIELDS.split(", ")}
        found.append(
            Record(
                number=values.pop("id"),
                **values,
                date=row["date"],
                topics=tuple(tag["name"] for tag in topics),
                stated=tuple(tag["name"] for tag in topics if tag["method"] != "text"),
                causes=tuple(tag["name"] for tag in causes),
                states=tuple(action["state"] for action in actions),
                copies=groups.get(row["id"], row["id"]),
                outcome_read=row["told"] in OUTCOME_READ,
            )
        )
    return found


def mentioning(database: Database, alternatives: Sequence[Sequence[str]]) -> set[int]:
    """The numbers of the living records that have all words of one of the alternatives in one sentence, or the title.

    Words match in all their forms, as `words_of` makes them one. Looked for in the text itself, so that nothing is
    missed; an alternative without a word that tells anything matches none.
    """
    return {number for words in alternatives for number in _mentioning(database, words)}


def saying(database: Database, phrases: Sequence[str]) -> set[int]:
    """The numbers of the living records with a passage that holds one of the phrases, whatever the case."""
    return {
        row["lesson"]
        for phrase in phrases
        for row in database.rows("SELECT DISTINCT lesson FROM passages WHERE text LIKE ?", (f"%{phrase}%",))
    }


def _mentioning(database: Database, words: Sequence[str]) -> Iterator[int]:
    wanted, beginnings = set[str](), set[str]()
    for word in words:
        stems = words_of(word)
        wanted.update(stems)
        beginnings.update(_beginning(word.lower(), stem) for stem in stems)
    if not wanted:
        return
    like = " AND ".join("text LIKE ? ESCAPE '!'" for _ in beginnings)
    patterns = [f"%{beginning}%" for beginning in sorted(beginnings)]
    for table, number in (("passages", "lesson"), ("lessons", "id")):
        text = "text" if table == "passages" else "title AS text"
        kept = "" if table == "passages" else " WHERE archived = 0"
        sql = f"SELECT number, text FROM (SELECT {number} AS number, {text} FROM {table}{kept}) WHERE {like}"
        seen = set[int]()
        for row in database.rows(sql, patterns):
            if row["number"] not in seen and _in_one_sentence(row["text"], wanted):
                seen.add(row["number"])
                yield row["number"]


def _beginning(word: str, stem: str) -> str:
    """What every form of a word begins with, as a pattern: `batter` for batteries and battery, stemmed `batteri`."""
    common = [
        one
        for one, _ in takewhile(lambda pair: pair[0] == pair[1] and pair[0].isascii(), zip(word, stem, strict=False))
    ]
    beginning = "".join(f"!{each}" if each in "%_!" else each for each in common)
    return beginning.removesuffix("i") if len(beginning) > SHORTEST else beginning


def _in_one_sentence(text: str, wanted: set[str]) -> bool:
    if not wanted.issubset(words_of(text)):
        return False
    return len(wanted) == 1 or any(wanted.issubset(words_of(text[start:end])) for start, end in sentence_spans(text))


def _copies(database: Database) -> dict[int, int]:
    """For each record that nearly repeats others, the lowest number among them all."""
    groups = connected_by((row["lesson"], row["other"]) for row in database.rows("SELECT lesson, other FROM links"))
    return {number: min(group) for group in groups for number in group}
