"""A lesson's text as derivation sees it: in lower case, with its sections and sentences, in the document's offsets."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from functools import cached_property
from typing import NamedTuple

from ingest.model import Lesson
from ingest.sentences import sentence_spans
from ingest.taxonomy import Match, Matcher, lower

TITLE = "title"
_ABOUT_OTHERS = frozenset({"meta", "refs", "people", "questions"})


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

    @property
    def words(self) -> int:
        """About how many words the lesson has."""
        return len(self.body) // 6 + 1

    def find(self, matcher: Matcher) -> Iterator[Hit]:
        """The matcher's cues in what the lesson itself tells: not in its references, lists of people and codes."""
        offset = self.lesson.start
        for match in matcher.find(self.lowered):
            key = self.section(offset + match.start)
            if key not in _ABOUT_OTHERS:
                yield Hit(match.names, match.cue, key, offset + match.start, offset + match.end)

    def in_title(self, matcher: Matcher) -> Iterator[Match]:
        """The matcher's cues in a title that the text does not begin with."""
        return iter(()) if TITLE in self._keys else matcher.find(lower(self.lesson.title))

    def section(self, offset: int) -> str | None:
        """The key of the section that holds the offset."""
        index = bisect_right(self._starts, offset) - 1
        return self._keys[index] if index >= 0 else None

    def sentence(self, offset: int) -> tuple[int, int]:
        """The sentence that holds the offset, without the heading before it; the offset alone where none does."""
        index = bisect_right(self._sentence_starts, offset) - 1
        if index < 0 or offset >= self._sentences[index][1]:
            return offset, offset
        start, end = self._sentences[index]
        return max(start, min(offset, self._body_start(offset))), end

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
        return [(offset + start, offset + end) for start, end in sentence_spans(self.body)]

    @cached_property
    def _sentence_starts(self) -> list[int]:
        return [start for start, _ in self._sentences]

    def _title_end(self) -> int:
        """Where the title ends that the text begins with; 0 if it does not."""
        lead = self.body[: len(self.lesson.title) + 20]
        found = lead.find(self.lesson.title) if self.lesson.title else -1
        ends = found >= 0 and not lead[:found].strip("#*=- \t\n")
        return self.lesson.start + found + len(self.lesson.title) if ends else 0
