"""The blocks of a text: paragraphs, lists and tables, and where a list or a table may be cut."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ingest.sentences import ITEM

_LINE = re.compile(r"[^\n]*\n?")
_ROW = re.compile(r"[ \t]*\|[^\n]*\S|[^\n]*\S[ \t]+\|(?:[ \t]|$)", re.M)
_DELIMITER = re.compile(r"[ \t]*\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?\s*")
_ENDS = (".", "!", "?", ":", ";", "…")

Line = tuple[int, str]


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, a list or a table at `start:end`, blank lines after it included.

    `pieces` are the starts of a list's items or a table's rows, empty for a paragraph; `header` is a table's first
    row if it names the columns.
    """

    start: int
    end: int
    pieces: tuple[int, ...] = ()
    is_table: bool = False
    header: str = ""


def blocks(text: str) -> list[Block]:
    """The blocks of `text` in order; together they are all of it."""
    lines = [(found.start(), found[0]) for found in _LINE.finditer(text) if found[0]]
    found: list[Block] = []
    at = 0
    while at < len(lines):
        take = next(taken for taker in (_table, _list, _paragraph) if (taken := taker(lines, at)))
        last = at + len(take)
        while last < len(lines) and not lines[last][1].strip():
            last += 1
        end = lines[last][0] if last < len(lines) else len(text)
        found.append(_block(lines[at : at + len(take)], take, end))
        at = last
    return found


def _block(lines: Sequence[Line], kinds: Sequence[str], end: int) -> Block:
    pieces = tuple(start for (start, _), kind in zip(lines, kinds, strict=True) if kind in ("row", "item"))
    is_table = "row" in kinds
    return Block(lines[0][0], end, pieces, is_table, _header(lines, kinds) if is_table else "")


def _header(lines: Sequence[Line], kinds: Sequence[str]) -> str:
    """The first row if a rule follows it, or if it looks like names: no figure is in it."""
    first = lines[0][1].strip()
    return first if "rule" in kinds[1:2] or not re.search(r"\d", first) else ""


def _table(lines: Sequence[Line], at: int) -> list[str]:
    """The kinds of the lines, from `at` on, that make up a table: at least two rows; else empty."""
    kinds: list[str] = []
    for number in range(at, len(lines)):
        line = lines[number][1]
        if not _ROW.match(line) and not (kinds and "|" in line and _DELIMITER.fullmatch(line)):
            break
        kinds.append("rule" if kinds and _DELIMITER.fullmatch(line) else "row")
    return kinds if len(kinds) > 1 else []


def _list(lines: Sequence[Line], at: int) -> list[str]:
    """The kinds of the lines that make up a list, lines that go on with an item among them."""
    if not ITEM.match(lines[at][1]):
        return []
    kinds = ["item"]
    for number in range(at + 1, len(lines)):
        before, line = lines[number - 1][1], lines[number][1]
        if ITEM.match(line):
            kinds.append("item")
        elif not line.strip():
            if not _goes_on(lines, number + 1):
                break
            kinds.append("blank")
        elif line[0] in " \t" or not (line[0] == "#" or before.rstrip().endswith(_ENDS) or _table(lines, number)):
            kinds.append("more")
        else:
            break
    return kinds


def _goes_on(lines: Sequence[Line], at: int) -> bool:
    """Whether a list goes on after one blank line."""
    if at >= len(lines) or not lines[at][1].strip():
        return False
    return ITEM.match(lines[at][1]) is not None or lines[at][1].startswith(("  ", "\t"))


def _paragraph(lines: Sequence[Line], at: int) -> list[str]:
    """Lines up to a blank one, a list or a table."""
    kinds = ["text"]
    for number in range(at + 1, len(lines)):
        if not lines[number][1].strip() or ITEM.match(lines[number][1]) or _table(lines, number):
            break
        kinds.append("text")
    return kinds


def introduces(sentence: str) -> bool:
    """Whether a sentence, the last before a list or a table, says what that is: a heading, a caption or "…:"."""
    said = sentence.rstrip(" \t\n*_")
    return said.endswith(":") or (len(said) <= 100 and not said.endswith(_ENDS))
