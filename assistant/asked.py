"""Filters that a question says in words: "since 2015", "at JPL", "failures only"."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import PurePath

from index.filters import PERIODS

Facets = Mapping[str, Sequence[tuple[str, int]]]
"""For each field, its values with the number of records."""

OUTCOMES = {
    "near_miss": r"near[- ]miss(?:es)?|close calls?",
    "failure": r"failures?|negative|mishaps?|problems?",
    "success": r"success(?:es)?|successful|positive|best practices?|good practices?",
    "mixed": r"mixed",
}
_KINDS = {
    "postmortem": r"post-?\s?mortems?",
    "aar": r"after[- ]action reviews?|aars?",
    "odr": r"observations?",
    "interview": r"interviews?",
    "retro": r"retro(?:spective)?s?",
    "log": r"log entries",
}
_YEAR = r"((?:19|20)\d\d)"
_MONTHS = "january february march april may june july august september october november december".split()
_DAY = rf"(?:(?:({'|'.join(_MONTHS)})\s+)?{_YEAR})"
_RANGE = re.compile(
    rf"\b(?:from|between)\s+{_DAY}\s+(?:to|and|until|till|through)\s+{_DAY}\b|\b{_YEAR}\s*[-–]\s*{_YEAR}\b", re.I
)
_SINCE = re.compile(rf"\b(?:since|as of)\s+{_DAY}\b|\bfrom\s+{_DAY}\s+on(?:wards?)?\b", re.I)
_AFTER = re.compile(rf"\b(?:after|later than|newer than)\s+{_DAY}\b", re.I)
_BEFORE = re.compile(rf"\b(?:before|older than|prior to|earlier than)\s+{_DAY}\b", re.I)
_UNTIL = re.compile(rf"\b(?:until|till|up to)\s+{_DAY}\b", re.I)
_LAST = re.compile(r"\b(?:in|over|during|within|from)?\s*(?:the\s+)?(?:last|past)\s+(\w+)\s+years?\b", re.I)
_THIS = re.compile(r"\b(?:in\s+|during\s+)?(this|last)\s+year\b", re.I)
_IN = re.compile(rf"\b(?:(?:in|during|of|for|from)\s+)?(?:the\s+year\s+)?{_DAY}\b", re.I)
_DECADE = re.compile(r"\b(?:(?:in|during|of|from)\s+)?(?:the\s+)?((?:19|20)\d)0'?s\b", re.I)
_PAIR = re.compile(rf"\b(?:(?:in|during|for)\s+)?{_YEAR}\s+(?:and|or|&)\s+(?:in\s+)?{_YEAR}\b", re.I)
_ARTICLE = re.compile(r"^(?:the|an?)\s+", re.I)
_NUMBERS = {word: n for n, word in enumerate("zero one two three four five six seven eight nine ten".split())}
_IN_FILE = r"(?:(?:in|of|from|on)\s+)?(?:the\s+|our\s+)?(?:(?:19|20)\d\d\s+)?"
_GAP = r"[\W_]+"
_BOOKS = frozenset("register log list book database sheet table tracker export inventory".split())
_LEFT_OUT = re.compile(
    r"(?:\b(?:not|except(?:ing)?(?: for)?|excluding|other than|apart from|aside from|besides|without|non-?)|\w+n't)\W+"
    r"(?:(?:from|at|by|in|of|within|the|an?|any|those|ones|being|been|count(?:ed|ing)?|rated|mention(?:ing)?|about|concern\w*|involv\w*)\W+)*$",
    re.I,
)
_EXCEPT = r"(?:(?<=except )|(?<=excluding )|(?<=besides )|(?<=other than )|(?<=apart from )|(?<=not ))"
_ALSO = r"(?:\b(?:and|or)\b|,|&)"
_ENDS = r"(?=\W*$|\W*[,;.?]|\s+(?:at|in|from|by|since|before|after|about|on)\b)"
_PLACE = r"(?:at|from|in|by|within|of|for)\s+(?:the\s+)?"


@dataclass
class Asked:
    """What a question's words narrow down or leave out ("not at JPL"), and `rest`, the question without them.

    `unread` holds second values of a field that can have one only: "at JPL and at KSC".
    """

    rest: str
    filters: dict[str, str] = field(default_factory=dict)
    without: dict[str, str] = field(default_factory=dict)
    unread: dict[str, str] = field(default_factory=dict)

    def take(self, found: re.Match[str] | None, **filters: str) -> bool:
        """Take what was found out of the question as filters; the first word on a field holds."""
        if found is None or any(name in self.filters or name in self.without for name in filters):
            return False
        start, left_out = found.start(), _LEFT_OUT.search(self.rest[: found.start()])
        if left_out:
            start = left_out.start()
            self.without |= filters
        else:
            self.filters |= filters
        self.rest = f"{self.rest[:start]} {self.rest[found.end() :]}"
        return True


def followed(read: Callable[[str], Asked], texts: Sequence[str]) -> Asked:
    """What a question narrows down together with those that it follows up, oldest first: the last on a field holds."""
    asked = Asked("")
    for text in texts:
        later = read(text)
        fields = {*later.filters, *later.without}
        fields |= {*PERIODS} if fields & {*PERIODS} else set()
        kept, out = ({n: v for n, v in each.items() if n not in fields} for each in (asked.filters, asked.without))
        rest = f"{asked.rest} {later.rest}".strip()
        asked = Asked(rest, kept | later.filters, out | later.without, asked.unread | later.unread)
    return asked


def narrowed(text: str, facets: Facets, today: date) -> Asked:
    """The filters of a question that looks for an answer: only what plainly narrows down, for the rest is searched.

    A year alone ("the 2017 exercise") tells an event from others and is no filter.
    """
    asked = Asked(text)
    _period(asked, today)
    for outcome, pattern in OUTCOMES.items():
        only = rf"\b(?:only|just)\s+(?:the\s+)?(?:{pattern})\b|\b(?:{pattern})\s+only\b{_ENDS}"
        asked.take(re.search(only, asked.rest, re.I), outcome=outcome)
    _named(asked, "unit", facets, rf"(?:{_PLACE}|{_EXCEPT})")
    return asked


def selected(text: str, facets: Facets, paths: Iterable[str], today: date) -> Asked:
    """The filters of a question about all records: every field whose value it names, and the files it names."""
    asked = Asked(text)
    _source(asked, paths)
    _period(asked, today)
    found = _IN.search(asked.rest)
    if found and not {"since", "until"} & asked.filters.keys():
        asked.take(found, year=_said(found, 1))
    _named(asked, "project", facets, rf"(?:{_PLACE})?")
    _named(asked, "project", facets, _PLACE)
    _named(asked, "unit", facets, rf"(?:{_PLACE})?")
    for kind, pattern in _KINDS.items():
        asked.take(re.search(rf"\b(?:{pattern})\b", asked.rest, re.I), kind=kind)
    for outcome, pattern in OUTCOMES.items():
        said = re.search(rf"\b(?:{pattern})\b(?:\s+(?:only|reports?|entries|lessons|records))?", asked.rest, re.I)
        before = asked.filters.pop("outcome", "")
        if asked.take(said, outcome=outcome) and before and "outcome" in asked.filters:
            asked.filters["outcome"] = f"{before},{outcome}"  # "failures and near misses"
        elif before:
            asked.filters["outcome"] = before
    return asked


def _period(asked: Asked, today: date) -> None:
    """Since, until, between, in the last years."""
    if found := _RANGE.search(asked.rest):
        first, last = (_said(found, 1), _said(found, 3)) if found[2] else (found[5], found[6])
        asked.take(found, since=first, until=last)
    if found := _DECADE.search(asked.rest):
        asked.take(found, since=f"{found[1]}0", until=f"{found[1]}9")
    if (found := _PAIR.search(asked.rest)) and int(found[2]) == int(found[1]) + 1:
        asked.take(found, since=found[1], until=found[2])
    if found := _LAST.search(asked.rest):
        years = int(found[1]) if found[1].isdigit() else _NUMBERS.get(found[1].lower(), 0)
        if years:
            asked.take(found, since=str(max(today.year - years, 1000)))
    if found := _THIS.search(asked.rest):
        asked.take(found, year=str(today.year - (found[1].lower() == "last")))
    for pattern, name, step in (
        (_AFTER, "since", 1),
        (_SINCE, "since", 0),
        (_BEFORE, "until", -1),
        (_UNTIL, "until", 0),
    ):
        if found := pattern.search(asked.rest):
            asked.take(found, **{name: _said(found, 1 if found[2] else 3, step)})


def _said(found: re.Match[str], group: int, step: int = 0) -> str:
    """The month and year of two groups as `2021-03`, or the year; `step` years or months on."""
    year = int(found[group + 1])
    if not found[group]:
        return str(year + step)
    month = _MONTHS.index(found[group].lower()) + step
    return f"{year + month // 12}-{month % 12 + 1:02}"


def _named(asked: Asked, name: str, facets: Facets, before: str) -> None:
    """The longest value of a field that the question names, the most frequent first; short ones in their own capitals.

    A project of one word must stand behind a preposition: "lessons about Cassini" need not come from it.
    """
    known = [(value, re.findall(r"\w+", _ARTICLE.sub("", value)), count) for value, count in facets.get(name, ())]
    for value, parts, _ in sorted(known, key=lambda one: (-len(" ".join(one[1])), -one[2])):
        if len(value) < 2 or value.islower() or (name == "project" and len(parts) < 2 and before.endswith("?")):
            continue  # "various", "all": no name
        if not _may_name(asked.rest, parts):
            continue
        words = r"\W+(?:and\W+)?".join(map(re.escape, parts))
        exact = len(value) <= len("ABCDE") and value.isupper()
        told = rf"(?{'' if exact else 'i'}:{words})\b(?:'s\b)?"
        if name not in asked.filters:
            asked.take(re.search(rf"\b(?i:{before}){told}", asked.rest), **{name: value})
        elif found := re.search(
            rf"{_ALSO}\s*(?i:(?:{_PLACE})?){told}|\b(?i:(?:{_PLACE})?){told}\s*{_ALSO}", asked.rest
        ):
            asked.unread[name] = value
            asked.rest = f"{asked.rest[: found.start()]} {asked.rest[found.end() :]}"


def _may_name(text: str, words: Sequence[str]) -> bool:
    """Whether all of the words are in it: patterns for hundreds of names take a tenth of a second to make."""
    folded = text.casefold()
    return all(word.casefold() in folded for word in words)


def _source(asked: Asked, paths: Iterable[str]) -> None:
    """The file that the question names by two words of its name or more: "the near-miss register"."""
    best: tuple[int, re.Match[str], str] | None = None
    for stem in {PurePath(path).stem for path in paths}:
        words = [re.escape(word) for word in re.findall(r"[^\W\d_]+", stem)]
        for first in range(len(words) - 1):
            if not _may_name(asked.rest, words[first:]):
                continue
            found = re.search(rf"\b{_IN_FILE}{_GAP.join(words[first:])}\b", asked.rest, re.I)
            if found and words[-1].lower() in _BOOKS and (best is None or len(found[0]) > best[0]):
                best = (len(found[0]), found, stem)
    if best:
        year = re.search(_YEAR, best[1][0])
        asked.take(best[1], source=best[2])
        if year:
            asked.filters["year"] = year[0]
