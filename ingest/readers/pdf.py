"""PDF: the text of every page, headings by outline or by how the lines are set, properties."""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import TYPE_CHECKING

from ingest.errors import UnreadableFile
from ingest.model import Document, Heading
from ingest.readers.pdf_pages import Style, opened, page_style, page_text
from ingest.readers.properties import real_title

if TYPE_CHECKING:
    from pypdf import PdfReader
    from pypdfium2 import PdfDocument, PdfTextPage

_EDGE = 2  # lines at the top and at the bottom of a page among which running heads and feet are looked for
_LARGE = 1.15  # times the size of the body text
_MOST_WORDS = 14
_LONGEST = 100
_WRAPS = 40  # characters: a large line at least this long goes on in the next
_PAGE_NUMBER = re.compile(r"page\s+\d+\b.*|\d+\s+of\s+\d+|[-–\s]*[ivx]{1,5}[-–\s]*", re.IGNORECASE)
_NUMBERED = re.compile(r"(?:\d{1,2}[.)]|\d{1,2}(?:\.\d{1,2}){1,3}\.?|[IVX]{1,4}\.)\s+(?=[A-Z])")
_CAPITALS = re.compile(r"[^a-z]*[A-Z]{3}[^a-z]*")


@dataclass(frozen=True, slots=True)
class _Line:
    """A line with text, `start:end` without the blanks around it; `size` and `bold` are those of both its ends."""

    page: int
    start: int
    end: int
    text: str
    size: float
    bold: bool
    edge: bool  # one of the first or the last of its page


def read_pdf(data: bytes, name: str) -> Document:
    """A PDF with a text layer. Pages without text are named in a warning; `UnreadableFile` if no page has any."""
    with opened(data) as document:
        texts, lines, broken = _pages(document)
    empty = [number for number, text in enumerate(texts, 1) if not text.strip()]
    if len(empty) == len(texts):
        raise UnreadableFile(
            f"There is no text layer on any page ({_numbers(empty)}).",
            "It looks like a scan: run OCR on it, for example `ocrmypdf in.pdf out.pdf`, and index the result.",
        )
    warnings = [f"Pages that could not be opened: {_numbers(broken)}."] if broken else []
    if scans := [number for number in empty if number not in broken]:
        warnings.append(f"There is no text layer on page {_numbers(scans)}.")
    starts = [0]
    for text in texts[:-1]:
        starts.append(starts[-1] + len(text))
    body = _body_size(lines)
    heads = _running(lines, len(texts))
    content = [line for line in lines if line not in heads]
    headings = _headings(content, body)
    title, outline, failure = _properties(data)
    if failure:
        warnings.append(failure)
    located = _located(outline, content)
    if len(located) >= max(3, len(outline) / 2):
        headings = located
    return Document(
        _blanked("".join(texts), heads, content[0].start if content else 0),
        title=title or _title(lines, body),
        page_starts=tuple(starts),
        headings=tuple(headings),
        warnings=tuple(warnings),
    )


def _pages(document: PdfDocument) -> tuple[list[str], list[_Line], list[int]]:
    """The text of each page with a line break at its end, the lines of all, and the pages that are broken."""
    from pypdfium2 import PdfiumError

    texts: list[str] = []
    lines: list[_Line] = []
    broken: list[int] = []
    offset = 0
    for number in range(1, len(document) + 1):
        try:
            chars = document[number - 1].get_textpage()
            text = page_text(chars) + "\n"
            lines += _lines(chars, text, number, offset)
            chars.close()
        except PdfiumError:
            broken.append(number)
            text = "\n"
        texts.append(text)
        offset += len(text)
    return texts, lines, broken


def _lines(chars: PdfTextPage, text: str, page: int, offset: int) -> list[_Line]:
    spans = [found.span() for found in re.finditer(r"\S(?:[^\n]*\S)?", text)]
    lines = []
    for number, (start, end) in enumerate(spans):
        first, last = page_style(chars, start), page_style(chars, end - 1)
        bold = first.bold and last.bold
        edge = min(number, len(spans) - 1 - number) < _EDGE
        lines.append(_Line(page, offset + start, offset + end, text[start:end], _size(first, last), bold, edge))
    return lines


def _size(first: Style, last: Style) -> float:
    return round(min(first.size, last.size) * 2) / 2


def _body_size(lines: Sequence[_Line]) -> float:
    """The size most of the text is set in."""
    sizes: Counter[float] = Counter()
    for line in lines:
        sizes[line.size] += len(line.text)
    return sizes.most_common(1)[0][0] if sizes else 0.0


def _headings(lines: Sequence[_Line], body: float) -> list[Heading]:
    """Lines that stand out: larger than the text, alone in bold, numbered or in capitals. Larger ranks higher."""
    found = list(_outstanding(lines, body))
    ranks = {rank: level for level, rank in enumerate(sorted({_rank(line, body) for line in found}), 1)}
    return [Heading(min(ranks[_rank(line, body)], 6), line.text, line.start, line.end) for line in found]


def _running(lines: Sequence[_Line], pages: int) -> set[_Line]:
    """Heads and feet that most pages share, but for their numbers."""
    edges = Counter(plain for _, plain in {(line.page, _plain(line)) for line in lines if line.edge})
    shared = {plain for plain, count in edges.items() if count > max(1, pages / 2)}
    return {line for line in lines if line.edge and _plain(line) in shared}


def _blanked(text: str, heads: Iterable[_Line], first: int) -> str:
    """The text with spaces in place of `heads`, so that nobody quotes a page's foot and every offset holds.

    What stands above `first`, where the first page's own text begins, stays: it may be the title.
    """
    characters = list(text)
    for line in heads:
        if line.start > first:
            characters[line.start : line.end] = " " * (line.end - line.start)
    return "".join(characters)


def _plain(line: _Line) -> str:
    """A line without its numbers, to tell a running head or foot."""
    return re.sub(r"\d+", "", line.text)


def _rank(line: _Line, body: float) -> tuple[float, int]:
    """Size first, then the depth of the number; a line of the text's size is below every larger one."""
    number = _NUMBERED.match(line.text)
    return -max(line.size, body), number[0].strip(" .)").count(".") if number else 0


def _outstanding(lines: Sequence[_Line], body: float) -> Iterator[_Line]:
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


def _large(lines: Sequence[_Line], body: float) -> Iterator[_Line]:
    """Large lines, but for paragraphs in large print and the second line of a heading that wraps."""
    for (_, size), group in groupby(lines, key=lambda line: (line.page, line.size)):
        run = list(group)
        if size < _LARGE * body or (len(run) > 2 and sum(len(line.text) for line in run) > _WRAPS * len(run)):
            continue
        for before, line in zip([None, *run], run, strict=False):
            if before is None or (len(before.text) < _WRAPS and not line.text[0].islower()):
                yield line


def _may_be_heading(line: _Line) -> bool:
    return (
        len(line.text) <= _LONGEST
        and len(line.text.split()) <= _MOST_WORDS
        and sum(map(str.isalpha, line.text)) >= 3
        and not line.text.endswith((".", ",", ";"))
        and not _PAGE_NUMBER.fullmatch(line.text)
    )


def _alone_in_bold(before: _Line | None, line: _Line, after: _Line | None) -> bool:
    """Whether only this line is bold: in a run of bold lines each is a label or a paragraph, as are `Label: value`."""
    if not line.bold or after is None or ":" in line.text[:-1]:
        return False
    return not any(beside and beside.bold and beside.size == line.size for beside in (before, after))


def _numbered(before: _Line | None, line: _Line, after: _Line | None) -> bool:
    """Whether a short line with a number is a heading and no item of a list or wrapped sentence."""
    if not _NUMBERED.match(line.text) or len(line.text.split()) > 8 or after is None:
        return False
    beside = [near.text for near in (before, after) if near is not None]
    return not any(_NUMBERED.match(text) for text in beside) and not after.text[0].islower()


def _capitals(before: _Line | None, line: _Line, after: _Line | None) -> bool:
    if not _CAPITALS.fullmatch(line.text) or after is None or len(line.text.split()) > 8:
        return False
    return not any(near is not None and _CAPITALS.fullmatch(near.text) for near in (before, after))


def _title(lines: Sequence[_Line], body: float) -> str:
    """The first page's largest line with the one it wraps to, if it is larger than the text and not a running head."""
    first = [line for line in lines if line.page == 1 and line.size >= _LARGE * body and _may_be_heading(line)]
    if not first:
        return ""
    top = max(first, key=lambda line: line.size)
    at = lines.index(top)
    wrapped = [near.text for near in lines[at : at + 3] if near.size == top.size and near.page == 1]
    return " ".join(" ".join(wrapped).split())


def _properties(data: bytes) -> tuple[str, list[tuple[int, int, str]], str]:
    """The title, the outline as (level, page, title), and what kept them from being read."""
    from pypdf import PdfReader

    try:
        reader = PdfReader(io.BytesIO(data))
        about = reader.metadata
        return real_title(about.title if about else ""), list(_outline(reader)), ""
    except Exception as error:  # noqa: BLE001 - the text is read already: a damaged catalogue must not cost the file
        return "", [], f"Title and outline could not be read ({type(error).__name__}: {error})."


def _outline(reader: PdfReader) -> Iterator[tuple[int, int, str]]:
    stack: list[tuple[int, object]] = [(0, reader.outline)]
    while stack:
        level, item = stack.pop()
        if isinstance(item, list):
            stack.extend((level + 1, child) for child in reversed(item))
        else:
            page = reader.get_destination_page_number(item)  # type: ignore[arg-type]
            title = " ".join(str(getattr(item, "title", "")).split())
            if page is not None and title:
                yield level, page + 1, title


def _located(outline: Sequence[tuple[int, int, str]], lines: Sequence[_Line]) -> list[Heading]:
    """The outline's titles that are lines of the pages they point to, in the order of the text."""
    found: dict[int, Heading] = {}
    at = {(line.page, " ".join(line.text.split()).casefold()): line for line in reversed(lines)}
    for level, page, title in outline:
        line = at.get((page, title.casefold()))
        if line is not None:
            found.setdefault(line.start, Heading(min(level, 6), line.text, line.start, line.end))
    return [found[start] for start in sorted(found)]


def _numbers(pages: Sequence[int]) -> str:
    """Page numbers for a message, runs as `3–7`."""
    edges = [page for page, after in pairwise([*pages, pages[-1] + 2]) if after != page + 1]
    opens = [page for before, page in pairwise([pages[0] - 2, *pages]) if page != before + 1]
    return ", ".join(
        str(first) if first == last else f"{first}–{last}" for first, last in zip(opens, edges, strict=True)
    )
