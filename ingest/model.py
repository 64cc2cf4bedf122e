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
Severity = Literal["critical", "major", "minor"]
ActionState = Literal["open", "done", "dropped", "unknown"]
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

    `page_starts` holds the offset at which each page, slide, sheet, message or chapter begins (empty where the format
    has none); `page_names` what to call each where "page 3" is wrong ("slide 3", "sheet Log", "page iv"); `fields` the
    metadata the file itself states (front matter, document properties), keys lower-cased; `lessons` the records of a
    file that this program exported, recognised already.
    """

    text: str
    title: str = ""
    page_starts: tuple[int, ...] = ()
    page_names: tuple[str, ...] = ()
    headings: tuple[Heading, ...] = ()
    fields: Mapping[str, str] = field(default_factory=dict)
    records: tuple[Record, ...] = ()
    lessons: tuple[Lesson, ...] = ()
    warnings: tuple[str, ...] = ()

    def page_of(self, offset: int) -> int | None:
        """The 1-based page that holds `offset`; None where the format has no pages."""
        return bisect_right(self.page_starts, offset) if self.page_starts else None

    def place_of(self, offset: int) -> str:
        """What a citation calls the page that holds `offset`; empty where the format has no pages."""
        page = self.page_of(offset)
        if page is None:
            return ""
        return self.page_names[page - 1] if self.page_names else f"page {page}"


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
class Tag:
    """One value of a field that may have several; where it was found in the text, `start:end` is the quote for it."""

    name: str
    method: Method
    start: int | None = None
    end: int | None = None


@dataclass(frozen=True, slots=True)
class Action:
    """Something to be done, by whom and when as far as stated; `start:end` is where the text says so."""

    text: str
    start: int
    end: int
    role: str | None = None
    due: str | None = None
    state: ActionState = "unknown"


@dataclass(frozen=True, slots=True)
class Lesson:
    """One record. Dates are ISO 8601 with the precision known: `2021`, `2021-03` or `2021-03-14`.

    `provenance` says for each field with one value how it was found; each tag says it for itself. `contributors` are
    roles: who said what is told by the text alone. `collection` is the body of documents a record belongs to; `access`
    the label that says who may read it, in lower case and without a comma, which parts the alternatives of a filter.
    """

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
    collection: str | None = None
    access: str | None = None
    phase: str | None = None
    severity: Severity | None = None
    topics: tuple[Tag, ...] = ()
    causes: tuple[Tag, ...] = ()
    actions: tuple[Action, ...] = ()
    contributors: tuple[Tag, ...] = ()
    sections: tuple[Section, ...] = ()
    provenance: Mapping[str, Provenance] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Passage:
    """What is embedded and searched: `text` is exactly the source's text at `start:end`.

    `header` (title, project, year, section) is embedded with the text and is not part of it. `place` is what a
    citation calls its page ("page 3", "slide 2"), empty where there are none.
    """

    start: int
    end: int
    text: str
    section: str
    page: int | None
    header: str
    place: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """A file revision. `path` is absolute; `text` is the extracted text every span points into.

    `reading` tells by which version of the program, and by which lists, it was read.
    """

    path: str
    sha256: str
    size: int
    mtime_ns: int
    media_type: str
    title: str
    text: str
    page_starts: tuple[int, ...] = ()
    page_names: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    reading: int = 0


@dataclass(frozen=True, slots=True)
class Reading:
    """A file read: its source and the lessons in it, in reading order; not cut yet."""

    source: Source
    lessons: tuple[Lesson, ...]


@dataclass(frozen=True, slots=True)
class Prepared:
    """A source ready to commit: its lessons, each with its passages in reading order."""

    source: Source
    lessons: tuple[tuple[Lesson, tuple[Passage, ...]], ...]
