"""What else the machine did meanwhile: times taken in company cannot be compared."""

from __future__ import annotations

import os
from pathlib import Path
from time import perf_counter

STAT = Path("/proc/stat")


class Company:
    """Notes the time when it is made."""

    def __init__(self) -> None:
        self._before = _state()

    def share(self) -> float:
        """The share of all cores' time since then that went to others than this process and its ended children.

        0 where the system does not tell.
        """
        wall, busy, own = (now - then for now, then in zip(_state(), self._before, strict=True))
        return min(1.0, max(0.0, busy - own) / (wall * (os.cpu_count() or 1)))


def _state() -> tuple[float, float, float]:
    """Seconds: the clock's, those of all cores at work, and those of this process with its ended children."""
    busy = 0.0
    if STAT.exists():
        user, nice, system, _idle, _wait, *interrupts = map(int, STAT.read_text().splitlines()[0].split()[1:9])
        busy = (user + nice + system + sum(interrupts)) / os.sysconf("SC_CLK_TCK")
    return perf_counter(), busy, sum(os.times()[:4])
