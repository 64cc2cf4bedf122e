"""Cut a lesson into passages along its own structure, none longer than the embedder reads.

A lesson that fits stays whole. Else it is cut at its sections, a section at its paragraphs, a paragraph at its
sentences, and only a sentence that is longer than the limit by itself is cut between tokens.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise

from ingest.model import Document, Lesson, Passage, Section
from ingest.sentences import sentence_spans

Tokens = Callable[[str], Sequence[int]]
"""The offset in a text at which each of its tokens starts, in order, by the embedder's own tokenizer."""

Span = tuple[int, int]

SMALL_SECTION = 32  # tokens: a shorter one says too little alone and joins the next
HEADER_SHARE = 4  # a header takes at most this part (one fourth) of a passage
_BLANK_LINES = re.compile(r"\n[ \t]*\n\s*")


def cut(document: Document, lesson: Lesson, tokens: Tokens, limit: int) -> tuple[Passage, ...]:
    """The passages of `lesson` in reading order; each with its header has at most `limit` tokens."""
    return _Cutter(document, lesson, tokens, limit).passages()


class _Cutter:
    def __init__(self, document: Document, lesson: Lesson, tokens: Tokens, limit: int) -> None:
        self.document = document
        self.lesson = lesson
        self.tokens = tokens
        self.limit = limit
        self.starts = [lesson.start + offset for offset in tokens(document.text[lesson.start : lesson.end])]
        longest = max((len(self.header(section.heading)[1]) for section in lesson.sections), default=0)
        self.budget = limit - max(longest, len(self.header("")[1]))

    def passages(self) -> tuple[Passage, ...]:
        lesson = self.lesson
        whole = self._trim((lesson.start, lesson.end))
        if self.count(whole) <= self.budget:
            spans = [whole]
        else:
            spans = [span for section in self._sections() for span in self._divide(section, 0)]
        return tuple(self._passage(span) for span in map(self._trim, spans) if self.count(span) > 0)

    def count(self, span: Span) -> int:
        """Tokens that start inside `span`."""
        return bisect_left(self.starts, span[1]) - bisect_left(self.starts, span[0])

    def header(self, heading: str) -> tuple[str, Sequence[int]]:
        """The context line of a passage and its tokens, cut to its share of the limit."""
        lesson = self.lesson
        parts = [lesson.title, lesson.project or "", (lesson.event_date or "")[:4], heading]
        line = " · ".join(dict.fromkeys(part for part in parts if part))
        starts = self.tokens(line)
        most = self.limit // HEADER_SHARE
        return (line, starts) if len(starts) <= most else (line[: starts[most]].rstrip(" ·"), starts[:most])

    def _sections(self) -> Iterable[Span]:
        """Sections as spans that cover the lesson, a very short one joined to the next."""
        edges = sorted({self.lesson.start, *(section.start for section in self.lesson.sections), self.lesson.end})
        open_at: int | None = None
        for start, end in pairwise(edges):
            start = start if open_at is None else open_at
            open_at = start if self.count((start, end)) < SMALL_SECTION and end != self.lesson.end else None
            if open_at is None:
                yield start, end

    def _divide(self, span: Span, level: int) -> list[Span]:
        """`span` in parts that fit the budget, neighbours kept together as long as they fit."""
        if self.count(span) <= self.budget:
            return [span]
        splitters = (self._paragraphs, self._sentences, self._windows)
        parts = [part for piece in splitters[level](span) for part in self._divide(piece, min(level + 1, 2))]
        packed: list[Span] = []
        for part in parts:
            if packed and self.count((packed[-1][0], part[1])) <= self.budget:
                packed[-1] = (packed[-1][0], part[1])
            else:
                packed.append(part)
        return packed

    def _paragraphs(self, span: Span) -> Iterable[Span]:
        edges = [span[0], *(found.end() for found in _BLANK_LINES.finditer(self.document.text, *span)), span[1]]
        return pairwise(sorted(set(edges)))

    def _sentences(self, span: Span) -> Iterable[Span]:
        starts = [span[0] + start for start, _ in sentence_spans(self.document.text[span[0] : span[1]])]
        return pairwise(sorted({span[0], *starts, span[1]}))

    def _windows(self, span: Span) -> Iterable[Span]:
        first, last = bisect_left(self.starts, span[0]), bisect_left(self.starts, span[1])
        step = self.budget - self.budget // 16 - 1  # a word cut in two can have a token more than it had whole
        edges = [span[0], *self.starts[first + step : last : step], span[1]]
        return pairwise(edges)

    def _trim(self, span: Span) -> Span:
        text = self.document.text[span[0] : span[1]]
        return span[0] + len(text) - len(text.lstrip()), span[1] - len(text) + len(text.rstrip())

    def _passage(self, span: Span) -> Passage:
        heading = heading_at(self.lesson.sections, span) or ""
        return Passage(
            start=span[0],
            end=span[1],
            text=self.document.text[span[0] : span[1]],
            section=heading,
            page=self.document.page_of(span[0]),
            header=self.header(heading)[0],
        )


def heading_at(sections: Sequence[Section], span: Span) -> str | None:
    """The heading of the section that holds the whole of `span`; None where several share it or none is there."""
    return next((s.heading for s in sections if s.heading and s.start <= span[0] and span[1] <= s.end), None)
