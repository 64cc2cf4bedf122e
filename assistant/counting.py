"""What a question about all records asks to count, read by rules."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from itertools import product

from assistant.asked import followed, selected
from assistant.kinds import BY, COUNTED, RECORDS
from assistant.question import Question
from assistant.tally import ONE, Terms
from index.filters import NONE
from index.library import Library

_STATES = {
    "open": r"(?:still |not yet )?(?:open|unresolved|outstanding|unfinished|not closed)",
    "done": r"(?:closed|completed|done|finished)",
}
_NOT_A_SUBJECT = re.compile(
    rf"\b(?:how (?:many|often)|number|count|which|what|when|where|who|why|did|do|does|has|have|had|is|are|was|were|be|"
    rf"been|there|their|our|we|us|you|it|in|of|on|at|to|by|for|from|the|a|an|all|any|and|with|as|that|this|these|those|than|"
    rf"most|least|fewest|rarest|more|less|common|frequent(?:ly)?|often|times?|top|turns?|up|down|go|goes|going|gone|went|rise|fall|trends?|"
    rf"over|hold|holds|held|come|comes|came|concern(?:s|ed|ing)?|about|relat(?:e|es|ed|ing)|involv(?:e|es|ed|ing)|mention(?:s|ed|ing)?|"
    rf"contain(?:s|ed|ing)?|regard(?:ing)?|deal(?:s|ing)?|cover(?:s|ed|ing)?|say|says|tell|show|list|describ(?:e|es|ed|ing)|"
    rf"written|wrote|made|recorded|reported|logged|filed|happen(?:s|ed)?|caus(?:ed|ing)|occur(?:s|red)?|library|organi[sz]ation|"
    rf"database|collection|register|log|total|each|per|every|among|between|main|different|still|both|increas(?:e|es|ed|ing)|decreas(?:e|es|ed|ing)|rising|falling|growing|now|currently|ever|"
    rf"record|please|me|give|can|could|recommend\w*|recommendations?|advi[cs]e\w*|again|repeated(?:ly)?|recurring|"
    rf"keeps?|kept|happening|several|many|three|twice|once|learn(?:ed|t)|identified|but|yet|them|they|those|these|ones|only|just|"
    rf"{RECORDS}|{'|'.join(BY.values())})\b",
    re.I,
)
_NOT = re.compile(r"(?:\b(?:not|never|without|except(?:ing)?|excluding|no(?!\.)|other than|apart from)|\w+n't)\b", re.I)
_LEAST = re.compile(r"\b(?:least|fewest|rarest)\b", re.I)
_DIGITS = {"three": 3, "five": 5, "ten": 10}


@dataclass(frozen=True, slots=True)
class Counting:
    """What is to be counted; `kind` is one of the `COUNTED`."""

    kind: str
    by: str | None
    filters: dict[str, str]
    terms: Terms
    state: str | None
    most: int | None = None
    without: Mapping[str, str] = field(default_factory=dict)
    without_terms: Terms = ()
    unread: Mapping[str, str] = field(default_factory=dict)
    least: bool = False


def asked_to_count(library: Library, question: Question, today: date) -> Counting | None:
    """What a question asks to count over all records; None if it asks for something else."""
    text = question.query
    kind = question.kind if question.kind in COUNTED else None
    if kind is None:
        return None
    facets, known = library.facets(), library.known()
    asked = followed(lambda each: selected(each, facets, known, today), question.texts)
    state = _take_state(asked.rest)
    by, rest = _by(state[1], kind)
    top = re.search(r"\btop (\w+)\b", text, re.I)
    most = (int(top[1]) if top[1].isdigit() else _DIGITS.get(top[1].lower())) if top else None
    filters, rest = _empty(asked.filters, rest)
    mentioned, *left_out = _NOT.split(rest)
    return Counting(
        kind,
        by,
        filters,
        _terms(mentioned),
        state[0],
        most,
        asked.without,
        tuple(terms for part in left_out for terms in _terms(part)),
        asked.unread,
        _LEAST.search(text) is not None,
    )


def _empty(filters: dict[str, str], text: str) -> tuple[dict[str, str], str]:
    """The fields that are to be empty ("without an owner"), and the text without them."""
    for name in ONE:
        found = re.search(rf"\b(?:without|with no|lack(?:ing)?)\s+(?:an?y?\s+)?(?:{BY.get(name, name)})\b", text, re.I)
        if found and name not in filters:
            filters, text = {**filters, name: NONE}, f"{text[: found.start()]} {text[found.end() :]}"
    return filters, text


def _take_state(text: str) -> tuple[str | None, str]:
    for state, pattern in _STATES.items():
        if found := re.search(rf"\b(?:is|are|still|remain)\s+(?:{pattern})\b|^\W*how many (?:{pattern})\b", text, re.I):
            return state, text.replace(found[0], " ")
    return None, text


def _by(text: str, kind: str) -> tuple[str | None, str]:
    """The field to count by, the last that is named ("by unit? by year?"), and the text without it."""
    over = r"\b(?:(?:by|per|each|every|for each|in each|across|over the)|what (?:were|are) the)\s+"
    often = r"\b(?:least|most) (?:common|frequent|often|reported|recorded)\s+(?:root\s+)?"
    which = r"\b(?:which|what|top \w+)\s+"
    for before in (over, often, *([which] if kind == "most-common" else [])):
        named = [
            (found.end(), len(found[0]), name)
            for name in BY
            for found in re.finditer(rf"{before}(?:{BY[name]})\b", text, re.I)
        ]
        if named:
            return max(named)[2], re.sub(rf"{before}(?:{'|'.join(BY.values())})\b", " ", text, flags=re.I)
    if kind == "most-common":
        return "topic", text
    return ("year" if kind == "trend" else None), text


def _terms(text: str) -> Terms:
    """What is left is what the records are about; `or` and commas part alternatives, of each question one must hold."""
    asked = [tuple(_alternatives(part)) for part in text.split("?")]
    every = product(*(alternatives for alternatives in asked if alternatives))
    return tuple(terms for chosen in every if (terms := tuple(word for words in chosen for word in words)))


def _kept_capitals(found: re.Match[str]) -> str:
    """A space; but IT and US are names."""
    return found[0] if len(found[0]) > 1 and found[0].isupper() else " "


def _alternatives(text: str) -> Iterator[tuple[str, ...]]:
    for part in re.split(r"\bor\b|,|/", text):
        if words := re.findall(r"[^\W_]+(?:-[^\W_]+)*", _NOT_A_SUBJECT.sub(_kept_capitals, part)):
            yield tuple(words)
