"""The way in for one file: read → recognise → cut."""

from __future__ import annotations

import hashlib
import zlib
from pathlib import Path

from pydantic import TypeAdapter

from ingest.cut import Tokens, cut
from ingest.errors import UnreadableFile
from ingest.model import Document, Lesson, Prepared, Reading, Source
from ingest.readers import media_type, read
from ingest.recognise import recognise
from ingest.taxonomy import load_taxonomy

READING: TypeAdapter[Reading] = TypeAdapter(Reading)
"""Checks and converts readings that come from another process or from disk."""

REVISION = 4
"""Raised when readers or recognition find more than before, so that files indexed by an older version are read anew."""


def revision(taxonomy: Path | None) -> int:
    """A number that differs when the same file would be read in another way. Raises `BadSettings`."""
    if taxonomy is None:
        return REVISION
    load_taxonomy(taxonomy)
    return zlib.crc32(taxonomy.read_bytes(), REVISION)


def prepare(path: Path, data: bytes, tokens: Tokens, limit: int, mtime_ns: int = 0) -> Prepared:
    """Everything the library stores of one file, given its bytes.

    `limit` is the most tokens a passage may have, header included. Raises `UnreadableFile`.
    """
    return cut_reading(read_file(path, data, mtime_ns), tokens, limit)


def read_file(
    path: Path, data: bytes, mtime_ns: int = 0, taxonomy: Path | None = None, root: Path | None = None
) -> Reading:
    """The text and the lessons of a file, given its bytes, filed under the lists in the file `taxonomy` if given.

    `root` is the folder that was indexed, if the file lies in one.
    Raises `UnreadableFile`, or `BadSettings` for a taxonomy that cannot be used.
    """
    lists = load_taxonomy(taxonomy)
    document = read(path, data)
    try:
        lessons = document.lessons or recognise(document, path, lists, root)
        return _reading(document, lessons, path, data, mtime_ns, revision(taxonomy))
    except Exception as error:  # one odd file must not stop the others
        reason = f"The document cannot be processed ({type(error).__name__}: {error})."
        raise UnreadableFile(reason, "Save it anew, or as plain text, and index it again.") from error


def _reading(
    document: Document, lessons: tuple[Lesson, ...], path: Path, data: bytes, mtime_ns: int, reading: int
) -> Reading:
    source = Source(
        path=str(path),
        sha256=hashlib.sha256(data).hexdigest(),
        size=len(data),
        mtime_ns=mtime_ns,
        media_type=media_type(path),
        title=document.title or path.stem,
        text=document.text,
        page_starts=document.page_starts,
        page_names=document.page_names,
        warnings=document.warnings,
        reading=reading,
    )
    return Reading(source, lessons)


def cut_reading(reading: Reading, tokens: Tokens, limit: int) -> Prepared:
    """Cut the lessons that were read into passages of at most `limit` tokens."""
    source = reading.source
    document = Document(source.text, page_starts=source.page_starts, page_names=source.page_names)
    try:
        return Prepared(source, tuple((lesson, cut(document, lesson, tokens, limit)) for lesson in reading.lessons))
    except Exception as error:  # one odd file must not stop the others
        reason = f"The document cannot be cut into passages ({type(error).__name__}: {error})."
        raise UnreadableFile(reason, "Save it anew, or as plain text, and index it again.") from error
