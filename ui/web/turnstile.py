"""How many may have something long done at once: the server answers everybody else meanwhile."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from ui.web.refusal import Refused


class Turnstile:
    """At most `each` things at once for one person, and `in_all` for all of them."""

    def __init__(self, each: int, in_all: int) -> None:
        self._each = each
        self._in_all = in_all
        self._inside: Counter[str] = Counter()
        self._lock = threading.Lock()

    @contextmanager
    def enter(self, who: str) -> Iterator[None]:
        """Raises `Refused` (429) for one too many."""
        with self._lock:
            if self._inside[who] >= self._each or self._inside.total() >= self._in_all:
                whose = "Others are" if self._inside[who] < self._each else "You are"
                raise Refused(429, f"{whose} having much done already.", "Try again in a moment.", {"Retry-After": "5"})
            self._inside[who] += 1
        try:
            yield
        finally:
            with self._lock:
                self._inside[who] -= 1
                if not self._inside[who]:
                    del self._inside[who]
