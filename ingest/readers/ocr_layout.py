"""From the pieces of text found in a picture to lines in reading order: columns, rows and paragraphs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

Point = tuple[float, float]

_FEWEST = 4  # lines on either side of a gap for it to part columns
_PROSE = 20  # characters: what stands in columns of shorter lines is a table, to be read row by row
_MOST_ACROSS = 0.25  # of all lines may run across the gap between columns: titles, captions
_STEPS = 60  # places across the page where a gap is looked for
_PARAGRAPH = 1.35  # times the usual distance between lines


@dataclass(frozen=True, slots=True)
class Cell:
    """A piece of text as found: its corners in pixels, clockwise from the text's top left, and its confidence."""

    corners: Sequence[Point]
    text: str
    score: float


@dataclass(frozen=True, slots=True)
class ScannedLine:
    """A line of a scanned page: `start:end` in the page's text, and how high its letters are, in pixels."""

    start: int
    end: int
    height: float


@dataclass(frozen=True, slots=True)
class Scanned:
    """The text of a picture, paragraphs parted by blank lines, and how sure the recognition is of it (0–1)."""

    text: str
    lines: tuple[ScannedLine, ...]
    confidence: float


@dataclass(frozen=True, slots=True)
class _Placed:
    """A piece of text, its page set straight."""

    left: float
    right: float
    top: float
    bottom: float
    text: str

    @property
    def middle(self) -> float:
        return (self.top + self.bottom) / 2


def upright(cells: Sequence[Cell]) -> bool:
    """Whether the lines run across the page, not up or down it."""
    words = [cell for cell in cells if len(cell.text) > 2]
    return 2 * sum(_tall(cell) for cell in words) <= len(words)


def arranged(cells: Sequence[Cell], confidence: float) -> Scanned:
    """The text of an upright page from its pieces in any order."""
    if not cells:
        return Scanned("", (), confidence)
    slope = _slope(cells)
    rows = _ordered([_placed(cell, slope) for cell in cells])
    steps = [below[0].middle - above[0].middle for above, below in pairwise(rows)]
    usual = median([step for step in steps if step > 0] or [0.0])
    text, lines = "", []
    for row, step in zip(rows, [0.0, *steps], strict=True):
        text += "\n" if step > _PARAGRAPH * usual else ""
        line = " ".join(cell.text for cell in row)
        lines.append(ScannedLine(len(text), len(text) + len(line), max(cell.bottom - cell.top for cell in row)))
        text += line + "\n"
    return Scanned(text, tuple(lines), confidence)


def _tall(cell: Cell) -> bool:
    across, down = [x for x, _ in cell.corners], [y for _, y in cell.corners]
    return max(down) - min(down) > 1.5 * (max(across) - min(across))


def _slope(cells: Sequence[Cell]) -> float:
    """How much the lines of a crooked scan fall from left to right."""
    tops = [(cell.corners[0], cell.corners[1]) for cell in cells if len(cell.text) > 10]
    return median([(end[1] - start[1]) / (end[0] - start[0]) for start, end in tops if end[0] > start[0]] or [0.0])


def _placed(cell: Cell, slope: float) -> _Placed:
    heights = sorted(y - slope * x for x, y in cell.corners)
    across = [x for x, _ in cell.corners]
    return _Placed(min(across), max(across), sum(heights[:2]) / 2, sum(heights[2:]) / 2, cell.text)


def _ordered(cells: Sequence[_Placed]) -> list[list[_Placed]]:
    """Rows in reading order: a column down to the next line that runs across, then the column beside it."""
    gap = _gap(cells)
    if gap is None:
        return _rows(cells)
    ordered: list[list[_Placed]] = []
    band: list[_Placed] = []

    def flush() -> None:
        ordered.extend(_ordered([cell for cell in band if cell.right <= gap]))
        ordered.extend(_ordered([cell for cell in band if cell.left >= gap]))
        band.clear()

    for cell in sorted(cells, key=lambda cell: cell.top):
        if cell.left < gap < cell.right:
            flush()
            ordered.append([cell])
        else:
            band.append(cell)
    flush()
    return ordered


def _gap(cells: Sequence[_Placed]) -> float | None:
    """Where the page falls into columns of prose; None where it does not."""
    if len(cells) < 2 * _FEWEST:
        return None
    left, right = min(cell.left for cell in cells), max(cell.right for cell in cells)
    places = [left + (right - left) * step / _STEPS for step in range(1, _STEPS)]
    across = {place: sum(cell.left < place < cell.right for cell in cells) for place in places}
    place = min(places, key=lambda place: (across[place], abs(place - (left + right) / 2)))
    sides = ([c for c in cells if c.right <= place], [c for c in cells if c.left >= place])
    prose = all(len(side) >= _FEWEST and median(len(cell.text) for cell in side) >= _PROSE for side in sides)
    return place if prose and across[place] <= _MOST_ACROSS * len(cells) else None


def _rows(cells: Sequence[_Placed]) -> list[list[_Placed]]:
    """Pieces at one height as a row, from left to right."""
    rows: list[list[_Placed]] = []
    for cell in sorted(cells, key=lambda cell: cell.middle):
        if rows and cell.middle < rows[-1][0].bottom and rows[-1][0].middle > cell.top:
            rows[-1].append(cell)
        else:
            rows.append([cell])
    return [sorted(row, key=lambda cell: cell.left) for row in rows]
