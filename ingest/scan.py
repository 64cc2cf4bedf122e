"""Find the files of folders, and say of those left out why."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ingest.errors import PathNotFound
from ingest.readers import supported

UNREAD_DOCUMENTS = {
    ".doc": "DOCX", ".ppt": "PDF", ".pptx": "PDF", ".xls": "CSV", ".xlsx": "CSV", ".odt": "DOCX", ".ods": "CSV",
    ".odp": "PDF", ".rtf": "DOCX", ".epub": "HTML", ".msg": "PDF", ".eml": "PDF", ".pages": "PDF",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Problem:
    """A file, what is wrong with it, and what its owner can do."""

    path: str
    reason: str
    remedy: str


@dataclass(frozen=True, slots=True)
class File:
    """A file found; `path` is absolute."""

    path: Path
    size: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class Scan:
    """What the given paths hold: files to read, documents that cannot be read, and what was skipped.

    What `unlisted` folders hold cannot be told: they could not be opened.
    """

    roots: tuple[Path, ...]
    files: tuple[File, ...]
    failed: tuple[Problem, ...]
    skipped: tuple[Problem, ...]
    unlisted: tuple[Path, ...] = ()


def scan(paths: Sequence[Path]) -> Scan:
    """Every file at or below `paths`, sorted, each once. Raises `PathNotFound`.

    Hidden files and folders, the lock files of office programs and symbolic links are left out.
    """
    roots = tuple(dict.fromkeys(Path(os.path.abspath(path.expanduser())) for path in paths))  # noqa: PTH100 - resolve() would follow links
    for root in roots:
        if not os.path.lexists(root):
            raise PathNotFound(f"{root} does not exist.", "Check the path; nothing was changed in the library.")
    files: dict[Path, File] = {}
    failed: list[Problem] = []
    unlisted: list[OSError] = []
    others: Counter[tuple[Path, str]] = Counter()
    for root in roots:
        for path in sorted(_walk(root, unlisted.append)):
            suffix = path.suffix.lower()
            if not _is_utf8(path):
                name = os.fsencode(path).decode("utf-8", "replace")
                failed.append(Problem(name, "The file's name is not valid UTF-8.", "Rename the file."))
            elif supported(path):
                try:
                    stat = path.stat()
                except OSError as error:
                    failed.append(Problem(str(path), f"The file cannot be opened: {error.strerror}.", "Try again."))
                    continue
                files[path] = File(path, stat.st_size, stat.st_mtime_ns)
            elif suffix in UNREAD_DOCUMENTS or path == root:
                wanted = UNREAD_DOCUMENTS.get(suffix, "PDF")
                failed.append(Problem(str(path), f"{suffix or 'This'} files are not read.", f"Save it as {wanted}."))
            else:
                others[root, suffix or "extensionless"] += 1
    skipped = tuple(
        Problem(str(root), f"{count} {suffix} files were skipped.", "They are not in a document format.")
        for (root, suffix), count in others.items()
    )
    for fault in unlisted:
        reason = f"The folder cannot be opened: {fault.strerror}."
        failed.append(Problem(str(fault.filename), reason, "Check that you may read it; its records were kept."))
    closed = tuple(Path(fault.filename) for fault in unlisted)
    return Scan(roots, tuple(files.values()), tuple(dict.fromkeys(failed)), skipped, closed)


def _is_utf8(path: Path) -> bool:
    try:
        str(path).encode()
    except UnicodeEncodeError:
        return False
    return True


def _walk(root: Path, on_error: Callable[[OSError], None]) -> Iterable[Path]:
    if root.is_file():
        yield root
        return
    for folder, folders, names in os.walk(root, onerror=on_error):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            path = Path(folder, name)
            if not name.startswith((".", "~$")) and path.is_file() and not path.is_symlink():
                yield path
