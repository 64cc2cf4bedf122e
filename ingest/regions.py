"""A lesson's text as derivation sees it: in lower case, with its sections and sentences, in the document's offsets."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

from ingest.headings import term
from ingest.model import Lesson
from ingest.sentences import sentence_spans
from ingest.taxonomy import Match, Matcher, lower

TITLE = "title"
_ABOUT_OTHERS = frozenset({"meta", "refs", "people", "questions"})
_LINE = re.compile(r"[^\n]+")
_LABEL = re.compile(r"[ \t]*[A-Z][\w()/#&.-]*(?: [\w()/#&.-]+){0,3}:(?:\s|$)")
_LONGEST_HEADING = 60  # characters of a line that stands for a heading where the reader found none
_ASKS_WHY = re.compile(r"\b(?:causes?|factors?|triggers?|whys?|what (?:caused|led to))\b", re.I)


class Hit(NamedTuple):
    """A cue in a lesson: whose, its number, the section it stands in (`title` for the title), and where."""

    names: tuple[str, ...]
    cue: int
    section: str | None
    start: int
    end: int


class Regions:
    """Where what is said in a lesson. Offsets are the document's."""

    def __init__(self, text: str, lesson: Lesson) -> None:
        self.lesson = lesson
        self.body = text[lesson.start : lesson.end]
        self.lowered = lower(self.body)
        title_end = self._title_end()
        edges: list[tuple[int, str | None, int]] = [(lesson.start, TITLE, 0)] if title_end else []
        edges += [(max(each.start, title_end), each.key, len(each.heading)) for each in lesson.sections]
        if not lesson.sections:
            edges.append((max(lesson.start, title_end), None, 0))
        self._starts = [start for start, _, _ in edges]
        self._keys = [key for _, key, _ in edges]
        self._headings = [length for _, _, length in edges]
        self._explicit = {each.start for each in lesson.sections if each.key == "cause" and _asks_why(each.heading)}

    @property
    def words(self) -> int:
        """About how many words the lesson has."""
        return len(self.body) // 6 + 1

    def find(self, matcher: Matcher, start: int | None = None, end: int | None = None) -> Iterator[Hit]:
        """The matcher's cues in what the lesson itself tells: not in its references, lists of people and codes.

        Only those in `start:end`, if given.
        """
        offset = self.lesson.start
        first, last = (start or offset) - offset, len(self.body) if end is None else end - offset
        for match in matcher.find(self.lowered, first, last):
            key = self.section(offset + match.start)
            if key not in _ABOUT_OTHERS:
                yield Hit(match.names, match.cue, key, offset + match.start, offset + match.end)

    def otherwise(self, matcher: Matcher) -> set[tuple[str, int]]:
        """For each entry the sentences, by their start, in which its cues mean something else."""
        return {
            (name, self.sentence(hit.start)[0]) for name, unless in matcher.unless.items() for hit in self.find(unless)
        }

    def in_title(self, matcher: Matcher) -> Iterator[Match]:
        """The matcher's cues in a title that the text does not begin with."""
        return iter(()) if TITLE in self._keys else matcher.find(lower(self.lesson.title))

    def section(self, offset: int) -> str | None:
        """The key of the section that holds the offset."""
        index = bisect_right(self._starts, offset) - 1
        return self._keys[index] if index >= 0 else None

    def asks_why(self, offset: int) -> bool:
        """Whether the offset stands under a heading that asks for the cause, as "Discussion" does not."""
        index = bisect_right(self._starts, offset) - 1
        return index >= 0 and self._keys[index] == "cause" and self._starts[index] in self._explicit

    def sentence(self, offset: int) -> tuple[int, int]:
        """The sentence that holds the offset, within its section and without headings; the offset alone if none does.

        In a section's heading there is none.
        """
        index = bisect_right(self._sentence_starts, offset) - 1
        if index < 0 or offset >= self._sentences[index][1]:
            return offset, offset
        start, end = self._sentences[index]
        after = bisect_right(self._starts, offset)
        if after < len(self._starts):
            end = min(end, self._starts[after])
        start, end = max(start, min(offset, self._body_start(offset))), max(end, offset)
        piece = self.body[start - self.lesson.start : end - self.lesson.start]
        return start, start + len(piece.rstrip(" \t\r\n|"))

    def _body_start(self, offset: int) -> int:
        """Where the text after the heading begins, in the section that holds the offset."""
        index = bisect_right(self._starts, offset) - 1
        if index < 0 or not self._headings[index]:
            return self._starts[index] if index >= 0 else 0
        after = self._starts[index] + self._headings[index]
        line = self.body.find("\n", after - self.lesson.start)  # the section may begin with the line break before it
        at = line if 0 <= line <= after - self.lesson.start + 8 else after - self.lesson.start
        rest = self.body[at:]
        return self.lesson.start + at + len(rest) - len(rest.lstrip())

    def words_of(self, start: int, end: int) -> str:
        """The text of a span in lower case."""
        return self.lowered[start - self.lesson.start : end - self.lesson.start]

    @cached_property
    def _sentences(self) -> list[tuple[int, int]]:
        offset = self.lesson.start
        return [
            (offset + start, offset + end)
            for whole in sentence_spans(self.body)
            for start, end in _parted(self.body, *whole)
        ]

    @cached_property
    def _sentence_starts(self) -> list[int]:
        return [start for start, _ in self._sentences]

    def _title_end(self) -> int:
        """Where the title ends that the text begins with; 0 if it does not."""
        lead = self.body[: len(self.lesson.title) + 20]
        found = lead.find(self.lesson.title) if self.lesson.title else -1
        ends = found >= 0 and not lead[:found].strip("#*=- \t\n")
        return self.lesson.start + found + len(self.lesson.title) if ends else 0


def _asks_why(heading: str) -> bool:
    return bool(_ASKS_WHY.search(heading))


def _parted(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """A sentence span without the headings and labelled lines that ran into it where the text has no full stops."""
    edges = {start, end}
    for line in _LINE.finditer(text, start, end):
        if _is_heading(line[0]):
            edges |= {line.start(), line.end()}
        elif _LABEL.match(line[0]):
            edges.add(line.start())
    for first, last in pairwise(sorted(edges)):
        piece = text[first:last]
        if piece.strip():
            yield first + len(piece) - len(piece.lstrip()), last


def _is_heading(line: str) -> bool:
    words = line.strip()
    return 0 < len(words) <= _LONGEST_HEADING and words[0].isupper() and words[-1] not in ".,;" and bool(term(words))
