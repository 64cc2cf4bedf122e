"""How an outcome is shown: a sign, and the word that goes with it."""

from __future__ import annotations

from ingest.model import Outcome

OUTCOMES: dict[Outcome, tuple[str, str]] = {
    "failure": ("✗", "failure"),
    "near_miss": ("~", "near miss"),
    "success": ("✓", "success"),
    "mixed": ("±", "mixed"),
    "neutral": ("·", "outcome not told"),
}
