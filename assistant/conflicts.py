"""Records that contradict each other, and records that contradict themselves: shown side by side, none preferred."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import combinations

import numpy as np

from assistant.answer import Conflict, Disagreement
from assistant.citing import Citations
from assistant.evidence import ADVICE, Evidence, Sentence
from assistant.facts import Facts, Number
from index.encoder import Vectors
from index.library import Library

WORTH = 0.55  # of the best sentence's score: what contradicts beside the point is no help
SAME_SUBJECT = 0.55  # the least similarity of two sentences that speak of the same
MOST = 3  # conflicts of an answer
_NOT_TO = r"(?:do not|don't|never|must not|mustn't|should not|shouldn't|shall not)"
_FORBIDS = re.compile(rf"\b{_NOT_TO}\s+(?P<deed>(?P<verb>[a-z]+)(?:\s+(?:back|up|down|out|off|on|over|in))?)\b", re.I)
_WARNING = re.compile(rf"\b(?:{_NOT_TO}|cannot|no longer|instead of|rather than|avoid)\b[^.;,]*", re.I)
_ADVISES = r"(?:^\W*(?:\w+\s+){{0,2}}|[;:,]\s*|\b(?:must|should|shall|always|first|to)\s+){verb}\b"
_ORDERS = r"(?:^\W*|[;:,]\s*|\b(?:must|should|shall|always|first)\s+){verb}\b(?!\s+of\b)"
LOOKED_BACK = 3  # sentences that one without a name may lean on


def conflicts(
    library: Library, evidence: Evidence, citations: Citations, cited: Sequence[str], of: str = ""
) -> list[Conflict]:
    """The conflicts among the evidence that bears on the question, and inside the records that are `cited`.

    With `of`, those of that record alone. As no question says then what is at issue, the sentences must speak of the
    same with their titles too, and what is forbidden must be ordered.
    """
    found = [*_between(library, evidence, of), *_inside(evidence, cited)]
    return [
        Conflict(kind, about, tuple(citations.cite(one.hit, one.start, one.end) for one in sides))
        for kind, about, sides in found[:MOST]
    ]


def _between(library: Library, evidence: Evidence, of: str) -> Iterator[tuple[Disagreement, str, tuple[Sentence, ...]]]:
    if not evidence.sentences:
        return
    least = WORTH * evidence.sentences[0].score
    # Of advice alone: figures of two events differ without contradicting each other.
    advice = [one for one in evidence.sentences if one.section in ADVICE and one.score >= least]
    opposed = list(_opposed(library, advice, set(evidence.rarity), of))
    sides = {(one.hit.source_id, one.start, one.end): one for *pair, _, _ in opposed for one in pair}
    same = _SameSubject(library, list(sides.values()), titled=bool(of))
    seen: set[frozenset[str]] = set()
    for one, other, figures, deed in opposed:
        pair = frozenset((one.hit.lesson_id, other.hit.lesson_id))
        if pair in seen or (of and not same.with_titles(one, other)):
            continue
        if figures and same(one, other):
            seen.add(pair)
            yield "figure", figures, (one, other)
        elif deed:
            seen.add(pair)
            yield "advice", f"whether to {deed}", (one, other)


def _opposed(
    library: Library, advice: Sequence[Sentence], asked: set[str], of: str
) -> Iterator[tuple[Sentence, Sentence, str, str]]:
    """Sentences of two records whose words contradict each other: the figures that differ, and what one forbids."""
    for one, other in combinations(advice, 2):
        ids = {one.hit.lesson_id, other.hit.lesson_id}
        if len(ids) == 2 and (not of or of in ids) and not _replaced(one, other):
            figures = _figure(one.text, other.text)
            deed = _banned(library, one.text, other.text, asked, _ORDERS if of else _ADVISES)
            if figures or deed:
                yield one, other, figures, deed


class _SameSubject:
    """Whether two of the sentences speak of the same: by themselves, and read each with its record's title."""

    def __init__(self, library: Library, sentences: Sequence[Sentence], *, titled: bool) -> None:
        self._at = {(one.hit.source_id, one.start, one.end): at for at, one in enumerate(sentences)}
        self._vectors = library.embedder.sentences([one.text for one in sentences])
        titles = [f"{one.hit.title}. {one.text}" for one in sentences] if titled else []
        self._titled = library.embedder.sentences(titles)

    def __call__(self, one: Sentence, other: Sentence) -> bool:
        return self._near(self._vectors, one, other)

    def with_titles(self, one: Sentence, other: Sentence) -> bool:
        return self._near(self._titled, one, other)

    def _near(self, vectors: Vectors, one: Sentence, other: Sentence) -> bool:
        at, to = (self._at[each.hit.source_id, each.start, each.end] for each in (one, other))
        return float(np.dot(vectors[at], vectors[to])) >= SAME_SUBJECT


def _replaced(one: Sentence, other: Sentence) -> bool:
    """Whether one record takes the place of the other: then there is nothing to decide."""
    return other.hit.lesson_id == one.hit.superseded_by or one.hit.lesson_id == other.hit.superseded_by


def _figure(one: str, other: str) -> str:
    """Figures of the same unit that differ, where neither text advises the other's."""
    ours, theirs = _measures(one), _measures(other)
    for number, said in ours.items():
        for against, told in theirs.items():
            if number[1] == against[1] and number not in theirs and against not in ours:
                return f"{said} or {told}"
    return ""


@lru_cache(1024)
def _measures(text: str) -> Mapping[Number, str]:
    """The figures with a unit that a text advises, not those it warns of; dates are none."""
    numbers = Facts(_WARNING.sub(" ", text)).numbers
    return {
        number: said for number, said in numbers.items() if number[1] and not number[1].startswith(("month", "day"))
    }


def _banned(library: Library, one: str, other: str, asked: set[str], advises: str) -> str:
    """What either text forbids and the other advises, where the question asks of it; "" for nothing."""
    return _forbidden(library, one, other, asked, advises) or _forbidden(library, other, one, asked, advises)


def _forbidden(library: Library, one: str, other: str, asked: set[str], advises: str) -> str:
    for found in () if _FORBIDS.search(other) else _FORBIDS.finditer(one):
        verb = found["verb"]
        advised = re.search(advises.format(verb=re.escape(verb)), other, re.I)
        if advised and asked.intersection(library.words_of(verb)):
            return found["deed"].lower()
    return ""


def _inside(evidence: Evidence, cited: Sequence[str]) -> Iterator[tuple[Disagreement, str, tuple[Sentence, ...]]]:
    """The same count of the same things, told of different names in two sentences of a record."""
    for lesson_id in dict.fromkeys(cited):
        own = sorted((one for one in evidence.sentences if one.hit.lesson_id == lesson_id), key=lambda one: one.start)
        facts = [Facts(one.text) for one in own]
        counts = [_counts(each) for each in facts]
        for at, to in combinations(range(len(own)), 2):
            shared = counts[at].keys() & counts[to].keys()
            if not shared or own[to].start < own[at].end or not (facts[at].names or facts[to].names):
                continue
            ours, theirs = _names(facts, at), _names(facts, to)
            if ours and theirs and not ours & theirs:
                yield "inside", f"the {counts[at][max(shared)]}", (own[at], own[to])
                break


def _counts(facts: Facts) -> dict[tuple[float, str], str]:
    """Numbers above nine with the things they count: 26 (over stressed) transistors; "Telstar 402" counts none."""
    found: dict[tuple[float, str], str] = {}
    for at, token in enumerate(facts.tokens):
        named = at > 0 and facts.tokens[at - 1].stem != "" and not facts.tokens[at - 1].text.islower()
        if token.kind == "number" and token.text.isdecimal() and int(token.text) > 9 and not named:
            following = [one for one in facts.tokens[at + 1 : at + 4] if one.stem and re.search("[^s]s$", one.text)]
            found |= {(float(token.text), one.stem): f"{token.text} {one.text}" for one in following}
    return found


def _names(facts: Sequence[Facts], at: int) -> frozenset[str]:
    """The names in a sentence, or else in the nearest one before it that has some."""
    for back in range(at, max(-1, at - 1 - LOOKED_BACK), -1):
        if facts[back].names:
            return facts[back].names
    return frozenset()
