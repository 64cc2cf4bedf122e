"""Who may use the web server, and what each person may do and see."""

from __future__ import annotations

import logging
import os
import secrets
import unicodedata
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from threading import Lock

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError

from ingest.errors import BadSettings
from ui.web.people_file import ALL, ANYBODY, FILE, ROLES, Entry, Role, as_name, parse, read_text
from ui.web.settings import ServeSettings

SHORTEST = 10  # characters of a password
LONGEST = 1024

logger = logging.getLogger(__name__)
_hasher = PasswordHasher()


@dataclass(frozen=True, slots=True)
class Person:
    """Who sends a request; `labels` are the access labels the person holds, `*` among them for all."""

    name: str
    role: Role
    labels: frozenset[str] = frozenset()

    def may(self, role: Role) -> bool:
        """Whether the person may do what this role may."""
        return ROLES.index(self.role) >= ROLES.index(role)

    def holds(self, label: str) -> bool:
        """Whether the person may see what carries this access label."""
        return ALL in self.labels or label in self.labels


OWNER = Person("", "admin", frozenset({ALL}))  # who reaches a server on which nobody has to sign in


class People:
    """The persons of a people file, which is read again when it has changed; without a file, nobody.

    Each method raises `BadSettings` while the file cannot be read or has a bad line: then nobody comes in.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path.expanduser() if path else None
        self._lock = Lock()
        self._seen: tuple[int, ...] = ()
        self._entries: dict[str, Entry] = {}
        self._nobody = _hasher.hash(secrets.token_urlsafe(32))
        self.get("")

    def get(self, name: str) -> Person | None:
        """The person of this name."""
        return _person(self._entry(name))

    def signed_in_elsewhere(self, name: str) -> Person | None:
        """The person whom a proxy names: as the file says, else as it says of everybody (`*`)."""
        if known := self._entry(name):
            return _person(known)
        key = as_name(name)
        everybody = self._current().get(ANYBODY)
        return Person(key, everybody.role, everybody.labels) if key and everybody else None

    def verify(self, name: str, password: str) -> Person | None:
        """The person, if this is the password. It takes as long for a name that is not there (0.05 s or so)."""
        entry = self._entry(name)
        hashed = entry.hash if entry and entry.hash else self._nobody
        try:
            _hasher.verify(hashed, _normal(password[:LONGEST]))
        except VerificationError:
            return None
        return _person(entry)

    def mark(self, name: str) -> str:
        """What changes with anything said of a person: a session that was started under another mark is over."""
        entry = self._entry(name)
        return sha256(entry.line().encode()).hexdigest() if entry else ""

    def _entry(self, name: str) -> Entry | None:
        key = as_name(name)
        entries = self._current()
        return entries.get(key) if key else None

    def _current(self) -> dict[str, Entry]:
        if self._path is None:
            return {}
        try:
            now = self._path.stat()
        except OSError as error:
            raise BadSettings(
                f"The people file {self._path} cannot be read: {error.strerror}.", "Check where it is and whose."
            ) from error
        seen = (now.st_mtime_ns, now.st_ctime_ns, now.st_size, now.st_ino)
        with self._lock:
            if seen != self._seen:
                self._entries = parse(read_text(self._path), self._path)
                self._seen = seen
                if os.name == "posix" and now.st_mode & 0o077:
                    logger.warning("%s can be read by others than its owner; run: chmod 600 %s", self._path, self._path)
            return self._entries


def hash_password(name: str, password: str) -> str:
    """The hash to write into the people file. Raises `BadSettings` for a password that is easily guessed."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise BadSettings(
            f"The password has fewer than {SHORTEST} or more than {LONGEST} characters.", "Choose another."
        )
    if password.lower() == name.lower():
        raise BadSettings("The name is no password.", "Choose another.")
    return _hasher.hash(_normal(password))


def people_path(settings: ServeSettings, library: Path) -> Path:
    """Where the people file is: as the setting says, else in the library's folder."""
    return (settings.people or library / FILE).expanduser()


def check_access(settings: ServeSettings) -> None:
    """Raises `BadSettings`, with the remedy, for a server that strangers could use, or that nobody could."""
    if settings.people is not None:
        People(settings.people)
    elif settings.user_header is not None:
        raise BadSettings(
            f"{settings.user_header} says who somebody is, and nothing says what they may do.",
            "Run: lessons people add '*' --role reader --no-password",
        )
    elif not settings.is_local:
        raise BadSettings(
            f"On {settings.host} others can reach the server, and nothing says who may use it.",
            "Run: lessons people add NAME --role admin",
        )


def _person(entry: Entry | None) -> Person | None:
    return Person(entry.name, entry.role, entry.labels) if entry else None


def _normal(password: str) -> str:
    """The same characters, however the keyboard composed them."""
    return unicodedata.normalize("NFKC", password)
