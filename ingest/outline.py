"""The headings of a document as a tree, for the rules that tell where its records begin."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from typing import NamedTuple

from ingest.model import Kind
from ingest.outcome import INCIDENT
from ingest.parts import RUN_IN_LEVEL, Part

ONE_EVENT = frozenset("planned timeline cause impact detection response sustain luck improve".split())
"""Sections that speak of one event: beside them, and not inside, the blocks of a document are parts of that event."""

_MANY = re.compile(
    r"\b(?:incidents|accidents|outages|near[- ]misses|events|lessons|observations|issues|mishaps|failures|reports|"
    r"post-?mortems|log|logbook|register|journal|diary|collection|digest)\b",
    re.I,
)


class Start(NamedTuple):
    """Where a record begins, its title, which stands at `title_start:title_end`, and its kind where that is known."""

    offset: int
    title: str
    title_start: int
    title_end: int
    kind: Kind | None = None


class Outline:
    """The document's headings as a tree: part `at` holds those up to `last[at]` and lies directly in `above[at]`."""

    def __init__(self, text: str, parts: Sequence[Part], name: str) -> None:
        self.text = text
        self.parts = parts
        self.name = name
        self.many = bool(_MANY.search(name))
        self.one_incident = bool(INCIDENT.search(name)) and not self.many
        self.offsets = [part.section.start for part in parts]
        self.above: list[int | None] = []
        self.last = list(range(len(parts)))
        under: list[int] = []
        for at, part in enumerate(parts):
            under = [each for each in under if parts[each].depth < part.depth]
            for each in under:
                self.last[each] = at
            self.above.append(under[-1] if under else None)
            if part.depth:
                under.append(at)

    def levels(self) -> list[list[int]]:
        """The numbers of the headings of each level, outermost first; labels are no level."""
        depths = sorted({part.depth for part in self.parts if 0 < part.depth < RUN_IN_LEVEL})
        return [[at for at, part in enumerate(self.parts) if part.depth == depth] for depth in depths]

    def apart(self, blocks: Sequence[int]) -> bool:
        """Whether the blocks are not parts of one event: nothing outside them tells what happened in one."""
        inside = {each for at in blocks for each in range(at, self.last[at] + 1)}
        outside = {part.own.key for at, part in enumerate(self.parts) if part.own and at not in inside}
        return not outside & ONE_EVENT and all(self.free(at) for at in blocks)

    def free(self, at: int) -> bool:
        """Whether the heading above opens no section, or lists events or lessons."""
        above = self.above[at]
        return above is None or self.parts[above].section.key in (None, "event", "lesson")

    def end(self, at: int) -> int:
        return self.parts[self.last[at]].section.end

    def keys(self, at: int) -> set[str]:
        return {part.own.key for part in self.parts[at + 1 : self.last[at] + 1] if part.own}

    def start(self, at: int) -> Start:
        part = self.parts[at]
        return Start(part.section.start, part.section.heading, part.section.start, part.body)

    def at(self, offset: int) -> int:
        """The number of the part that holds `offset`."""
        return max(0, bisect_right(self.offsets, offset) - 1)


def with_text(text: str, starts: Sequence[Start]) -> list[Start]:
    """In order, without those that have nothing but their title, as the entries of a table of contents."""
    ordered = sorted({each.offset: each for each in starts}.values())
    ends = [*(start.offset for start in ordered[1:]), len(text)]
    return [each for each, end in zip(ordered, ends, strict=False) if text[each.title_end : end].strip(" \t\n*_:.|#-")]
