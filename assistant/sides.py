"""The two sides of a comparison, each as a question of its own: "lead-acid versus lithium-ion batteries"."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from assistant.asked import Facets

LONGEST = 8  # words of a side: more are a question of their own
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")
_LEAD = (
    r"(?:(?:please\s+)?compare\s+|(?:how|what|which|when|where|why)\b.*?\b(?:do|does|did|is|are|was|were|between)\s+"
    r"|(?:is|are|was|were)\s+)?"
)
_THING = r"(?:(?:the|our|a|an)\s+)?[\w&/'-]+"
_APART = (
    re.compile(
        rf"^\W*{_LEAD}(?P<a>.+?)\s+(?:compare[ds]?|differ(?:s|ed|ent(?:ly)?)?)\s+(?:with|to|from)\s+"
        r"(?P<b>[^:;,?]+)(?P<post>.*)$",
        re.I,
    ),
    re.compile(rf"^\W*{_LEAD}(?P<a>.+?)\s+(?:versus|vs\.?)\s+(?P<b>[^:;,?]+)(?P<post>.*)$", re.I),
    re.compile(
        rf"^\W*{_LEAD}(?P<a>[\w-]+(?:\s[\w-]+){{0,3}}?)\s+(?:any\s+)?(?:better|worse|safer|faster|cheaper)\s+than\s+"
        r"(?P<b>[\w-]+)(?P<post>.*)$",
        re.I,
    ),
    re.compile(r"^\W*(?:.*\bbetween|compare)\s+(?P<a>.+?)\s+(?:and|with|to)\s+(?P<b>[^:;,?]+)(?P<post>.*)$", re.I),
    re.compile(
        rf"^(?P<pre>.*?)\b(?P<a>{_THING})\s+and\s+(?P<b>{_THING})"
        r"(?P<post>\s.*\b(?:differ\w*|compar\w*|each|respectively)\b.*)$",
        re.I,
    ),
)
_THE_ONE = re.compile(r"^(?:the (?:one|other)|that|those|the ones)\b\s*", re.I)
_SMALL = re.compile(r"^(?:the|our|a|an|two|both|of|in|from)\s+", re.I)
_ABOUT = re.compile(
    r"^(?P<name>.+?)\s+(?P<about>(?:(?P<sure>about|regarding|concerning|in terms of|with (?:regard|respect) to|"
    r"when it comes to)|on|in|for|at)\s.+)$",
    re.I,
)
_COMPARING = re.compile(r"\b(?:each|respectively|differ\w*|compar\w*)\b", re.I)


@dataclass(frozen=True, slots=True)
class Side:
    """One side: what it is called, what is searched for it, and the filters that tell it from the other."""

    name: str
    query: str
    filters: dict[str, str] = field(default_factory=dict)


def sides_of(text: str, facets: Facets) -> tuple[Side, Side] | None:
    """The sides of a question that compares two things; None where they cannot be told."""
    text = text.strip().rstrip("?.! ")
    for pattern in _APART:
        if found := pattern.match(text):
            parts = found.groupdict()
            if max(len(parts[name].split()) for name in "ab") > LONGEST:
                continue
            second, about = _apart(parts["b"].strip(), facets)
            one, other = _completed(parts["a"].strip(), second)
            pre, post = parts.get("pre") or "", _COMPARING.sub(" ", f"{about} {parts['post']}")
            left, right = (_side(name, f"{pre} {whole} {post}", facets) for name, whole in (one, other))
            if left.filters.keys() != right.filters.keys():
                left, right = Side(left.name, left.query), Side(right.name, right.query)
            return left, right
    return None


def _apart(name: str, facets: Facets) -> tuple[str, str]:
    """The name of a side, and what both are compared in where it says so: "Logistics & Fleet" and "on training"."""
    found = _ABOUT.match(name)
    if found and (found["sure"] or any(_told_by(found["name"], facets))):
        return found["name"], found["about"]
    return name, ""


def _completed(a: str, b: str) -> tuple[tuple[str, str], tuple[str, str]]:
    """Both sides, each as it is called and in full: what only one of them says holds for both.

    "the exercise of 2023" and "the one in 2017", "releases of 2021" and "2023", "lead-acid" and "lithium-ion cells".
    """
    year, its = _YEAR.search(a), _YEAR.search(b)
    if year and its and (_THE_ONE.match(b) or len(b.split()) <= 1):
        return (year[0], a), (its[0], _YEAR.sub(its[0], a))
    if rest := _THE_ONE.match(b):
        return (a, a), (b, f"{a} {b[rest.end() :]}")
    words = b.split()
    if len(a.split()) == 1 and len(words) > 1:
        return (a, " ".join([a, *words[1:]])), (words[0], b)
    return (_SMALL.sub("", a), a), (_SMALL.sub("", b), b)


def _side(name: str, query: str, facets: Facets) -> Side:
    return Side(name, " ".join(re.findall(r"[^\s:;,]+", query)), dict(_told_by(name, facets)))


def _told_by(name: str, facets: Facets) -> Iterator[tuple[str, str]]:
    """The filters that a side's name stands for: a year, or the one unit that has its word in its name."""
    if found := _YEAR.fullmatch(name):
        yield "year", found[0]
    words = {word.lower().rstrip("s") for word in re.findall(r"\w+", _SMALL.sub("", name))}
    named = [
        unit
        for unit, _ in facets.get("unit", ())
        if words and words <= {word.lower().rstrip("s") for word in re.findall(r"\w+", unit)}
    ]
    if len(named) == 1:
        yield "unit", named[0]
