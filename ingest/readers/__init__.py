"""Readers: a file's bytes → a `Document`, one small module for each format."""

from __future__ import annotations

import mimetypes
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import PurePath

from ingest.errors import UnreadableFile
from ingest.model import Document
from ingest.readers import plugins
from ingest.readers.docx import read_docx
from ingest.readers.epub import read_epub
from ingest.readers.html import read_html
from ingest.readers.legacy import read_legacy
from ingest.readers.mail import read_eml
from ingest.readers.markdown import read_markdown
from ingest.readers.msg import read_msg
from ingest.readers.opendocument import read_odp, read_ods, read_odt
from ingest.readers.pdf import read_pdf
from ingest.readers.plain import read_plain
from ingest.readers.pptx import read_pptx
from ingest.readers.records import read_delimited, read_json, read_json_lines
from ingest.readers.rtf import read_rtf
from ingest.readers.xlsx import read_xlsx

Reader = Callable[[bytes, str], Document]
"""Takes a file's bytes and its name. Raises `UnreadableFile`; whatever else it raises, `read` turns into that."""

_OPEN_XML = "application/vnd.openxmlformats-officedocument."
_OPEN_DOCUMENT = "application/vnd.oasis.opendocument."


def _read_image(data: bytes, name: str) -> Document:
    from ingest.readers.ocr import read_image  # here, as most libraries hold no pictures

    return read_image(data, name)


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
    ".docx": (read_docx, f"{_OPEN_XML}wordprocessingml.document"),
    ".doc": (read_legacy, "application/msword"),
    ".odt": (read_odt, f"{_OPEN_DOCUMENT}text"),
    ".rtf": (read_rtf, "application/rtf"),
    ".pptx": (read_pptx, f"{_OPEN_XML}presentationml.presentation"),
    ".pptm": (read_pptx, "application/vnd.ms-powerpoint.presentation.macroenabled.12"),
    ".ppt": (read_legacy, "application/vnd.ms-powerpoint"),
    ".odp": (read_odp, f"{_OPEN_DOCUMENT}presentation"),
    ".xlsx": (read_xlsx, f"{_OPEN_XML}spreadsheetml.sheet"),
    ".xlsm": (read_xlsx, "application/vnd.ms-excel.sheet.macroenabled.12"),
    ".xls": (read_legacy, "application/vnd.ms-excel"),
    ".ods": (read_ods, f"{_OPEN_DOCUMENT}spreadsheet"),
    ".eml": (read_eml, "message/rfc822"),
    ".msg": (read_msg, "application/vnd.ms-outlook"),
    ".epub": (read_epub, "application/epub+zip"),
    ".png": (_read_image, "image/png"),
    ".jpg": (_read_image, "image/jpeg"),
    ".jpeg": (_read_image, "image/jpeg"),
    ".tif": (_read_image, "image/tiff"),
    ".tiff": (_read_image, "image/tiff"),
    ".csv": (read_delimited, "text/csv"),
    ".tsv": (read_delimited, "text/tab-separated-values"),
    ".jsonl": (read_json_lines, "application/jsonl"),
    ".ndjson": (read_json_lines, "application/x-ndjson"),
    ".json": (read_json, "application/json"),
}
READERS: dict[str, Reader] = {suffix: reader for suffix, (reader, _) in _FORMATS.items()} | plugins.installed()
"""By suffix; a reader that an installed package brings replaces ours."""

_UNSTORABLE = re.compile(r"[\ud800-\udfff\0]")  # halves of characters, and what ends a text in SQL


def supported(path: PurePath) -> bool:
    """Whether the file's suffix names a format that can be read."""
    return path.suffix.lower() in READERS


def media_type(path: PurePath) -> str:
    """The media type by suffix; `application/octet-stream` where it is not known or the format is not read."""
    suffix = path.suffix.lower()
    known = _FORMATS[suffix][1] if suffix in _FORMATS else mimetypes.guess_type(f"file{suffix}", strict=False)[0]
    return known if known and supported(path) else "application/octet-stream"


def read(path: PurePath, data: bytes) -> Document:
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
    return replace(document, text=_UNSTORABLE.sub("\ufffd", document.text))
