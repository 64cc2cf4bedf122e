"""The people file: one line a person, `name:role:label,label:password hash`; `#` starts a comment.

The labels are access labels (`ingest.values.as_access`), `*` stands for all of them. The hash is argon2id's, and is
missing for a person whom a proxy signs in. The name `*` stands for everybody whom a proxy names and the file does not.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from argon2 import extract_parameters
from argon2.exceptions import InvalidHashError

from ingest.errors import BadSettings
from ingest.values import as_access

Role = Literal["reader", "contributor", "reviewer", "admin"]
ROLES: tuple[Role, ...] = get_args(Role)  # each may do what those before it may
ANYBODY = "*"
ALL = "*"
FILE = "people.txt"

_NAME = re.compile(r"[A-Za-z0-9._@-]{1,64}")
_REMEDY = "A line is NAME:ROLE:LABEL,LABEL:HASH; write it with: lessons people add NAME --role reader"


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the file; `hash` is empty for a person without a password."""

    name: str
    role: Role
    labels: frozenset[str]
    hash: str = ""

    def line(self) -> str:
        return f"{self.name}:{self.role}:{','.join(sorted(self.labels))}:{self.hash}"


def as_name(text: str) -> str | None:
    """A name in the form in which names are compared, in lower case; None for what is none."""
    return text.lower() if _NAME.fullmatch(text) else None


def as_label(text: str) -> str:
    """An access label as it is compared. Raises `BadSettings`."""
    label = ALL if text.strip() == ALL else as_access(text)
    if label is None or not label.isprintable():
        raise BadSettings(f"{text!r} is not an access label.", "A label is one or a few words, such as tlp:amber.")
    return label


def as_role(text: str) -> Role:
    """Raises `BadSettings`."""
    for role in ROLES:
        if text == role:
            return role
    raise BadSettings(f"There is no role {text!r}.", f"The roles are {', '.join(ROLES)}.")


def parse(text: str, path: Path) -> dict[str, Entry]:
    """The persons by name. Raises `BadSettings`, which names the file and the line."""
    entries: dict[str, Entry] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if not _says_something(line):
            continue
        try:
            entry = _entry(line.strip())
            if entry.name in entries:
                raise BadSettings(f"{entry.name} has a line already.", "Remove one of the two.")
        except BadSettings as error:
            raise BadSettings(f"{path}, line {number}: {error.reason}", error.remedy) from error
        entries[entry.name] = entry
    return entries


def read_text(path: Path) -> str:
    """Raises `BadSettings`."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadSettings(f"The people file {path} cannot be read: {error}.", "Check where it is and whose.") from error


def replace(path: Path, name: str, entry: Entry | None) -> bool:
    """Write a person's line, or take it out with None; returns whether there was one before.

    All other lines stay as they are. The file is written whole, for its owner only, and then takes the old one's
    place. Raises `BadSettings` for a file that cannot be read, `OSError` for one that cannot be written.
    """
    lines = read_text(path).splitlines() if path.exists() else []
    parse("\n".join(lines), path)
    kept = [line for line in lines if not (_says_something(line) and _name_of(line) == name)]
    if entry is not None:
        kept.append(entry.line())
    _write(path, kept)
    return len(kept) - (entry is not None) < len(lines)


def _says_something(line: str) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith("#")


def _name_of(line: str) -> str:
    return line.strip().partition(":")[0].lower()


def _entry(line: str) -> Entry:
    try:
        said, role, rest = line.split(":", 2)
        labels, hashed = rest.rsplit(":", 1)
    except ValueError:
        raise BadSettings("this is not a person.", _REMEDY) from None
    name = said if said == ANYBODY else as_name(said)
    if name is None:
        raise BadSettings("this is not a name.", "A name has at most 64 letters, digits and the signs . _ @ -")
    return Entry(name, as_role(role), frozenset(_labels(labels)), _hash(name, hashed))


def _labels(text: str) -> Iterator[str]:
    return (as_label(one) for one in text.split(",") if one.strip())


def _hash(name: str, text: str) -> str:
    if not text:
        return ""
    try:
        extract_parameters(text)
    except (InvalidHashError, ValueError):
        raise BadSettings("what stands for the password is no argon2 hash.", _REMEDY) from None
    if name == ANYBODY or not text.startswith("$argon2id$"):
        raise BadSettings("only a person of one's own has a password, and it is an argon2id hash.", _REMEDY)
    return text


def _write(path: Path, lines: Sequence[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # mode 0600
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write("".join(f"{line}\n" for line in lines))
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
