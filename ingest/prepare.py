"""The way in for one file: read → recognise → cut."""

from __future__ import annotations

import hashlib
from pathlib import Path

from ingest.cut import Tokens, cut
from ingest.errors import UnreadableFile
from ingest.model import Document, Prepared, Source
from ingest.readers import media_type, read
from ingest.recognise import recognise


def prepare(path: Path, data: bytes, tokens: Tokens, limit: int, mtime_ns: int = 0) -> Prepared:
    """Everything the library stores of one file, given its bytes.

    `limit` is the most tokens a passage may have, header included. Raises `UnreadableFile`.
    """
    document = read(path, data)
    try:
        return prepare_document(document, path, data, tokens, limit, mtime_ns)
    except Exception as error:  # one odd file must not stop the others
        reason = f"The document cannot be processed ({type(error).__name__}: {error})."
        raise UnreadableFile(reason, "Save it anew, or as plain text, and index it again.") from error


def prepare_document(
    document: Document, path: Path, data: bytes, tokens: Tokens, limit: int, mtime_ns: int = 0
) -> Prepared:
    """The same for a document that is already read."""
    lessons = recognise(document, path)
    source = Source(
        path=str(path),
        sha256=hashlib.sha256(data).hexdigest(),
        size=len(data),
        mtime_ns=mtime_ns,
        media_type=media_type(path),
        title=document.title or path.stem,
        text=document.text,
        page_starts=document.page_starts,
        warnings=document.warnings,
    )
    return Prepared(source, tuple((lesson, cut(document, lesson, tokens, limit)) for lesson in lessons))
