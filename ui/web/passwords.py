"""Signing in with a name and a password, at the page and, for programs, in each call (HTTP Basic)."""

from __future__ import annotations

import hmac
import secrets
import time
from base64 import b64decode
from collections import OrderedDict
from dataclasses import dataclass

from anyio import CapacityLimiter, to_thread

from ui.web.access_log import note
from ui.web.pace import Pace
from ui.web.people import People, Person

REMEMBERED = 300  # seconds for which a name and password that were right are not verified again
_MOST = 1000
_AT_ONCE = 2  # each verification takes a core and 64 MB


@dataclass(frozen=True, slots=True)
class _Right:
    name: str
    mark: str
    until: float


class Passwords:
    """Verifies names and passwords, slowly enough for nobody to guess one."""

    def __init__(self, people: People, pace: Pace) -> None:
        self._people = people
        self._pace = pace
        self._at_once = CapacityLimiter(_AT_ONCE)
        self._key = secrets.token_bytes(32)
        self._right: OrderedDict[bytes, _Right] = OrderedDict()

    async def verify(self, name: str, password: str, address: str) -> Person | None:
        """The person, if this is the password. Raises `Refused` (429) after too many that were wrong."""
        self._pace.check_sign_in(name, address)
        return await to_thread.run_sync(self._verify, name, password, address, limiter=self._at_once)

    async def basic(self, header: str, address: str) -> Person | None:
        """The person of an `Authorization` header. Raises `Refused` as `verify` does."""
        given = _credentials(header)
        if given is None:
            return None
        digest = hmac.digest(self._key, "\0".join(given).encode(), "sha256")
        right = self._right.get(digest)
        if right and time.monotonic() < right.until and right.mark == self._people.mark(right.name):
            return self._people.get(right.name)
        self._right.pop(digest, None)
        mark = self._people.mark(given[0])  # before: the file may change meanwhile
        person = await self.verify(*given, address)
        if person:
            self._right[digest] = _Right(person.name, mark, time.monotonic() + REMEMBERED)
            if len(self._right) > _MOST:
                self._right.popitem(last=False)
        return person

    def _verify(self, name: str, password: str, address: str) -> Person | None:
        self._pace.check_sign_in(name, address)  # others may have failed while this one waited
        person = self._people.verify(name, password)
        if person is None:
            self._pace.note_wrong(name, address)
            note("sign-in failed", name, address)
        return person


def _credentials(header: str) -> tuple[str, str] | None:
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, colon, password = b64decode(encoded, validate=True).decode().partition(":")
    except ValueError:
        return None
    return (name, password) if colon else None
