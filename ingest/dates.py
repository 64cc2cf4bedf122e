"""Dates as people write them, to ISO 8601 with the precision they give: `2021`, `2021-03` or `2021-03-14`.

Nothing is guessed: `03/04/2021` keeps only its year unless the caller knows which part is the day.
"""

from __future__ import annotations

import re
from datetime import date
from typing import NamedTuple


class FoundDate(NamedTuple):
    """An ISO date and where in the text it was read."""

    iso: str
    start: int
    end: int


_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|"
    r"nov(?:ember)?|dec(?:ember)?)\b\.?"
)
_DAY = r"\d{1,2}(?:st|nd|rd|th)?\b\.?"
_YEAR = r"(?:19|20)\d\d(?!\d)"
_TO = r"\s*(?:-|–|—|\bto\b|\band\b|\buntil\b)\s*"

_DATE = re.compile(
    rf"""(?<![\d/.-])(?P<y1>{_YEAR})(?P<sep>[-/.])(?P<m1>0?[1-9]|1[0-2])(?:(?P=sep)(?P<d1>\d{{1,2}}))?(?!\d)
    | (?<![\d/.-])(?:D:)?(?P<y2>(?:19|20)\d\d)(?P<m2>[01]\d)(?P<d2>[0-3]\d)(?=$|[T\s_.-]|(?<=D:........)\d)
    | (?<![\d/.-])(?P<a>\d{{1,2}})(?P<sep2>[-/.])(?P<b>\d{{1,2}})(?P=sep2)(?P<y3>{_YEAR})
    | (?<![\d/.-])(?P<d4>{_DAY})(?:{_TO}{_DAY})?\s*(?:of\s+|-)?
      (?P<m4>{_MONTH})(?:{_TO}{_DAY}\s*{_MONTH})?[\s,-]+(?P<y4>{_YEAR})
    | \b(?P<m5>{_MONTH})(?:\s*(?P<d5>{_DAY}))?(?:{_TO}(?:{_MONTH}\s*)?(?:{_DAY})?)?[\s,-]+(?P<y5>{_YEAR})
    """,
    re.I | re.X,
)
_BARE_YEAR = re.compile(rf"(?<![\d.,-]){_YEAR}")
_NUMERIC = re.compile(r"(?<![\d/.-])(\d{1,2})([-/.])(\d{1,2})\2(?:19|20)\d\d(?!\d)")


def parse_date(text: str, today: date | None = None, day_first: bool | None = None) -> str | None:
    """The date a short text states (a field, a label's value): the first in it, the start of a range, or a year alone.

    None where there is none, before 1900 or after `today`. `day_first` settles `03/04/2021` if the caller knows.
    """
    if found := find_date(text, today, day_first):
        return found.iso
    years = _BARE_YEAR.findall(_DATE.sub(" ", text))
    return next((year for year in years if _accepted(year, today)), None)


def find_date(text: str, today: date | None = None, day_first: bool | None = None) -> FoundDate | None:
    """The first date in running text; a year alone is not taken for one."""
    for match in _DATE.finditer(text):
        iso = _iso(match, day_first)
        if iso and _accepted(iso, today):
            return FoundDate(iso, match.start(), match.end())
    return None


def infer_day_first(text: str) -> bool | None:
    """Whether this text writes the day before the month, by its dates that can only be read one way."""
    pairs = [(int(first), int(second)) for first, _, second in _NUMERIC.findall(text)]
    day_first = any(first > 12 >= second for first, second in pairs)
    month_first = any(second > 12 >= first for first, second in pairs)
    return day_first if day_first != month_first else None


def _accepted(iso: str, today: date | None) -> bool:
    return iso <= (today or date.today()).isoformat()[: len(iso)]


def _iso(match: re.Match[str], day_first: bool | None) -> str | None:
    part = {name[0]: value for name, value in match.groupdict().items() if value}
    year = int(part["y"])
    if "a" in part:
        return _numeric(year, int(part["a"]), int(part["b"]), True if match["sep2"] == "." else day_first)
    month = int(part["m"]) if part["m"].isdigit() else _MONTHS.index(part["m"][:3].lower()) + 1
    day = re.sub(r"\D", "", part.get("d", ""))
    return _checked(year, month, int(day) if day else None)


def _numeric(year: int, first: int, second: int, day_first: bool | None) -> str | None:
    if max(first, second) > 12:
        day_first = first > second
    elif first == second:
        day_first = True
    if day_first is not None:
        day, month = (first, second) if day_first else (second, first)
        return _checked(year, month, day)
    return str(year)


def _checked(year: int, month: int, day: int | None) -> str | None:
    try:
        whole = date(year, month, day or 1).isoformat()
    except ValueError:
        return None
    return whole if day else whole[:7]
