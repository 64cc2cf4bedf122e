"""Cut a lesson into passages along its own structure, none longer than the embedder reads.

A lesson that fits stays whole. Else it is cut at its sections, a section between its paragraphs, lists and tables, a
list between its items, a table between its rows, a paragraph at its sentences, and only a sentence, an item or a row
that is too long by itself is cut between tokens. A passage that begins inside a table has the table's header row.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from itertools import pairwise

from ingest.blocks import Block, blocks, introduces
from ingest.model import Document, Lesson, Passage, Section
from ingest.sentences import sentence_spans

Tokens = Callable[[str], Sequence[int]]
"""The offset in a text at which each of its tokens starts, in order, by the embedder's own tokenizer."""

Span = tuple[int, int]

SMALL_SECTION = 32  # tokens: a shorter one says too little alone and joins the next
HEADER_SHARE = 4  # a header takes at most this part (one fourth) of a passage, a table's header row as much again
AT_ONCE = 200_000  # characters given to the tokenizer
WIDEST_TOKEN = 12  # characters for each token of the limit: some tokenizers take a word of any length for one token


def cut(document: Document, lesson: Lesson, tokens: Tokens, limit: int) -> tuple[Passage, ...]:
    """The passages of `lesson` in reading order; each with its header has at most `limit` tokens."""
    return _Cutter(document, lesson, tokens, limit).passages()


class _Cutter:
    def __init__(self, document: Document, lesson: Lesson, tokens: Tokens, limit: int) -> None:
        self.document = document
        self.lesson = lesson
        self.tokens = tokens
        self.limit = limit
        self.longest = limit * WIDEST_TOKEN
        self.starts = self._token_starts()
        self.header = cache(self._header)
        headings = {"", *(section.heading for section in lesson.sections)}
        self.budget = limit - max(self.header(heading)[1] for heading in headings)
        self.tables: list[tuple[Span, str, int]] = []  # what is left of each after its first row, and that row

    def passages(self) -> tuple[Passage, ...]:
        lesson = self.lesson
        whole = (lesson.start, lesson.end)
        spans = [whole] if self.fits(whole) else [span for part in self._sections() for span in self._divide(part)]
        return tuple(self._passage(span) for span in map(self._trim, spans) if self.count(span) > 0)

    def count(self, span: Span) -> int:
        """Tokens that start inside `span`."""
        return bisect_left(self.starts, span[1]) - bisect_left(self.starts, span[0])

    def fits(self, span: Span) -> bool:
        """Whether `span` can be a passage."""
        start, end = self._trim(span)
        return end - start <= self.longest and self.count(span) <= self.budget - self._columns(start)[1]

    def _token_starts(self) -> list[int]:
        """Where the lesson's tokens start; in one longer than a passage may be, also where its parts do if cut."""
        start, text = self.lesson.start, self.document.text[self.lesson.start : self.lesson.end]
        starts: list[int] = []
        found = (at + offset for at, end in pairwise(_slices(text)) for offset in self.tokens(text[at:end]))
        for at, end in pairwise([*found, len(text)]):
            word = text[at:end].rstrip()
            parts = -(-len(word) // self.longest)
            if parts < 2:
                starts.append(start + at)
                continue
            edges = [len(word) * number // parts for number in range(parts + 1)]
            for first, last in pairwise(edges):
                starts += [start + at + first + offset for offset in self.tokens(word[first:last])]
        return starts

    def _header(self, heading: str) -> tuple[str, int]:
        """The context line of a passage, cut to its share of the limit, and how many tokens it has."""
        lesson = self.lesson
        parts = [lesson.title, lesson.project or "", (lesson.event_date or "")[:4], heading]
        return self._share(" · ".join(dict.fromkeys(part for part in parts if part)))

    def _share(self, line: str) -> tuple[str, int]:
        starts, most = self.tokens(line), self.limit // HEADER_SHARE
        line = line if len(starts) <= most else line[: starts[most]]
        line = line[: self.longest // HEADER_SHARE].rstrip(" ·|")
        return line, len(self.tokens(line))

    def _columns(self, start: int) -> tuple[str, int]:
        """The header row of the table whose later rows a passage from `start` begins with, and its tokens."""
        at = bisect_right(self.tables, start, key=lambda table: table[0][0]) - 1
        if at < 0 or start >= self.tables[at][0][1]:
            return "", 0
        return self.tables[at][1:]

    def _sections(self) -> Iterator[Span]:
        """Sections as spans that cover the lesson, a very short one joined to the next."""
        edges = sorted({self.lesson.start, *(section.start for section in self.lesson.sections), self.lesson.end})
        open_at: int | None = None
        for start, end in pairwise(edges):
            start = start if open_at is None else open_at
            open_at = start if self.count((start, end)) < SMALL_SECTION and end != self.lesson.end else None
            if open_at is None:
                yield start, end

    def _divide(self, span: Span) -> list[Span]:
        """A section in parts that fit."""
        if self.fits(span):
            return [span]
        offset, parts, lead = span[0], list[Span](), span[0]
        for block in blocks(self.document.text[span[0] : span[1]]):
            start, end = offset + block.start, offset + block.end
            if block.pieces:
                parts += self._structured(lead, block, offset)
                lead = end
                continue
            parts += self._text((lead, start))
            lead = start
        return self._packed([*parts, *self._text((lead, span[1]))])

    def _structured(self, before: int, block: Block, offset: int) -> list[Span]:
        """A list or a table with the text from `before` on, whose last sentence stays with it if it introduces it."""
        start, end = offset + block.start, offset + block.end
        lead = self._introduction((before, start))
        told = self._text((before, lead))
        if self.fits((lead, end)):
            return [*told, (lead, end)]
        if self.fits((start, end)):
            return [*told, *self._text((lead, start)), (start, end)]
        edges = [start, *(offset + piece for piece in block.pieces[1:]), end]
        if block.header and len(block.pieces) > 1:
            self.tables.append(((edges[1], end), *self._share(block.header)))
        pieces = list(pairwise(edges))
        if block.is_table and len(pieces) > 1 and self.fits((pieces[0][0], pieces[1][1])):
            pieces[:2] = [(pieces[0][0], pieces[1][1])]
        if self.fits((lead, pieces[0][1])):
            pieces[0] = (lead, pieces[0][1])
        else:
            told += self._text((lead, start))
        return told + [part for piece in pieces for part in self._text(piece)]

    def _introduction(self, span: Span) -> int:
        """Where the last sentence of `span` starts if it introduces what follows; else the end."""
        text = self.document.text[span[0] : span[1]]
        sentences = sentence_spans(text)
        if not sentences or not introduces(text[sentences[-1][0] :]):
            return span[1]
        # From the line break before it, lest its marker ("##") be left behind.
        return span[0] + max(text.rfind("\n", 0, sentences[-1][0]) + 1, sentences[-2][1] if sentences[1:] else 0)

    def _text(self, span: Span) -> list[Span]:
        """A paragraph, an item or a row, at its sentences if it does not fit."""
        if self.fits(span):
            return [span] if span[0] < span[1] else []
        starts = [span[0] + start for start, _ in sentence_spans(self.document.text[span[0] : span[1]])]
        sentences = pairwise(sorted({span[0], *starts, span[1]}))
        return self._packed(
            [part for piece in sentences for part in ([piece] if self.fits(piece) else self._windows(piece))]
        )

    def _windows(self, span: Span) -> Iterable[Span]:
        """A sentence that is too long, between tokens."""
        first, last = bisect_left(self.starts, span[0]), bisect_left(self.starts, span[1])
        room = self.budget - self._columns(span[1] - 1)[1]
        step = room - room // 16 - 1  # a word cut in two can have a token more than it had whole
        edges = [span[0]]
        taken = first
        for number in range(first + 1, last):
            at = self.starts[number]
            following = self.starts[number + 1] if number + 1 < last else span[1]
            if at > edges[-1] and (number - taken >= step or following - edges[-1] > self.longest):
                edges.append(at)
                taken = number
        return pairwise([*edges, span[1]])

    def _packed(self, parts: Iterable[Span]) -> list[Span]:
        """Neighbours joined as long as they fit."""
        packed: list[Span] = []
        for part in parts:
            if packed and self.fits((packed[-1][0], part[1])):
                packed[-1] = (packed[-1][0], part[1])
            else:
                packed.append(part)
        return packed

    def _trim(self, span: Span) -> Span:
        text = self.document.text[span[0] : span[1]]
        return span[0] + len(text) - len(text.lstrip()), span[1] - len(text) + len(text.rstrip())

    def _passage(self, span: Span) -> Passage:
        heading = heading_at(self.lesson.sections, span) or ""
        lines = (self.header(heading)[0], self._columns(span[0])[0])
        return Passage(
            start=span[0],
            end=span[1],
            text=self.document.text[span[0] : span[1]],
            section=heading,
            page=self.document.page_of(span[0]),
            header="\n".join(filter(None, lines)),
            place=self.document.place_of(span[0]),
        )


def _slices(text: str) -> list[int]:
    """Edges of parts between words: a tokenizer takes a hundred times the memory of what it is given at once."""
    edges = [0]
    while len(text) - edges[-1] > AT_ONCE:
        blank = max(text.rfind(blank, edges[-1] + AT_ONCE // 2, edges[-1] + AT_ONCE) for blank in " \n")
        edges.append(blank if blank > 0 else edges[-1] + AT_ONCE)
    return [*edges, len(text)]


def heading_at(sections: Sequence[Section], span: Span) -> str | None:
    """The heading of the section that holds the whole of `span`; None where several share it or none is there."""
    around = bisect_right(sections, span[0], key=lambda section: section.start) - 1
    holds = around >= 0 and span[1] <= sections[around].end
    return (sections[around].heading or None) if holds else None
