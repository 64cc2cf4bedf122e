"""The sections of a document: its headings, the labels that stand for headings, and what each of them opens."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from ingest.headings import LONGEST, Term, is_stamp, normalise, section_key, term
from ingest.model import Document, Heading, Section

CONTENT = frozenset(
    "planned event timeline impact cause detection response sustain improve luck lesson recommendation action evidence"
    .split()
)  # fmt: skip
RUN_IN_LEVEL = 7  # below the six levels that headings have

_BESIDE_TEXT = CONTENT | {"summary"}  # the keys a label may have whose text follows on its line
_ALONE = _BESIDE_TEXT | {"people", "refs"}
_RUN_IN = re.compile(
    r"^[ \t>]*(?P<bullet>(?:[-*+•][ \t]+)?)(?P<bold>[*_]*)"
    r"(?P<label>(?:\(?[\da-zA-Z]{1,2}[.)]\s+)?[A-Z][^:?|*\n]{1,60}?)"
    r"(?:(?:(?P<strong>[.:?]?\*\*[.:]?)|[:?])(?P<rest>[^\n]*)|[ \t]*)$",
    re.M,
)
_CELLS = re.compile(
    r"^\|?[ \t]*\**(?P<label>[A-Z][^|*\n]{1,60}?)\**[ \t]*\|[ \t]*(?P<value>[^|\n]+?)[ \t]*\|?[ \t]*$", re.M
)
_FENCED = re.compile(r"^ {0,3}(`{3,}|~{3,}).*?(?:^ {0,3}\1|\Z)", re.M | re.S)
_ITEM = re.compile(r"\s*(\d{1,2})[.)]\s")
_MARK = re.compile(r"(?P<indent>[ \t>]*)(?:[-*+•]|\(?\d{1,2}[.)])[ \t]+")
_LINE = re.compile(r"^[^\n]*\S[^\n]*", re.M)
_AGENDA = re.compile(r"(?:.+ )?(?:agenda|contents|outline|programme|program|topics|overview|today)")
_BLOCK_END = re.compile(r"(?:\n|[.:!?)])[ \t]*\n\Z")


class Part(NamedTuple):
    """A section, what its own heading stands for, that heading's level and where the text after it starts."""

    section: Section
    own: Term | None
    depth: int
    body: int


def sections(document: Document) -> list[Part]:
    """The sections that cover the document's text, by its headings and by labels where the headings say too little."""
    found = list(_outline(document.text, document.headings))
    labels = _labels(document.text, parts(document.text, _untitled(found), 0, len(document.text)))
    return parts(document.text, sorted([*found, *labels], key=lambda each: each.start), 0, len(document.text))


def parts(text: str, headings: Sequence[Heading], start: int, end: int) -> list[Part]:
    """Sections that cover `start:end`; a heading outside the vocabulary continues the section it lies under."""
    first = headings[0].start if headings else end
    made = [Part(Section(None, "", start, first), None, 0, start)] if text[start:first].strip() else []
    under: list[tuple[int, str | None, str]] = []
    ends = [*(heading.start for heading in headings[1:]), end]
    for heading, stop in zip(headings, ends, strict=False):
        own = term(heading.title)
        if heading is headings[0] and own and not own.clear and _heads_all(headings):
            own = None
        under = [above for above in under if above[0] < heading.level]
        key = under[-1][1] if under else None
        if own and not (under and not own.clear and normalise(heading.title) in under[-1][2].split(" and ")):
            key = own.key
        under.append((heading.level, key, normalise(heading.title)))
        made.append(Part(Section(key, heading.title.strip(), heading.start, stop), own, heading.level, heading.end))
    return made


def said(text: str, part: Part) -> str:
    """A section's text without its heading."""
    return text[part.body : part.section.end].strip(" \t\n:*_|?=-")


def _heads_all(headings: Sequence[Heading]) -> bool:
    """Whether the first heading is the title: every other lies under it, and one alone is at the top level."""
    least = headings[0].level if len(headings) > 1 else 1
    return least >= headings[0].level and all(each.level > least for each in headings[1:])


def _untitled(headings: Sequence[Heading]) -> Sequence[Heading]:
    """With a title that opens no section: what it says, "Lessons learned" say, is said of the whole document."""
    if not headings or not _heads_all(headings):
        return headings
    return [replace(headings[0], title=""), *headings[1:]]


def _outline(text: str, headings: Sequence[Heading]) -> Iterator[Heading]:
    """The headings that open a section: no time stamps of a timeline, no words of the text that are set like one."""
    timeline = False
    ends = [*(heading.start for heading in headings[1:]), len(text)]
    for heading, end in zip(headings, ends, strict=False):
        title = heading.title.strip()
        if (timeline and is_stamp(title)) or _is_text(text, heading, end):
            continue
        timeline = section_key(title) == "timeline"
        yield heading


def _is_text(text: str, heading: Heading, end: int) -> bool:
    """Whether a line that is set like a heading is none.

    A remark in brackets, a sentence that leads in what follows, a field's label with its value, an item of a list.
    """
    title = heading.title.strip()
    if not normalise(title) or (title.startswith("(") and title.endswith(")")):
        return True
    if text[heading.start : heading.end].rstrip().endswith(":"):
        field = section_key(title) in (None, "meta") and text[heading.end : end].strip().count("\n") == 0
        return field or len(title) > LONGEST
    item = _ITEM.match(title)
    above = _ITEM.match(text[: heading.start].rstrip().rpartition("\n")[2]) if item else None
    return item is not None and above is not None and int(above[1]) + 1 == int(item[1])


def _labels(text: str, outline: Sequence[Part]) -> Iterator[Heading]:
    """Labels at the start of a line that stand for headings, each where the headings leave room for it.

    Where no heading is in the vocabulary every label counts. Elsewhere, in a section without a key, those that are set
    apart (bold or alone on their line), and any others beside two different ones; in a section with a key only clear
    ones that are set apart, and a line that is nothing but a heading's words.
    """
    fenced = [match.span() for match in _FENCED.finditer(text)]
    keyed = any(part.own for part in outline)
    for part in outline:
        lines = list(_run_in(text, part, fenced))
        if keyed and part.section.key is None and len({section_key(each["label"]) for each, _ in lines}) < 2:
            lines = [(each, apart) for each, apart in lines if apart]
        if part.section.key is not None:
            lines = [(each, apart) for each, apart in lines if _stands_out(text, part, each, apart)]
        if _is_agenda(text, part, lines):
            continue
        for match, _ in lines:
            yield Heading(RUN_IN_LEVEL, match["label"].strip(), match.start(), match.end("label"))
        if part.section.key is None and not lines:
            yield from _table(text, part)


def _run_in(text: str, part: Part, fenced: Sequence[tuple[int, int]]) -> Iterator[tuple[re.Match[str], bool]]:
    """The labels in a section's text, and whether each is set apart: in bold, or with a colon alone on its line."""
    for match in _RUN_IN.finditer(text, part.body, part.section.end):
        if any(start <= match.start() < end for start, end in fenced):
            continue
        rest = (match["rest"] or "").strip(" \t*_")
        if section_key(match["label"]) in (_BESIDE_TEXT if rest else _ALONE):
            yield match, bool(match["strong"]) or (match["rest"] is not None and not rest and not match["bullet"])


def _is_agenda(text: str, part: Part, lines: Sequence[tuple[re.Match[str], bool]]) -> bool:
    """Whether the labels are items of a list of what is to come: two or more, and nothing below any of them."""
    named = bool(_AGENDA.fullmatch(normalise(part.section.heading)))
    return len(lines) > 1 and all(match["rest"] is None and _is_bare(text, part, match, named) for match, _ in lines)


def _is_bare(text: str, part: Part, match: re.Match[str], agenda: bool) -> bool:
    """Whether nothing, or the next item of the list, follows a label; under "Agenda" every line is an item."""
    mark = _MARK.match(match.group())
    if agenda or mark is None:
        return agenda
    following = _LINE.search(text, match.end(), part.section.end)
    beside = _MARK.match(following.group()) if following else mark
    return beside is not None and len(beside["indent"]) <= len(mark["indent"])


def _stands_out(text: str, part: Part, match: re.Match[str], apart: bool) -> bool:
    found = term(match["label"])
    bare = match["rest"] is None and not match["bullet"] and not match["bold"]
    if bare:
        return bool(_BLOCK_END.search(text[max(part.body, match.start() - 40) : match.start()]))
    return apart and found is not None and found.clear and found.key != part.section.key


def _table(text: str, part: Part) -> Iterator[Heading]:
    """The first column of a table of two columns, if at least two of its rows open different sections."""
    rows = [
        match
        for match in _CELLS.finditer(text, part.body, part.section.end)
        if section_key(match["label"]) in _BESIDE_TEXT and term(match["value"]) is None
    ]
    if len({section_key(row["label"]) for row in rows}) >= 2:
        for row in rows:
            yield Heading(RUN_IN_LEVEL, row["label"].strip(), row.start(), row.end("label"))
