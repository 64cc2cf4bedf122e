"""Readers: a file's bytes → a `Document`, one small module for each format."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from ingest.errors import UnreadableFile
from ingest.model import Document
from ingest.readers.docx import read_docx
from ingest.readers.html import read_html
from ingest.readers.markdown import read_markdown
from ingest.readers.pdf import read_pdf
from ingest.readers.plain import read_plain
from ingest.readers.records import read_delimited, read_json, read_json_lines

Reader = Callable[[bytes, str], Document]
"""Takes a file's bytes and its name. Raises `UnreadableFile`; whatever else it raises, `read` turns into that."""

_FORMATS: dict[str, tuple[Reader, str]] = {
    ".pdf": (read_pdf, "application/pdf"),
    ".md": (read_markdown, "text/markdown"),
    ".markdown": (read_markdown, "text/markdown"),
    ".txt": (read_plain, "text/plain"),
    ".text": (read_plain, "text/plain"),
    ".rst": (read_plain, "text/x-rst"),
    ".log": (read_plain, "text/plain"),
    ".html": (read_html, "text/html"),
    ".htm": (read_html, "text/html"),
    ".docx": (read_docx, "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    ".csv": (read_delimited, "text/csv"),
    ".tsv": (read_delimited, "text/tab-separated-values"),
    ".jsonl": (read_json_lines, "application/jsonl"),
    ".ndjson": (read_json_lines, "application/x-ndjson"),
    ".json": (read_json, "application/json"),
}
READERS: dict[str, Reader] = {suffix: reader for suffix, (reader, _) in _FORMATS.items()}

_SURROGATES = re.compile(r"[\ud800-\udfff]")


def supported(path: Path) -> bool:
    """Whether the file's suffix names a format that can be read."""
    return path.suffix.lower() in READERS


def media_type(path: Path) -> str:
    """The media type by suffix; `application/octet-stream` for a format that is not read."""
    return _FORMATS[path.suffix.lower()][1] if supported(path) else "application/octet-stream"


def read(path: Path, data: bytes) -> Document:
    """The document in `data`, by the reader for the suffix of `path`; the file itself is not touched.

    Raises `UnreadableFile` for an unknown format, and for a file that is empty, broken, locked or without text.
    """
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise UnreadableFile(
            f"There is no reader for {path.suffix or 'a file without a suffix'}.",
            f"Save it in one of these formats: {' '.join(READERS)}.",
        )
    if not data:
        raise UnreadableFile("The file is empty (0 bytes).", "Get it again from its source, or delete it.")
    try:
        document = reader(data, path.name)
    except UnreadableFile:
        raise
    except Exception as error:  # a parser may raise anything on a damaged file, and the other files must go on
        cause = " ".join(f"{type(error).__name__}: {error}".split())[:300]
        raise UnreadableFile(
            f"The file is damaged or not what its suffix says ({cause}).",
            "Open it in the program it was made with and save it again.",
        ) from error
    if not document.text.strip():
        raise UnreadableFile("The file holds no text.", "Check that it is the right file.")
    return replace(document, text=_SURROGATES.sub("\ufffd", document.text))
