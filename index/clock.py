"""How long each stage of a request took."""

from __future__ import annotations

from time import perf_counter


class Clock:
    """Laps in milliseconds, from its making on."""

    def __init__(self) -> None:
        self._start = self._last = perf_counter()
        self._laps: dict[str, float] = {}

    def lap(self, stage: str) -> None:
        """The time since the last lap goes to `stage`, added to what it has."""
        now = perf_counter()
        self._laps[stage] = self._laps.get(stage, 0.0) + 1000 * (now - self._last)
        self._last = now

    def took(self) -> dict[str, float]:
        """Milliseconds a stage, and their `total`."""
        total = 1000 * (perf_counter() - self._start)
        return {stage: round(ms, 2) for stage, ms in (self._laps | {"total": total}).items()}
