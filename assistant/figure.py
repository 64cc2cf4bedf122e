"""Whether what is said holds a figure of the kind that a question asks for."""

from __future__ import annotations

import re
from collections.abc import Iterable

from assistant.facts import DATED, Facts

_MONEY = re.compile(r"\b(?:costs?|priced?|budget|expens\w+|how much (?:money|was (?:paid|spent)))\b", re.I)
_TIME = re.compile(
    r"\bhow (?:long|soon|quick(?:ly)?|often|old)\b|\bhow many (?:minutes|hours|days|weeks|months|years)\b", re.I
)
_DATE = re.compile(r"\bwhen\b|\bwhat (?:date|year|day|month)\b|\bhow (?:late|recent\w*)\b", re.I)
_YEARS = 1900, 2100
_THOUSAND = 1000  # a bare number so high may be money whose currency goes without saying
_LISTED = re.compile(r"^\W*\d+[.)]\s")


def states_figure(question: str, texts: Iterable[str]) -> bool:
    """An amount of money for what it cost, a time for how long, any number but a year for others; a date for when."""
    numbers = [number for text in texts for number in Facts(_LISTED.sub("", text)).numbers]
    if _DATE.search(question):
        return bool(numbers)
    if _MONEY.search(question):
        return any(
            unit in ("$", "€", "£") or (not unit and value >= _THOUSAND)
            for value, unit in numbers
            if not _is_year(value, unit)
        )
    if _TIME.search(question):
        return any(unit in ("s", "month", "year") or unit == "" for _, unit in numbers)
    return any(unit not in DATED and not _is_year(value, unit) for value, unit in numbers)


def _is_year(value: float, unit: str) -> bool:
    return not unit and _YEARS[0] <= value <= _YEARS[1]
