"""Single pages of a PDF: characters, where they stand, and the page as a picture.

Character `i` of a page's text here is PDFium's character `i`, so an offset found in the text finds its place again.
PDFium is not thread-safe: everything that touches it runs under one lock.
"""

from __future__ import annotations

import ctypes
import io
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import hypot, pi
from typing import TYPE_CHECKING, cast

from ingest.errors import NotInLibrary, UnreadableFile

if TYPE_CHECKING:
    from PIL.Image import Image
    from pypdfium2 import PdfDocument, PdfPage, PdfTextPage

_LOCK = threading.RLock()
_FINE = 1_000_000  # device units a page is measured in; PDFium gives whole ones
_TALLEST = 10_000  # pixels
_LARGEST = 4_000  # pixels
_WIDEST_GAP = 0.1  # of the page's width, between characters of one line
_HYPHEN = "\x02"  # what PDFium puts for a hyphen at a line's end together with the line break
_SOFT_HYPHEN = re.compile(rf"(?<=[a-z]){_HYPHEN}(?=[a-z])")
_CLEAN = {
    **dict.fromkeys((*range(32), *range(0x7F, 0xA0)), " "),
    **dict.fromkeys((*range(0xD800, 0xE000), 0, 0xFFFF), "\ufffd"),
    **dict.fromkeys((0x0A, 0x2028, 0x2029), "\n"),
    **dict.fromkeys((ord(_HYPHEN), 0xFFFE), "-"),
}


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle on the page as shown, in fractions (0–1) of its width and height from the top left corner."""

    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True, slots=True)
class Style:
    """How a character is set: its size in points and whether its font is bold."""

    size: float
    bold: bool


@contextmanager
def opened(data: bytes) -> Iterator[PdfDocument]:
    """The PDF in `data`, under the lock. Raises `UnreadableFile` if it is locked by a password or no PDF."""
    from pypdfium2 import PdfDocument, PdfiumError
    from pypdfium2.raw import FPDF_ERR_PASSWORD

    with _LOCK:
        try:
            document = PdfDocument(data)
        except PdfiumError as error:
            if getattr(error, "err_code", None) == FPDF_ERR_PASSWORD:
                raise UnreadableFile(
                    "The PDF is protected by a password.", "Open it and save a copy without a password."
                ) from error
            raise UnreadableFile(
                f"The file is damaged or no PDF ({error}).", "Get it again from its source, or print it to a new PDF."
            ) from error
        try:
            yield document
        finally:
            document.close()


def page_text(page: PdfTextPage) -> str:
    """The page's text, one character for each of PDFium's; line ends are a blank and a line break."""
    from pypdfium2.raw import FPDFText_GetUnicode

    codes = (FPDFText_GetUnicode(page.raw, index) for index in range(page.count_chars()))
    text = "".join(chr(code) if code < 0x110000 else "\ufffd" for code in codes)
    return re.sub(r"\r(?!\n)", "\n", _SOFT_HYPHEN.sub("\xad", text)).translate(_CLEAN)


def page_style(page: PdfTextPage, index: int) -> Style:
    """The style of the character at `index`."""
    from pypdfium2 import raw

    matrix, name, flags = raw.FS_MATRIX(), ctypes.create_string_buffer(256), ctypes.c_int()
    raw.FPDFText_GetMatrix(page.raw, index, matrix)
    raw.FPDFText_GetFontInfo(page.raw, index, name, len(name), flags)
    size = raw.FPDFText_GetFontSize(page.raw, index) * hypot(matrix.c, matrix.d)
    return Style(size, re.search(rb"bold|black|heavy", name.value, re.IGNORECASE) is not None)


def boxes(data: bytes, page: int, start: int, end: int, expected: str) -> list[Box]:
    """Where the characters `start:end` of page `page` (from 1) stand, one box for each line of text.

    Offsets are relative to the page. If the page's text there is not `expected`, there are no boxes: a wrong
    highlight is worse than none. Raises `UnreadableFile`.
    """
    with opened(data) as document:
        if not 1 <= page <= len(document):
            return []
        shown = document[page - 1]
        chars = shown.get_textpage()
        text = page_text(chars)
        if not expected or start < 0 or end - start != len(expected) or not text.startswith(expected, start):
            return []
        lines: list[Box] = []
        for index in range(start, end):
            if text[index].isspace():
                continue
            box = _on_page(shown, chars.get_charbox(index, loose=True))
            if box is None:
                continue
            if lines and _same_line(lines[-1], box, _upright(shown, chars, index)):
                lines[-1] = _union(lines[-1], box)
            else:
                lines.append(box)
        return lines


def picture(data: bytes, page: int, width_px: int) -> bytes:
    """Page `page` (from 1) as a PNG, `width_px` pixels wide, less if it would be over 10,000 high.

    Raises `NotInLibrary` if there is no such page, `UnreadableFile` if the PDF cannot be opened.
    """
    with opened(data) as document:
        if not 1 <= page <= len(document):
            raise NotInLibrary(f"The document has no page {page}.", f"Ask for a page from 1 to {len(document)}.")
        shown = document[page - 1]
        width, height = shown.get_size()
        image = shown.render(scale=min(width_px / width, _TALLEST / height)).to_pil()
        png = io.BytesIO()
        image.save(png, "PNG")
        return png.getvalue()


def rendered(data: bytes, page: int, dpi: int) -> Image:
    """Page `page` (from 1) as a picture for OCR, at most 4,000 pixels wide and high. Raises `UnreadableFile`."""
    with opened(data) as document:
        shown = document[page - 1]
        scale = min(dpi / 72, _LARGEST / max(shown.get_size()))
        return cast("Image", shown.render(scale=scale).to_pil())


def picture_share(page: PdfPage) -> float:
    """How much of the page pictures fill (0–1); those that overlap count twice."""
    from pypdfium2.raw import FPDF_PAGEOBJ_IMAGE

    left, bottom, right, top = page.get_bbox()
    area = 0.0
    for found in page.get_objects([FPDF_PAGEOBJ_IMAGE], max_depth=4):
        box = found.get_bounds()
        across, up = min(right, box[2]) - max(left, box[0]), min(top, box[3]) - max(bottom, box[1])
        area += max(0.0, across) * max(0.0, up)
    return min(1.0, area / float((right - left) * (top - bottom)))


def _on_page(page: PdfPage, box: tuple[float, float, float, float]) -> Box | None:
    """A box in the PDF's own coordinates as it is shown: rotated, and cut to the crop box."""
    x1, y1 = _shown(page, box[0], box[1])
    x2, y2 = _shown(page, box[2], box[3])
    left, right = sorted((_bounded(x1), _bounded(x2)))
    top, bottom = sorted((_bounded(y1), _bounded(y2)))
    return Box(left, top, right, bottom) if right > left and bottom > top else None


def _shown(page: PdfPage, x: float, y: float) -> tuple[float, float]:
    from pypdfium2.raw import FPDF_PageToDevice

    across, down = ctypes.c_int(), ctypes.c_int()
    FPDF_PageToDevice(page.raw, 0, 0, _FINE, _FINE, 0, x, y, across, down)
    return across.value / _FINE, down.value / _FINE


def _bounded(fraction: float) -> float:
    return min(1.0, max(0.0, fraction))


def _upright(page: PdfPage, chars: PdfTextPage, index: int) -> bool:
    """Whether the character's line runs across the page as shown, and not up or down it."""
    from pypdfium2.raw import FPDFText_GetCharAngle

    quarter_turns: float = FPDFText_GetCharAngle(chars.raw, index) / (pi / 2) + page.get_rotation() / 90
    return round(quarter_turns) % 2 == 0


def _same_line(line: Box, char: Box, upright: bool) -> bool:
    """Whether a character goes on beside the line at its height; a small sign raised or lowered does too."""
    if not upright:
        line, char = (Box(each.top, each.left, each.bottom, each.right) for each in (line, char))
    overlap = min(line.bottom, char.bottom) - max(line.top, char.top)
    gap = max(char.left - line.right, line.left - char.right)
    return overlap > 0.3 * min(line.bottom - line.top, char.bottom - char.top) and gap < _WIDEST_GAP


def _union(one: Box, other: Box) -> Box:
    return Box(
        min(one.left, other.left), min(one.top, other.top), max(one.right, other.right), max(one.bottom, other.bottom)
    )
