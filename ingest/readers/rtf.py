"""Rich text: the text alone; rows of tables are told by the mark between their cells."""

from __future__ import annotations

import re

from ingest.errors import UnreadableFile
from ingest.model import Document
from ingest.readers.plain import headings
from ingest.readers.properties import hidden_text

_HIDDEN = re.compile(r"\\v(?![a-z0-9])[^{}]*?(?=\\v0|\\plain|[{}])")
"""Hidden text, up to where it is shown again or its group ends."""


def read_rtf(data: bytes, name: str) -> Document:
    """An `.rtf` file; headings are found as in plain text. Raises `UnreadableFile`."""
    from striprtf.striprtf import rtf_to_text

    if not data.lstrip().startswith(b"{\\rtf"):
        raise UnreadableFile("The file is no rich text.", "Give it the suffix of its real format.")
    shown, unseen = _HIDDEN.subn("", data.decode("latin-1"))
    plain: str = rtf_to_text(shown, errors="replace")  # type: ignore[no-untyped-call]
    text = "\n".join(map(_line, plain.split("\n"))).strip()
    found = headings(text)
    title = found[0].title if found and found[0].level == 1 and not text[: found[0].start].strip() else ""
    return Document(text, title, headings=found, warnings=hidden_text(len(data) - len(shown) if unseen else 0))


def _line(line: str) -> str:
    """A row, whose every cell ends with a bar, with its bars between the cells."""
    if "|" in line[:-1] and line.endswith("|"):
        return " | ".join(" ".join(cell.split()) for cell in line[:-1].split("|"))
    return line.rstrip()
