"""Find the files of folders, and say of those left out why."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Sequence
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
    """What the given paths hold: files to read, documents in a format that is not read, and what was skipped."""

    roots: tuple[Path, ...]
    files: tuple[File, ...]
    failed: tuple[Problem, ...]
    skipped: tuple[Problem, ...]


def scan(paths: Sequence[Path]) -> Scan:
    """Every file at or below `paths`, sorted, each once. Raises `PathNotFound`.

    Hidden files and folders, the lock files of office programs and symbolic links are left out.
    """
    roots = tuple(dict.fromkeys(path.expanduser().absolute() for path in paths))
    for root in roots:
        if not root.exists():
            raise PathNotFound(f"{root} does not exist.", "Check the path; nothing was changed in the library.")
    files: dict[Path, File] = {}
    failed: list[Problem] = []
    others: Counter[tuple[Path, str]] = Counter()
    for root in roots:
        for path in sorted(_walk(root)):
            suffix = path.suffix.lower()
            if supported(path):
                stat = path.stat()
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
    return Scan(roots, tuple(files.values()), tuple(dict.fromkeys(failed)), skipped)


def _walk(root: Path) -> Iterable[Path]:
    if root.is_file():
        yield root
        return
    for folder, folders, names in os.walk(root):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            path = Path(folder, name)
            if not name.startswith((".", "~$")) and path.is_file() and not path.is_symlink():
                yield path
