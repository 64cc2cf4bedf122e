"""What the library hands out: search hits, whole records, sources, and its size."""

from __future__ import annotations

import sqlite3
from dataclasses import asdict, dataclass, field
from typing import Any

from ingest.model import Kind, Maturity, Outcome, Section


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage found: `text` is exactly the source's text at `start:end`.

    `score` is the fused score that ranks it; `dense` its cosine similarity to the query and `lexical` its BM25
    score, each 0 where that search did not find it. `place` names its page ("page 3", "slide 2"); `sections` are its
    record's.
    """

    rank: int
    score: float
    dense: float
    lexical: float
    lesson_id: str
    title: str
    source: str
    source_id: int
    section: str
    page: int | None
    place: str
    start: int
    end: int
    text: str
    kind: Kind
    outcome: Outcome
    maturity: Maturity
    event_date: str | None
    project: str | None
    unit: str | None
    owner: str | None
    collection: str | None
    url: str | None
    superseded_by: str | None
    sections: tuple[Section, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__ if name != "sections"}

    @classmethod
    def from_row(
        cls, row: sqlite3.Row, sections: tuple[Section, ...], rank: int, score: float, dense: float, lexical: float
    ) -> Hit:
        columns = set(cls.__slots__) - {"rank", "score", "dense", "lexical", "source", "sections"}
        values = {name: row[name] for name in columns}
        return cls(
            rank=rank, score=score, dense=dense, lexical=lexical, source=row["path"], sections=sections, **values
        )


@dataclass(frozen=True, slots=True)
class Hits:
    """The answer to a search; `took_ms` has one figure a stage and `total`, in milliseconds."""

    query: str
    hits: tuple[Hit, ...]
    took_ms: dict[str, float] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        return {"query": self.query, "hits": [hit.to_json() for hit in self.hits], "took_ms": self.took_ms}


@dataclass(frozen=True, slots=True)
class LessonView:
    """A whole record. `text` is the source's text at `start:end`; `archived` when its file is gone.

    `similar` are the records it nearly copies: their ids, and the share of the shorter one's text that both have.
    `repeats` are those that tell of the same kind of event at another time, with how alike they are, 0 to 1.
    """

    lesson_id: str
    title: str
    source: str
    source_id: int
    start: int
    end: int
    text: str
    archived: bool
    fields: dict[str, Any]
    sections: tuple[dict[str, Any], ...]
    provenance: dict[str, Any]
    similar: tuple[tuple[str, float], ...] = ()
    repeats: tuple[tuple[str, float], ...] = ()

    def to_json(self) -> dict[str, Any]:
        out = asdict(self)
        fields: dict[str, Any] = out.pop("fields")
        similar = [{"lesson_id": lesson_id, "share": share} for lesson_id, share in self.similar]
        repeats = [{"lesson_id": lesson_id, "score": score} for lesson_id, score in self.repeats]
        return out | fields | {"similar": similar, "repeats": repeats}


@dataclass(frozen=True, slots=True)
class SourceView:
    """A file revision as it was indexed; not `whole` where parts of the text are hidden from the reader."""

    source_id: int
    path: str
    sha256: str
    media_type: str
    title: str
    text: str
    page_starts: tuple[int, ...]
    archived: bool
    whole: bool = True


def held(records: int, guidance: int) -> str:
    """How much there is, in words: `73 records and 4 other texts`, guides or templates."""
    said = f"{records:,} record{'' if records == 1 else 's'}"
    return said + (f" and {guidance:,} other text{'' if guidance == 1 else 's'}" if guidance else "")


@dataclass(frozen=True, slots=True)
class Stats:
    """Counts of what can be found now; `updated_at` is ISO 8601 in UTC, empty for an empty library.

    `lessons` counts all that was recognised; `guidance` of these are guides, templates and reference works.
    """

    documents: int
    lessons: int
    passages: int
    engine: str
    embedder: str
    updated_at: str
    guidance: int = 0

    @property
    def records(self) -> int:
        """The others: those that tell what was learned."""
        return self.lessons - self.guidance

    @property
    def holds(self) -> str:
        """The size in words: `73 records and 4 other texts`."""
        return held(self.records, self.guidance)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)
