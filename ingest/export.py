"""Write records out: to one JSON Lines file, or to a folder with a Markdown file for each."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from ingest.errors import UsageError
from ingest.exchange import to_markdown, to_row
from ingest.model import Lesson

Format = Literal["jsonl", "markdown"]
Item = tuple[Lesson, str, str]
"""A lesson whose spans point into its source's text, the lesson's own text, and the path of its source."""

_UNSAFE = re.compile(r"[^A-Za-z0-9_-]+")
_RESERVED = re.compile(r"con|prn|aux|nul|com\d|lpt\d", re.I)  # names of devices on Windows
_LONGEST_NAME = 80
_LINE_ENDS = {0x85: r"\u0085", 0x2028: r"\u2028", 0x2029: r"\u2029"}  # for programs that take these for line ends


def export(items: Iterable[Item], target: Path, form: Format) -> int:
    """Write records to a new `.jsonl` file or into a new or empty folder. Returns how many.

    Nothing is left behind if it fails. Raises `UsageError` where something is in the way, or no record comes.
    """
    write = _write_markdown if form == "markdown" else _write_json_lines
    try:
        _check(target, form)
        target.parent.mkdir(parents=True, exist_ok=True)
        with _staged(target) as staged:
            count = write(items, staged)
            if not count:
                raise UsageError("There is no such record: nothing was written.", "Check the filters: lessons status")
    except OSError as error:
        reason = f"{target} cannot be written: {error.strerror}."
        raise UsageError(reason, "Choose another place, or make room there.") from error
    return count


def file_name(lesson_id: str, taken: set[str]) -> str:
    """A name for the record's file that every system takes, not among `taken` (in lower case), to which it is added."""
    plain = _UNSAFE.sub("-", lesson_id).strip("-")
    if not plain or len(plain) > _LONGEST_NAME or _RESERVED.fullmatch(plain) or plain.lower() in taken:
        plain = f"{plain[:_LONGEST_NAME] or 'record'}-{hashlib.sha256(lesson_id.encode()).hexdigest()[:12]}"
    taken.add(plain.lower())
    return f"{plain}.md"


def _check(target: Path, form: Format) -> None:
    if form == "jsonl" and target.suffix.lower() not in (".jsonl", ".ndjson"):
        raise UsageError(f"{target} is no name for JSON Lines.", "End it in .jsonl, or add: --format markdown")
    if target.exists() and not (form == "markdown" and target.is_dir() and not any(target.iterdir())):
        raise UsageError(f"{target} is there already.", "Give the export a new name, or delete the old one.")


@contextmanager
def _staged(target: Path) -> Iterator[Path]:
    """A hidden place beside `target` that takes its name at the end."""
    staged = target.with_name(f".{target.name}.part")
    _delete(staged)  # of a run that was killed
    try:
        yield staged
        if target.is_dir():
            target.rmdir()
        staged.replace(target)
    finally:
        _delete(staged)


def _delete(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    path.unlink(missing_ok=True)


def _write_json_lines(items: Iterable[Item], file: Path) -> int:
    count = 0
    with file.open("w", encoding="utf-8", newline="") as stream:
        for item in items:
            line = json.dumps(to_row(*item), ensure_ascii=False)
            stream.write(line.translate(_LINE_ENDS) + "\n")
            count += 1
    return count


def _write_markdown(items: Iterable[Item], folder: Path) -> int:
    folder.mkdir(exist_ok=True)
    taken: set[str] = set()
    for lesson, text, source in items:
        data = to_markdown(lesson, text, source).encode()
        (folder / file_name(lesson.lesson_id, taken)).write_bytes(data)
    return len(taken)
