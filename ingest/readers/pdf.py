"""PDF: the text of every page, by OCR where it is a scan; headings, properties and page labels."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import TYPE_CHECKING

from ingest.errors import UnreadableFile
from ingest.model import Document, Heading
from ingest.readers import ocr
from ingest.readers.ocr_layout import Scanned
from ingest.readers.pdf_headings import EDGE, Line, blanked, body_size, headings, running, title_line
from ingest.readers.pdf_pages import Style, opened, page_style, page_text, picture_share, rendered
from ingest.readers.properties import real_title

if TYPE_CHECKING:
    from pypdf import PdfReader
    from pypdfium2 import PdfDocument, PdfPage, PdfTextPage

_DPI = 200  # for OCR
_HANDFUL = 100  # letters and digits: fewer, on a page that a picture fills, are a stamp and not the page's text
_FILLS = 0.7  # of the page
_NO_TEXT = re.compile("[\ufffd\ue000-\uf8ff]")  # what a font without a table of its letters gives
_MOST_UNKNOWN = 0.3  # of the characters of a page
_LARGER = 1.3  # times as high as most scanned lines: set larger, and not just measured so
_SCAN_SIZE = 10.0  # points: what to call the usual size where every page is a scan
_LONGEST_LABEL = 20
_LINE = re.compile(r"\S(?:[^\n]*\S)?")


@dataclass(frozen=True, slots=True)
class _Page:
    """A page's text with a line break at its end, and its lines, whose offsets begin with the page."""

    text: str = "\n"
    lines: tuple[Line, ...] = ()
    broken: bool = False
    scan: bool = False


@dataclass(frozen=True, slots=True)
class _Properties:
    """The title, the outline as (level, page, title), names for the pages, and what kept them from being read."""

    title: str
    outline: list[tuple[int, int, str]]
    page_names: tuple[str, ...]
    failure: str = ""


def read_pdf(data: bytes, name: str) -> Document:
    """A PDF; pages without a text layer by OCR if it is installed. Raises `UnreadableFile` if no page has text."""
    with opened(data) as document:
        pages = [_page(document, number) for number in range(1, len(document) + 1)]
    pages, warnings = _with_scans(data, pages)
    texts = [page.text for page in pages]
    starts = [0]
    for text in texts[:-1]:
        starts.append(starts[-1] + len(text))
    lines = [
        replace(line, start=at + line.start, end=at + line.end)
        for at, page in zip(starts, pages, strict=True)
        for line in page.lines
    ]
    body = body_size(lines)
    heads = running(lines, len(texts))
    content = [line for line in lines if line not in heads]
    about = _properties(data)
    located = _located(about.outline, content)
    outlined = len(located) >= max(3, len(about.outline) / 2)
    return Document(
        blanked("".join(texts), heads, content[0].start if content else 0),
        title=about.title or title_line(lines, body),
        page_starts=tuple(starts),
        page_names=about.page_names if len(about.page_names) == len(pages) else (),
        headings=tuple(located if outlined else headings(content, body)),
        warnings=(*warnings, *filter(None, [about.failure])),
    )


def _page(document: PdfDocument, number: int) -> _Page:
    from pypdfium2 import PdfiumError

    try:
        page = document[number - 1]
        chars = page.get_textpage()
        text = page_text(chars) + "\n"
        lines = tuple(_lines(chars, text, number))
        chars.close()
        return _Page(text, lines, scan=_unknown(text) or (_letters(text) < _HANDFUL and _is_picture(page, text)))
    except PdfiumError:
        return _Page(broken=True)


def _lines(chars: PdfTextPage, text: str, page: int) -> Iterator[Line]:
    spans = [found.span() for found in _LINE.finditer(text)]
    for number, (start, end) in enumerate(spans):
        first, last = page_style(chars, start), page_style(chars, end - 1)
        edge = min(number, len(spans) - 1 - number) < EDGE
        yield Line(page, start, end, text[start:end], _size(first, last), first.bold and last.bold, edge)


def _size(first: Style, last: Style) -> float:
    return round(min(first.size, last.size) * 2) / 2


def _letters(text: str) -> int:
    return sum(map(str.isalnum, text))


def _unknown(text: str) -> bool:
    """Whether the text layer gives signs that stand for nothing."""
    return len(_NO_TEXT.findall(text)) > _MOST_UNKNOWN * len("".join(text.split()))


def _is_picture(page: PdfPage, text: str) -> bool:
    return not text.strip() or picture_share(page) >= _FILLS


def _with_scans(data: bytes, pages: Sequence[_Page]) -> tuple[list[_Page], list[str]]:
    """The pages, scans read if that can be done, and what to tell of them. `UnreadableFile` if there is no text."""
    scans = [number for number, page in enumerate(pages, 1) if page.scan]
    read: dict[int, Scanned] = {}
    for number in scans if ocr.available() else []:
        found = ocr.recognised(rendered(data, number, _DPI))
        if _letters(found.text) > 2 * _letters(pages[number - 1].text):  # else the layer says what the picture shows
            read[number] = found
    broken = [number for number, page in enumerate(pages, 1) if page.broken]
    silent = [number for number in scans if number not in read and not (ocr.available() and _says(pages[number - 1]))]
    remedy = "If it is a scan, scan it again at 300 dpi." if ocr.available() else f"It looks like a scan. {ocr.REMEDY}"
    if len(broken) + len(silent) == len(pages):
        raise UnreadableFile(f"There is no text on any page ({ocr.page_numbers(range(1, len(pages) + 1))}).", remedy)
    warnings = [f"Pages that could not be opened: {ocr.page_numbers(broken)}."] if broken else []
    warnings += ocr.remarks(read)
    warnings += [f"There is no text on page {ocr.page_numbers(silent)}. {remedy}"] if silent else []
    usual = body_size([line for page in pages for line in page.lines]) or _SCAN_SIZE
    return _scanned(pages, read, usual), warnings


def _says(page: _Page) -> bool:
    """Whether the text layer, short as it is, can be read."""
    return _letters(page.text) > 0 and not _unknown(page.text)


def _scanned(pages: Sequence[_Page], read: Mapping[int, Scanned], usual: float) -> list[_Page]:
    """The pages with the text that was read; a line that is clearly higher than most is set larger than `usual`."""
    height = median([line.height for page in read.values() for line in page.lines] or [1.0])
    return [
        _of_scan(read[number], number, height, usual) if number in read else page
        for number, page in enumerate(pages, 1)
    ]


def _of_scan(found: Scanned, number: int, height: float, usual: float) -> _Page:
    lines = []
    for at, line in enumerate(found.lines):
        ratio = line.height / height
        size = round(usual * ratio) if ratio >= _LARGER else usual
        edge = min(at, len(found.lines) - 1 - at) < EDGE
        lines.append(Line(number, line.start, line.end, found.text[line.start : line.end], size, False, edge))
    return _Page(found.text + "\n", tuple(lines))


def _properties(data: bytes) -> _Properties:
    from pypdf import PdfReader

    try:
        reader = PdfReader(io.BytesIO(data))
        about = reader.metadata
        title = real_title(about.title if about else "")
        return _Properties(title, list(_outline(reader)), _names(reader.page_labels))
    except Exception as error:  # noqa: BLE001 - the text is read already: a damaged catalogue must not cost the file
        failure = f"Title, outline and page labels could not be read ({type(error).__name__}: {error})."
        return _Properties("", [], (), failure)


def _names(labels: Sequence[str]) -> tuple[str, ...]:
    """What the pages are called, if they have labels of their own that tell them apart."""
    plain = [str(number) for number in range(1, len(labels) + 1)]
    labels = [" ".join(label.split()) for label in labels]
    fit = len(set(labels)) == len(labels) and all(0 < len(label) <= _LONGEST_LABEL for label in labels)
    return tuple(f"page {label}" for label in labels) if fit and labels != plain else ()


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


def _located(outline: Sequence[tuple[int, int, str]], lines: Sequence[Line]) -> list[Heading]:
    """The outline's titles that are lines of the pages they point to, in the order of the text."""
    found: dict[int, Heading] = {}
    at = {(line.page, " ".join(line.text.split()).casefold()): line for line in reversed(lines)}
    for level, page, title in outline:
        line = at.get((page, title.casefold()))
        if line is not None:
            found.setdefault(line.start, Heading(min(level, 6), line.text, line.start, line.end))
    return [found[start] for start in sorted(found)]
