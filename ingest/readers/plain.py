"""Plain text, and the decoding that every text format shares."""

from __future__ import annotations

import codecs
import re

from ingest.errors import UnreadableFile
from ingest.model import Document, Heading

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_CONTROLS = bytes(byte for byte in range(32) if byte not in b"\t\n\f\r\x1b")
_MOST_CONTROLS = 0.005  # of the bytes: a log may hold a stray one, compressed data holds one in ten
_MOST_DAMAGED = 0.1  # of the characters beyond ASCII: a file cut inside a character is still UTF-8

_UNDERLINE = re.compile(r"([=\-~^\"'`#*+.:_])\1{2,}[ \t]*")
_CAPITALS = re.compile(r"[^a-z]*[A-Z][^a-z]*[A-Z][^a-z]*[A-Z][^a-z]*")
_LABEL = re.compile(r"[A-Z][\w'’/&,() -]*[:?]")
_LONGEST_HEADING = 90


def decode(data: bytes, declared: str = "") -> str:
    r"""The text of `data`, its line ends as `\n`: by byte order mark, as UTF-8, as `declared`, else by its statistics.

    Raises `UnreadableFile` for binary data and for an encoding that cannot be told.
    """
    return re.sub(r"\r\n?", "\n", _decode(data, declared))


def _decode(data: bytes, declared: str) -> str:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding, "replace")
    if bare := _bare_utf16(data):
        return data.decode(bare, "replace")
    if len(data) - len(data.translate(None, _CONTROLS)) > _MOST_CONTROLS * len(data):
        raise UnreadableFile(
            "The file holds binary data, not text.", "Give it the suffix of its real format, or export it as text."
        )
    text = data.decode("utf-8", "replace")
    damaged = text.count("\ufffd") - data.count(b"\xef\xbf\xbd")
    if damaged <= _MOST_DAMAGED * sum(not char.isascii() for char in text):
        return text
    try:
        return data.decode(declared)
    except (LookupError, UnicodeDecodeError):  # nothing declared, or wrongly
        return _guess(data)


def _bare_utf16(data: bytes) -> str | None:
    """UTF-16 without a mark: in most scripts nearly every second byte is then zero."""
    sample = data[:4096]
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    if min(even, odd) * 10 < max(even, odd) and max(even, odd) > len(sample) * 0.35:
        return "utf-16-le" if odd > even else "utf-16-be"
    return None


def _guess(data: bytes) -> str:
    from charset_normalizer import from_bytes

    found = from_bytes(data)
    best = found.best()
    if best is None:
        raise UnreadableFile("The text's encoding cannot be told.", "Save the file as UTF-8.")
    # Short western texts fit several code pages equally well: the common one wins a tie.
    western = any("cp1252" in match.could_be_from_charset and match.chaos <= best.chaos for match in found)
    return data.decode("cp1252" if western else best.encoding, "replace")


def read_plain(data: bytes, name: str) -> Document:
    """A text file; headings are its underlined lines, lines in capitals and labels on a line of their own."""
    text = decode(data)
    found = headings(text)
    title = found[0].title if found and found[0].level == 1 and not text[: found[0].start].strip("=-~# \n") else ""
    return Document(text=text, title=title, headings=found)


def headings(text: str) -> tuple[Heading, ...]:
    """Underlined lines (levels by order of their marks), then capitals, then labels, each after a blank line."""
    lines = text.split("\n")
    marks: list[str] = []
    found: list[tuple[str, str, int]] = []
    offset, before = 0, ""
    for line, after in zip(lines, [*lines[1:], ""], strict=True):
        mark = _mark(before, line, after)
        if mark:
            found.append((mark, line, offset))
            if mark not in ("capitals", "label", *marks):
                marks.append(mark)
        offset, before = offset + len(line) + 1, line
    ranks = [*marks, *(mark for mark in ("capitals", "label") if any(mark == kind for kind, _, _ in found))]
    return tuple(_heading(line, offset, min(ranks.index(mark) + 1, 6)) for mark, line, offset in found)


def _mark(before: str, line: str, after: str) -> str:
    """What makes `line` a heading: the character it is underlined with, `capitals`, `label`, or nothing."""
    title = line.strip()
    if not 2 < len(title) <= _LONGEST_HEADING or not any(map(str.isalpha, title)):
        return ""
    underline = _UNDERLINE.fullmatch(after)
    if underline and len(after) * 2 >= len(title) and (not before.strip() or _UNDERLINE.fullmatch(before)):
        return underline[1]
    if before.strip():
        return ""
    if _CAPITALS.fullmatch(title) and not _CAPITALS.fullmatch(after.strip()) and not title.endswith((".", ",", ";")):
        return "capitals"
    return "label" if _LABEL.fullmatch(title) and len(title.split()) <= 6 else ""


def _heading(line: str, offset: int, level: int) -> Heading:
    title = line.strip()
    start = offset + line.index(title)
    return Heading(level, title, start, start + len(title))
