"""What the lines of a PDF are by how they are set: headings, the title, running heads and feet."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from ingest.model import Heading

EDGE = 2
"""Lines at the top and at the bottom of a page among which running heads and feet are looked for."""

_LARGE = 1.15  # times the size of the body text
_MOST_WORDS = 14
_LONGEST = 100
_WRAPS = 40  # characters: a large line at least this long goes on in the next
_PAGE_NUMBER = re.compile(r"page\s+\d+\b.*|\d+\s+of\s+\d+|[-–\s]*[ivx]{1,5}[-–\s]*", re.IGNORECASE)
_NUMBERED = re.compile(r"(?:\d{1,2}[.)]|\d{1,2}(?:\.\d{1,2}){1,3}\.?|[IVX]{1,4}\.)\s+(?=[A-Z])")
_CAPITALS = re.compile(r"[^a-z]*[A-Z]{3}[^a-z]*")


@dataclass(frozen=True, slots=True)
class Line:
    """A line with text, `start:end` without the blanks around it; `size` and `bold` are those of both its ends."""

    page: int
    start: int
    end: int
    text: str
    size: float
    bold: bool
    edge: bool  # one of the first or the last of its page


def body_size(lines: Sequence[Line]) -> float:
    """The size most of the text is set in."""
    sizes: Counter[float] = Counter()
    for line in lines:
        sizes[line.size] += len(line.text)
    return sizes.most_common(1)[0][0] if sizes else 0.0


def headings(lines: Sequence[Line], body: float) -> list[Heading]:
    """Lines that stand out: larger than the text, alone in bold, numbered or in capitals. Larger ranks higher."""
    found = list(_outstanding(lines, body))
    ranks = {rank: level for level, rank in enumerate(sorted({_rank(line, body) for line in found}), 1)}
    return [Heading(min(ranks[_rank(line, body)], 6), line.text, line.start, line.end) for line in found]


def running(lines: Sequence[Line], pages: int) -> set[Line]:
    """Heads and feet that most pages share, but for their numbers."""
    edges = Counter(plain for _, plain in {(line.page, _plain(line)) for line in lines if line.edge})
    shared = {plain for plain, count in edges.items() if count > max(1, pages / 2)}
    return {line for line in lines if line.edge and _plain(line) in shared}


def blanked(text: str, heads: Iterable[Line], first: int) -> str:
    """The text with spaces in place of `heads`, so that nobody quotes a page's foot and every offset holds.

    What stands above `first`, where the first page's own text begins, stays: it may be the title.
    """
    characters = list(text)
    for line in heads:
        if line.start > first:
            characters[line.start : line.end] = " " * (line.end - line.start)
    return "".join(characters)


def _plain(line: Line) -> str:
    """A line without its numbers, to tell a running head or foot."""
    return re.sub(r"\d+", "", line.text)


def _rank(line: Line, body: float) -> tuple[float, int]:
    """Size first, then the depth of the number; a line of the text's size is below every larger one."""
    number = _NUMBERED.match(line.text)
    return -max(line.size, body), number[0].strip(" .)").count(".") if number else 0


def _outstanding(lines: Sequence[Line], body: float) -> Iterator[Line]:
    large = {line.start for line in _large(lines, body)}
    around = [None, *lines, None]
    for before, line, after in zip(around, lines, around[2:], strict=False):
        if not _may_be_heading(line) or line.size < 0.95 * body:
            continue
        if line.size >= _LARGE * body:
            if line.start in large:
                yield line
        elif _alone_in_bold(before, line, after) or _numbered(before, line, after) or _capitals(before, line, after):
            yield line


def _large(lines: Sequence[Line], body: float) -> Iterator[Line]:
    """Large lines, but for paragraphs in large print and the second line of a heading that wraps."""
    for (_, size), group in groupby(lines, key=lambda line: (line.page, line.size)):
        run = list(group)
        if size < _LARGE * body or (len(run) > 2 and sum(len(line.text) for line in run) > _WRAPS * len(run)):
            continue
        for before, line in zip([None, *run], run, strict=False):
            if before is None or (len(before.text) < _WRAPS and not line.text[0].islower()):
                yield line


def _may_be_heading(line: Line) -> bool:
    return (
        len(line.text) <= _LONGEST
        and len(line.text.split()) <= _MOST_WORDS
        and sum(map(str.isalpha, line.text)) >= 3
        and not line.text.endswith((".", ",", ";"))
        and not _PAGE_NUMBER.fullmatch(line.text)
    )


def _alone_in_bold(before: Line | None, line: Line, after: Line | None) -> bool:
    """Whether only this line is bold: in a run of bold lines each is a label or a paragraph, as are `Label: value`."""
    if not line.bold or after is None or ":" in line.text[:-1]:
        return False
    return not any(beside and beside.bold and beside.size == line.size for beside in (before, after))


def _numbered(before: Line | None, line: Line, after: Line | None) -> bool:
    """Whether a short line with a number is a heading and no item of a list or wrapped sentence."""
    if not _NUMBERED.match(line.text) or len(line.text.split()) > 8 or after is None:
        return False
    beside = [near.text for near in (before, after) if near is not None]
    return not any(_NUMBERED.match(text) for text in beside) and not after.text[0].islower()


def _capitals(before: Line | None, line: Line, after: Line | None) -> bool:
    if not _CAPITALS.fullmatch(line.text) or after is None or len(line.text.split()) > 8:
        return False
    return not any(near is not None and _CAPITALS.fullmatch(near.text) for near in (before, after))


def title_line(lines: Sequence[Line], body: float) -> str:
    """The first page's largest line with the one it wraps to, if it is larger than the text and not a running head."""
    first = [line for line in lines if line.page == 1 and line.size >= _LARGE * body and _may_be_heading(line)]
    if not first:
        return ""
    top = max(first, key=lambda line: line.size)
    at = lines.index(top)
    wrapped = [near.text for near in lines[at : at + 3] if near.size == top.size and near.page == 1]
    return " ".join(" ".join(wrapped).split())
