"""Find the files of folders, and say of those left out why."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ingest.errors import PathNotFound
from ingest.ignore import NAME as RULES_FILE
from ingest.ignore import Rules
from ingest.readers import supported

UNREAD_DOCUMENTS = {
    ".docm": "DOCX", ".dotx": "DOCX", ".wpd": "DOCX", ".pages": "DOCX", ".ppsx": "PPTX",
    ".xlsb": "XLSX", ".numbers": "XLSX", ".mht": "HTML", ".mhtml": "HTML", ".mobi": "EPUB", ".azw3": "EPUB",
    ".djvu": "PDF", ".xps": "PDF", ".vsdx": "PDF",
}  # fmt: skip

_HIDDEN = (".", "~$")  # the latter, and `.~lock.`, are the lock files of office programs
_LITTER = frozenset({"thumbs.db", "ehthumbs.db", "desktop.ini"})  # what Windows leaves in folders
_NAMED = 5  # links that a message names


@dataclass(frozen=True, slots=True)
class Problem:
    """A file, what is wrong with it, and what its owner can do."""

    path: str
    reason: str
    remedy: str


@dataclass(frozen=True, slots=True)
class File:
    """A file found; `path` is absolute. `root` is the folder given that it lies in, None for a file given itself."""

    path: Path
    size: int
    mtime_ns: int
    root: Path | None = None


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


def absolute(path: Path) -> Path:
    """The path as the library knows files: from the root, `~` and `..` worked out, links left as they are."""
    return Path(os.path.abspath(path.expanduser()))  # noqa: PTH100 - resolve() would follow links


def existing(paths: Sequence[Path]) -> tuple[Path, ...]:
    """The paths as the library knows them, each once. Raises `PathNotFound`."""
    roots = tuple(dict.fromkeys(map(absolute, paths)))
    for root in roots:
        if not os.path.lexists(root):
            raise PathNotFound(f"{root} does not exist.", "Check the path; nothing was changed in the library.")
    return roots


def scan(paths: Sequence[Path]) -> Scan:
    """Every file at or below `paths`, sorted, each once. Raises `PathNotFound`.

    Hidden files and folders, the lock files of office programs and what a `.lessonsignore` names are left out. A
    symbolic link is followed where it leads to something below the same path that is not found anyway.
    """
    roots = existing(paths)
    files: dict[Path, File] = {}
    failed: list[Problem] = []
    skipped: list[Problem] = []
    unlisted: list[Path] = []
    for root in roots:
        walk = _Walk(root)
        others: Counter[str] = Counter()
        for path, stat in walk.files():
            suffix = path.suffix.lower()
            if not _is_utf8(path):
                failed.append(Problem(_printable(path), "The file's name is not valid UTF-8.", "Rename the file."))
            elif supported(path):
                folder = root if path != root else None
                known = files.get(path)
                if known is None or _nearer(folder, known.root):
                    files[path] = File(path, stat.st_size, stat.st_mtime_ns, folder)
            elif suffix in UNREAD_DOCUMENTS or path == root:
                wanted = UNREAD_DOCUMENTS.get(suffix, "PDF")
                failed.append(Problem(str(path), f"{suffix or 'This'} files are not read.", f"Save it as {wanted}."))
            else:
                others[suffix or "extensionless"] += 1
        failed += walk.failed
        unlisted += walk.unlisted
        skipped += [
            Problem(str(root), f"{count} {suffix} files were skipped.", "They are not in a document format.")
            for suffix, count in others.items()
        ]
        if walk.outward:
            skipped.append(_outward(root, walk.outward))
    return Scan(roots, tuple(files.values()), tuple(dict.fromkeys(failed)), tuple(skipped), tuple(unlisted))


def passed_over(name: str) -> bool:
    """Whether a file or folder of this name is left out wherever it lies."""
    return name.startswith(_HIDDEN) or name.lower() in _LITTER


def _nearer(folder: Path | None, other: Path | None) -> bool:
    """Whether a folder that holds a file is further down than another one that does."""
    return folder is not None and (other is None or len(folder.parts) > len(other.parts))


class _Walk:
    """One walk over a folder: real files first, so that a link to one of them adds nothing."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.real_root = os.path.realpath(root)
        self.failed: list[Problem] = []
        self.unlisted: list[Path] = []
        self.outward: list[str] = []
        self._links: list[tuple[str, Rules | None]] = []
        self._seen: set[str] = set()

    def files(self) -> Iterator[tuple[Path, os.stat_result]]:
        """The files to be read or reported, with their size and time, by path; those behind links come last."""
        if not self.root.is_dir():
            if self.root.is_file():
                yield self.root, self.root.stat()
            return
        yield from self._folder(str(self.root), self.real_root, None)
        while self._links:
            yield from self._follow(*self._links.pop(0))

    def _folder(self, folder: str, real: str, rules: Rules | None) -> Iterator[tuple[Path, os.stat_result]]:
        """The files at and below `folder`; `real` is the same folder without links."""
        if real in self._seen:
            return
        self._seen.add(real)
        try:
            with os.scandir(folder) as entries:
                found = sorted(entries, key=lambda entry: entry.name)
            if any(entry.name == RULES_FILE and entry.is_file() for entry in found):
                rules = Rules.load(Path(folder, RULES_FILE), len(self._relative(folder, is_folder=True)), rules)
        except FileNotFoundError:  # gone since its parent was listed
            return
        except OSError as error:
            self._cannot_open(folder, error)
            return
        for entry in found:
            if not passed_over(entry.name):
                yield from self._entry(entry, os.path.join(real, entry.name), rules)  # noqa: PTH118 - 10 times faster

    def _entry(self, entry: os.DirEntry[str], real: str, rules: Rules | None) -> Iterator[tuple[Path, os.stat_result]]:
        is_link = entry.is_symlink()
        is_folder = os.path.isdir(entry) if is_link else entry.is_dir()  # noqa: PTH112 - is_dir() fails on a circle
        if rules and rules.leave_out(self._relative(entry.path, is_folder=is_folder)):
            return
        if is_link:
            self._links.append((entry.path, rules))
        elif is_folder:
            yield from self._folder(entry.path, real, rules)
        elif entry.is_file():
            yield from self._file(entry.path, real, entry)

    def _follow(self, link: str, rules: Rules | None) -> Iterator[tuple[Path, os.stat_result]]:
        real = os.path.realpath(link)
        if real != self.real_root and not real.startswith(os.path.join(self.real_root, "")):  # noqa: PTH118
            self.outward.append(self._relative(link))
        elif os.path.isdir(real):  # noqa: PTH112
            yield from self._folder(link, real, rules)
        elif os.path.isfile(real):  # noqa: PTH113
            yield from self._file(link, real, Path(real))

    def _file(self, path: str, real: str, it: os.DirEntry[str] | Path) -> Iterator[tuple[Path, os.stat_result]]:
        if real in self._seen:
            return
        self._seen.add(real)
        try:
            yield Path(path), it.stat()
        except FileNotFoundError:  # gone since its folder was listed
            return
        except OSError as error:
            reason = f"The file cannot be opened: {error.strerror}."
            self.failed.append(Problem(_printable(path), reason, "Try again."))

    def _cannot_open(self, folder: str, error: OSError) -> None:
        self.unlisted.append(Path(folder))
        reason = f"The folder cannot be opened: {error.strerror}."
        remedy = "Check that you may read it; its records were kept."
        self.failed.append(Problem(_printable(folder), reason, remedy))

    def _relative(self, path: str, *, is_folder: bool = False) -> str:
        """The path from the root on, with forward slashes; a folder's ends in one."""
        below = path[len(str(self.root)) :].replace(os.sep, "/").lstrip("/")
        return f"{below}/" if is_folder and below else below


def _outward(root: Path, links: Sequence[str]) -> Problem:
    names = ", ".join(map(_printable, links[:_NAMED])) + (", …" if len(links) > _NAMED else "")
    count = "1 link leads" if len(links) == 1 else f"{len(links)} links lead"
    reason = f"{count} out of the folder and {'was' if len(links) == 1 else 'were'} not followed: {names}."
    return Problem(str(root), reason, "To index what they lead to, name it beside the folder.")


def _is_utf8(path: Path) -> bool:
    try:
        str(path).encode()
    except UnicodeEncodeError:
        return False
    return True


def _printable(path: str | Path) -> str:
    return os.fsencode(path).decode("utf-8", "replace")
