"""Files that were uploaded to the library: kept below its folder, one folder for each collection."""

from __future__ import annotations

import hashlib
import itertools
import os
import re
import time
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePath
from threading import Lock
from typing import Protocol
from uuid import uuid4

from index.database import REMEDY
from ingest.errors import LibraryError, UsageError
from ingest.readers import READERS, supported
from ingest.scan import absolute, passed_over

FOLDER = "uploads"
UNNAMED = "Uploads"
"""The collection of files that are given none."""
LONGEST = 180  # bytes of a name; systems take 255, and a number may come behind
_CHUNK = 1 << 20
_PART = ".part-"  # begins the names of files that are not whole yet; who looks for documents passes over it
_FORGOTTEN = 86_400  # seconds after which a part is nobody's any more
_UNSAFE = re.compile(r'[<>:"|?*/\\]+')
_RESERVED = re.compile(r"(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[\d¹²³])\s*(?:\.|$)", re.I)  # by Windows
_JOINERS = "\u200c\u200d"  # some scripts cannot be written without


class UploadRefused(UsageError):
    """A file that is not taken."""


class Stream(Protocol):
    """What the bytes come from."""

    def read(self, size: int, /) -> bytes: ...


class Uploads:
    """The uploads of the library in `library_folder`; may be used from several threads.

    `most_bytes` is the largest file taken, `most_files` how many are kept in all.
    """

    def __init__(self, library_folder: Path, most_bytes: int, most_files: int) -> None:
        self.folder = absolute(library_folder) / FOLDER
        self._most_bytes = most_bytes
        self._most_files = most_files
        self._lock = Lock()
        for part in self.folder.glob(f"{_PART}*"):  # of a server that was killed
            with suppress(OSError):
                if time.time() - part.stat().st_mtime > _FORGOTTEN:
                    part.unlink()

    def keep(self, name: str, stream: Stream, collection: str = "") -> Path:
        """Store a file whole or not at all; its path is that of the library's source once it is indexed.

        A name that is taken gets a number, unless it is the same file. Raises `UploadRefused` for what is not taken,
        and `LibraryError` when the disk refuses.
        """
        name = _file_name(name)
        folder = self.folder / self.collection_of(collection)
        try:
            with self._part() as part:
                digest = self._write(stream, part)
                with self._lock:
                    return self._settle(part, digest, folder, name)
        except OSError as error:
            raise LibraryError(f"The file cannot be stored: {error.strerror or error}.", REMEDY) from error

    def collection_of(self, name: str) -> str:
        """The collection that an upload into one of that name belongs to: its folder's name."""
        return _safe(name) or UNNAMED

    def remove(self, path: Path) -> None:
        """Delete an uploaded file; take it out of the library too, with `Library.remove`.

        Raises `UploadRefused` for any other file, and `LibraryError` when the disk refuses.
        """
        if not self.holds(path):
            raise UploadRefused(f"{path} was not uploaded here.", "Only uploaded files can be deleted from this page.")
        path = absolute(path)
        try:
            with self._lock:
                path.unlink(missing_ok=True)
                with suppress(OSError):  # it holds others
                    path.parent.rmdir()
        except OSError as error:
            raise LibraryError(f"The file cannot be deleted: {error.strerror or error}.", REMEDY) from error

    def holds(self, path: Path) -> bool:
        """Whether the path is that of an uploaded file, or of one that was deleted meanwhile."""
        path = absolute(path)
        home = self.folder.resolve()
        return path.parent.resolve() == home / path.parent.name and path.parent.name != "" and not path.is_dir()

    def roots(self) -> list[Path]:
        """What to sync so that each file belongs to its collection: all uploads, then the folder of each collection."""
        folders = sorted({file.parent for file in self._files()})
        return [self.folder, *folders] if folders else []

    def _files(self) -> list[Path]:
        return [file for file in self.folder.glob("*/*") if not passed_over(file.name) and file.is_file()]

    @contextmanager
    def _part(self) -> Iterator[Path]:
        self.folder.mkdir(parents=True, exist_ok=True)
        part = self.folder / f"{_PART}{uuid4().hex}"
        try:
            yield part
        finally:
            part.unlink(missing_ok=True)

    def _write(self, stream: Stream, part: Path) -> str:
        """Returns the hash of the content."""
        digest, size = hashlib.sha256(), 0
        with part.open("xb") as file:
            while chunk := stream.read(_CHUNK):
                size += len(chunk)
                if size > self._most_bytes:
                    reason = f"The file has more than {_amount(self._most_bytes)}, which is the most that is taken."
                    raise UploadRefused(reason, "Split it, or put it into a folder that is indexed on the server.")
                digest.update(chunk)
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
        if not size:
            raise UploadRefused("The file is empty (0 bytes).", "Check that it is the right file.")
        return digest.hexdigest()

    def _settle(self, part: Path, digest: str, folder: Path, name: str) -> Path:
        """Give the whole file its name."""
        for number in itertools.count(1):
            target = folder / _numbered(name, number)
            if not os.path.lexists(target):
                break
            if _has(target, digest):
                return target
        if len(self._files()) >= self._most_files:
            reason = f"{self._most_files:,} files are kept already, which is the most."
            raise UploadRefused(reason, "Delete some of them, or index a folder on the server.")
        folder.mkdir(exist_ok=True)
        if not self.holds(target):
            raise UploadRefused(f"The collection {folder.name} leads elsewhere.", "Choose another collection.")
        part.rename(target)
        return target


def _file_name(name: str) -> str:
    """A name that every system takes and that a scan finds. Raises `UploadRefused` for a format that is not read."""
    safe = _safe(re.split(r"[/\\]", name)[-1], keep_suffix=True)
    if not supported(PurePath(safe)):
        raise UploadRefused(
            f"{PurePath(safe).suffix or 'Such'} files are not read.",
            f"Save it in one of these formats: {' '.join(sorted(READERS))}.",
        )
    return safe


def _safe(name: str, *, keep_suffix: bool = False) -> str:
    """A name for one file or folder; "" where nothing is left of it."""
    seen = (letter for letter in " ".join(name.split()) if letter in _JOINERS or not _is_control(letter))
    text = _UNSAFE.sub("-", unicodedata.normalize("NFC", "".join(seen))).lstrip(".~ ").rstrip(". ")
    if _RESERVED.match(text) or passed_over(text):
        text = f"_{text}"
    suffix = PurePath(text).suffix if keep_suffix else ""
    stem = text.removesuffix(suffix).encode()[: max(0, LONGEST - len(suffix.encode()))].decode("utf-8", "ignore")
    return stem.rstrip(". ") + suffix


def _is_control(letter: str) -> bool:
    """Neither seen nor stored: controls, marks that turn the direction, halves of characters."""
    return unicodedata.category(letter) in ("Cc", "Cf", "Cs")


def _numbered(name: str, number: int) -> str:
    path = PurePath(name)
    return name if number == 1 else f"{path.stem} ({number}){path.suffix}"


def _has(path: Path, digest: str) -> bool:
    """Whether a file has that content."""
    if path.is_symlink() or not path.is_file():
        return False
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == digest


def _amount(size: int) -> str:
    return f"{size / 1e6:,.0f} MB" if size >= 1_000_000 else f"{size:,} bytes"
