"""How often somebody may do something: moving windows of a minute, kept in memory."""

from __future__ import annotations

import math
import time
from ipaddress import IPv6Address, ip_network

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from ui.web.forwarded import address_of
from ui.web.refusal import Refused

WRONG_FOR_NAME = RateLimitItemPerMinute(5, namespace="wrong for a name")
WRONG = RateLimitItemPerMinute(20, namespace="wrong")
QUESTIONS = RateLimitItemPerMinute(60, namespace="questions")
REQUESTS = RateLimitItemPerMinute(1200, namespace="requests")
LINES = RateLimitItemPerMinute(60, namespace="log lines")


class Pace:
    """Counts requests, questions, and sign-ins that failed."""

    def __init__(self) -> None:
        self._windows = MovingWindowRateLimiter(MemoryStorage())

    def count(self, limit: RateLimitItemPerMinute, who: str) -> None:
        """Raises `Refused` (429) for one too many; that one does not count."""
        if not self._windows.hit(limit, who):
            raise self._too_many(limit, who)

    def allows(self, limit: RateLimitItemPerMinute, who: str) -> bool:
        """Count one, if it is not one too many."""
        return self._windows.hit(limit, who)

    def check_sign_in(self, name: str, address: str) -> None:
        """Raises `Refused` (429) after too many sign-ins that failed, from this address or as this person from it."""
        for limit, who in _sign_in(name, address):
            if not self._windows.test(limit, *who):
                raise self._too_many(limit, *who)

    def note_wrong(self, name: str, address: str) -> None:
        """Count a sign-in that failed."""
        for limit, who in _sign_in(name, address):
            self._windows.hit(limit, *who)

    def _too_many(self, limit: RateLimitItemPerMinute, *who: str) -> Refused:
        wait = max(1, math.ceil(self._windows.get_window_stats(limit, *who).reset_time - time.time()))
        seconds = f"{wait} second{'s' if wait != 1 else ''}"
        return Refused(
            429, "That was more than fits into a minute.", f"Try again in {seconds}.", {"Retry-After": str(wait)}
        )


def place_of(address: str) -> str:
    """What counts as one address: of IPv6 the network of 64 bits, which one subscriber has to himself."""
    known = address_of(address)
    return str(ip_network((known, 64), strict=False)) if isinstance(known, IPv6Address) else str(known)


def _sign_in(name: str, address: str) -> tuple[tuple[RateLimitItemPerMinute, tuple[str, ...]], ...]:
    place = place_of(address)
    return (WRONG_FOR_NAME, (name.lower()[:64], place)), (WRONG, (place,))
