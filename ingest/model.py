"""The nouns of the product. Spans are `[start, end)` character offsets into the source's extracted text.

A reader turns a file into a `Document`; recognition turns it into `Lesson` records with `Section`s;
cutting turns those into `Passage`s, the unit that is embedded, searched and cited.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Outcome = Literal["failure", "near_miss", "success", "mixed", "neutral"]
Kind = Literal[
    "llis", "odr", "aar", "postmortem", "retro", "lessons", "log", "interview", "narrative", "guidance", "template",
    "reference",
]  # fmt: skip
Maturity = Literal["observation", "lesson_identified", "lesson_learned"]
Method = Literal["native", "frontmatter", "label", "heading", "filename", "folder", "text"]

NOT_LESSONS: frozenset[str] = frozenset({"guidance", "template", "reference"})


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading line. `level` is 1 for the outermost; `start:end` spans the line without its line break."""

    level: int
    title: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Record:
    """One row of a record file, already rendered into the document's text at `start:end`.

    `fields` holds the row's values under the crosswalk's names; `headings` are the section lines inside it.
    """

    start: int
    end: int
    fields: Mapping[str, str]
    headings: tuple[Heading, ...] = ()


@dataclass(frozen=True, slots=True)
class Document:
    """What a reader yields: the text as it will be searched, quoted and shown, and what is known about it.

    `page_starts` holds the offset at which each page begins (empty where the format has no pages);
    `fields` the metadata the file itself states (front matter, document properties), keys lower-cased.
    """

    text: str
    title: str = ""
    page_starts: tuple[int, ...] = ()
    headings: tuple[Heading, ...] = ()
    fields: Mapping[str, str] = field(default_factory=dict)
    records: tuple[Record, ...] = ()
    warnings: tuple[str, ...] = ()

    def page_of(self, offset: int) -> int | None:
        """The 1-based page that holds `offset`; None where the format has no pages."""
        return bisect_right(self.page_starts, offset) if self.page_starts else None


@dataclass(frozen=True, slots=True)
class Provenance:
    """How a field's value was found: the method, and where in the text if it came from there."""

    method: Method
    start: int | None = None
    end: int | None = None


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a lesson: `key` from the heading vocabulary (None if it maps to none), `start:end` with its heading."""

    key: str | None
    heading: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Lesson:
    """One record. Dates are ISO 8601 with the precision known: `2021`, `2021-03` or `2021-03-14`."""

    lesson_id: str
    title: str
    start: int
    end: int
    kind: Kind = "narrative"
    outcome: Outcome = "neutral"
    maturity: Maturity = "observation"
    event_date: str | None = None
    written_date: str | None = None
    project: str | None = None
    unit: str | None = None
    owner: str | None = None
    supersedes: str | None = None
    superseded_by: str | None = None
    url: str | None = None
    sections: tuple[Section, ...] = ()
    provenance: Mapping[str, Provenance] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Passage:
    """What is embedded and searched: `text` is exactly the source's text at `start:end`.

    `header` (title, project, year, section) is embedded with the text and is not part of it.
    """

    start: int
    end: int
    text: str
    section: str
    page: int | None
    header: str


@dataclass(frozen=True, slots=True)
class Source:
    """A file revision. `path` is absolute; `text` is the extracted text every span points into."""

    path: str
    sha256: str
    size: int
    mtime_ns: int
    media_type: str
    title: str
    text: str
    page_starts: tuple[int, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Prepared:
    """A source ready to commit: its lessons, each with its passages in reading order."""

    source: Source
    lessons: tuple[tuple[Lesson, tuple[Passage, ...]], ...]
