"""A passage in its surroundings, as one reads it: headings, paragraphs, and tables as tables, the quote marked."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from itertools import groupby
from typing import NamedTuple

from markupsafe import Markup

_CELLS = " | "  # what readers put between the cells of a row
_RULE = re.compile(r"[\s|:+=-]*")
_EDGES = re.compile(r"^\s*\|\s?|\s?\|\s*$")  # of a row of a table in Markdown
_HASHES = re.compile(r"\s*#{1,6}\s+")
_MARKED = Markup("<mark>{}</mark>")
_TAGS = {"heading": Markup("<h3>{}</h3>"), "text": Markup("<p>{}</p>"), "table": Markup("<table>{}</table>")}


class _Line(NamedTuple):
    start: int
    text: str
    kind: str


def surroundings(text: str, span: tuple[int, int], window: tuple[int, int], headings: Collection[int]) -> Markup:
    """The part of a text inside `window`, with `span` marked; all are offsets, `headings` those where one begins."""
    out = []
    for kind, lines in groupby(_lines(text, window, headings), key=lambda line: line.kind):
        if kind == "table":
            out.append(_TAGS[kind].format(Markup().join(_row(line, span) for line in lines)))
        elif kind != "blank":
            out.append(_TAGS[kind].format(Markup("\n").join(_marked(line.text, line.start, span) for line in lines)))
    return Markup().join(out)


def _lines(text: str, window: tuple[int, int], headings: Collection[int]) -> Iterator[_Line]:
    at = window[0]
    for line in text[window[0] : window[1]].splitlines(keepends=True):
        bare = line.rstrip("\r\n\v\f")
        kind, skipped = _kind(bare, is_heading=at in headings)
        if kind != "rule":
            yield _Line(at + skipped, bare[skipped:], kind)
        at += len(line)


def _kind(line: str, *, is_heading: bool) -> tuple[str, int]:
    """What a line is, and how many characters at its beginning only say so."""
    if _RULE.fullmatch(line):
        return "rule" if line.strip() else "blank", 0
    if _CELLS in line or _EDGES.match(line):
        return "table", 0
    hashes = _HASHES.match(line)
    return ("heading", hashes.end() if hashes else 0) if hashes or is_heading else ("text", 0)


def _row(line: _Line, span: tuple[int, int]) -> Markup:
    first = _EDGES.match(line.text)
    begins = first.end() if first else 0
    cells, at = Markup(), line.start + begins
    for cell in _EDGES.sub("", line.text[begins:] if begins else line.text).split(_CELLS):
        cells += Markup("<td>{}</td>").format(_marked(cell, at, span))
        at += len(cell) + len(_CELLS)
    return Markup("<tr>{}</tr>").format(cells)


def _marked(text: str, at: int, span: tuple[int, int]) -> Markup:
    """The text that begins at an offset, with what of it lies in the span marked."""
    first, last = (min(max(0, edge - at), len(text)) for edge in span)
    if first >= last:
        return Markup().join([text])
    return Markup().join([text[:first], _MARKED.format(text[first:last]), text[last:]])
