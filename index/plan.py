"""What differs between folders and the library, before anything is done about it.

A file counts as changed, too, when another version of the program read it, or by another taxonomy.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from index.catalogue import Known
from ingest.prepare import revision
from ingest.scan import File, Problem, Scan, absolute
from ingest.settings import IngestSettings

READABLE = "Check that you may read it and that the disk is there."


@dataclass(frozen=True, slots=True)
class Area:
    """Where a scan would have found a file: below its `roots`, but not in folders that are `unlisted`.

    What lies in the `library` itself is looked for only by a root that lies there too: other roots pass over it.
    """

    roots: tuple[Path, ...] = ()
    unlisted: tuple[Path, ...] = ()
    library: tuple[Path, ...] = ()

    def holds(self, path: Path) -> bool:
        """Whether the file would have been found if it were there."""
        return any(self.is_below(path, root) for root in self.roots)

    def is_below(self, path: Path, root: Path) -> bool:
        """Whether it would have been found from this root."""
        if not path.is_relative_to(root) or any(path.is_relative_to(folder) for folder in self.unlisted):
            return False
        own = [folder for folder in self.library if path.is_relative_to(folder)]
        return not own or any(root.is_relative_to(folder) for folder in own)


@dataclass(slots=True)
class Plan:
    """`renamed` pairs the old path with the file; `touched` files have a new time and the old content.

    `area` is where what is not there is known to be gone.
    """

    added: list[File] = field(default_factory=list)
    changed: list[File] = field(default_factory=list)
    renamed: list[tuple[str, File]] = field(default_factory=list)
    touched: list[File] = field(default_factory=list)
    unchanged: int = 0
    removed: list[str] = field(default_factory=list)
    failed: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    area: Area = Area()


def plan(known: Mapping[str, Known], found: Scan, settings: IngestSettings, library: Path | None = None) -> Plan:
    """Compare what was found with what is `known`, by path, then size and time, then content.

    `library` is the library's own folder, in which files may lie that were uploaded to it. A folder with no document
    left is taken for an unmounted disk: it is reported and its records stay. Raises `BadSettings` for a taxonomy that
    cannot be used.
    """
    reading = revision(settings.taxonomy)
    own = (absolute(library), absolute(library).resolve()) if library else ()
    area = Area(found.roots, found.unlisted, own)
    out = Plan(failed=list(found.failed), warnings=list(found.skipped))
    unmounted: set[Path] = set()
    here = {str(file.path) for file in found.files}
    for root in filter(Path.is_dir, found.roots):
        below = [path for path in known if area.is_below(Path(path), root)]
        if any(file.path.is_relative_to(root) for file in found.files):
            out.removed += [path for path in below if path not in here]
        else:
            out.failed.append(_empty(root, len(below)))
            unmounted |= {root} if below else set()
    out.area = replace(area, roots=tuple(root for root in found.roots if root not in unmounted))
    out.removed = list(dict.fromkeys(out.removed))
    by_content: dict[str, list[str]] = {}
    for path, one in known.items():
        by_content.setdefault(one.sha256 + Path(path).suffix.lower(), []).append(path)
    for file in found.files:
        before = known.get(str(file.path))
        if before and (before.size, before.mtime_ns, before.reading) == (file.size, file.mtime_ns, reading):
            out.unchanged += 1
        elif file.size > settings.max_file_mb * 1_000_000:
            reason = f"The file has {file.size / 1e6:.0f} MB, the limit is {settings.max_file_mb} MB."
            remedy = "Raise the limit with LESSONS_MAX_FILE_MB, or split the file."
            out.failed.append(Problem(str(file.path), reason, remedy))
        else:
            _compare_content(out, known, by_content, file, reading)
    return out


def _compare_content(
    out: Plan, known: Mapping[str, Known], by_content: dict[str, list[str]], file: File, reading: int
) -> None:
    try:
        with file.path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        out.failed.append(Problem(str(file.path), f"The file cannot be opened: {error.strerror}.", READABLE))
        return
    before = known.get(str(file.path))
    # Under another suffix it is another format.
    same = by_content.setdefault(digest + file.path.suffix.lower(), [])
    moved = [path for path in same if path in out.removed or not _is_there(path)]
    copied = [path for path in same if path not in known or _is_untouched(known[path])]
    if before:
        same_as_before = (before.sha256, before.reading) == (digest, reading)
        (out.touched if same_as_before else out.changed).append(file)
        out.unchanged += same_as_before
    elif moved:
        if moved[0] in out.removed:
            out.removed.remove(moved[0])
        same.remove(moved[0])
        out.renamed.append((moved[0], file))
    elif copied:
        out.warnings.append(Problem(str(file.path), f"The same content as {copied[0]}.", "It is indexed once."))
    else:
        out.added.append(file)
        same.append(str(file.path))


def _is_there(path: str) -> bool:
    """Whether a file exists, as far as one may know."""
    try:
        return Path(path).exists()
    except OSError:
        return True


def _is_untouched(one: Known) -> bool:
    try:
        stat = Path(one.path).stat()
    except OSError:
        return False
    return (stat.st_size, stat.st_mtime_ns) == (one.size, one.mtime_ns)


def _empty(root: Path, known: int) -> Problem:
    if not known:
        return Problem(str(root), "The folder holds no document.", "Give a folder with documents in a format we read.")
    reason = f"The folder holds no document now, but {known} in the library come from it; they were kept."
    return Problem(str(root), reason, f"If they are gone for good, run: lessons remove {root}")
