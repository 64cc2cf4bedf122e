"""How well the proof tells true sentences from altered ones, on sentences of a library's own documents.

Each sentence is altered in one thing: a number, a name, a negation, or its cause (put in the place of its effect, or
exchanged for another record's). It is checked against the passage that it was taken from, as a language model's
sentences are. True ones are the sentences as they stand, and without a part that can be left out.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from assistant.causes import CAUSAL
from assistant.proof import Similarity, support
from assistant.quotable import quotable, readable
from index.hit import Hit
from index.library import Library
from ingest.errors import BadDataset

SHORTEST, LONGEST = 8, 45  # words
_ASIDE = re.compile(r"\s*\([^()]{3,80}\)|, (?:which|who|where|when|as well as|including)\b[^,.;]{5,90}(?=[.,;])")
_VERB = re.compile(r"\b(was|were|is|are|had|has|did|could|would|should|must|will|can)\b(?! not\b)")
_NOT = re.compile(r"\b(was|were|is|are|had|has|did|could|would|should|must|will|can) not\b|\bnot ", re.I)


class Quote(NamedTuple):
    """A sentence on one line, the passage it stands in, and the title of its record."""

    text: str
    passage: str
    title: str


@dataclass(frozen=True, slots=True)
class Report:
    """Shares: of altered sentences that the proof caught, by kind, and of true ones that it refused."""

    sentences: int
    altered: dict[str, int]
    caught: dict[str, float]
    caught_in_all: float
    true: dict[str, int]
    refused: dict[str, float]
    examples: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def quotes(library: Library, most: int, seed: int = 11) -> list[Quote]:
    """Sentences that can stand as a quote, of `most` records at the most, one of each, in random order."""
    chance = random.Random(seed)  # noqa: S311 - no secret hangs on it
    ids = sorted(record.lesson_id for record in library.records())
    chance.shuffle(ids)
    found: list[Quote] = []
    for lesson_id in ids:
        if len(found) >= most:
            break
        hits = library.search("what happened and why", 3, {"lesson_id": lesson_id}, rerank=False, per_lesson=3).hits
        told = [quote for hit in hits for quote in _of(hit)]
        causal = [quote for quote in told if CAUSAL.search(quote.text)]
        if told:
            found.append(chance.choice(causal or told))
    return found


def evaluate(found: Sequence[Quote], similarity: Similarity | None = None, seed: int = 11) -> Report:
    """Check every sentence as it is, shortened, and altered in each way that it can be. Raises `BadDataset`."""
    if len(found) < len(_ALTER):
        raise BadDataset("The library has too few sentences that can be quoted.", "Index more documents.")
    chance = random.Random(seed)  # noqa: S311 - no secret hangs on it
    true: dict[str, list[bool]] = {"as it stands": [], "shortened": []}
    altered: dict[str, list[bool]] = {kind: [] for kind in _ALTER}
    examples: list[str] = []
    for quote in found:
        other = chance.choice(found)
        for kind, text in _variants(quote, other, chance):
            held = support(text, quote.passage, context=quote.title, similarity=similarity).supported
            if kind in true:
                true[kind].append(held)
            else:
                altered[kind].append(held)
            if held != (kind in true):
                examples.append(f"{'refused' if kind in true else 'missed'}, {kind}: {text} <> {quote.text}")
    every = [held for each in altered.values() for held in each]
    return Report(
        len(found),
        {kind: len(each) for kind, each in altered.items()},
        {kind: _share(not held for held in each) for kind, each in altered.items()},
        _share(not held for held in every),
        {kind: len(each) for kind, each in true.items()},
        {kind: _share(not held for held in each) for kind, each in true.items()},
        tuple(examples),
    )


def _of(hit: Hit) -> Iterator[Quote]:
    for start, end in quotable(hit):
        text = readable(hit.text[start - hit.start : end - hit.start])
        if SHORTEST <= len(text.split()) <= LONGEST and text.endswith("."):
            yield Quote(text, hit.text, hit.title)


def _variants(quote: Quote, other: Quote, chance: random.Random) -> Iterator[tuple[str, str]]:
    yield "as it stands", quote.text
    shorter = _ASIDE.sub("", quote.text, count=1)
    if shorter != quote.text:
        yield "shortened", shorter
    for kind, alter in _ALTER.items():
        text = alter(quote, other, chance)
        if text and text != quote.text:
            yield kind, text


def _number(quote: Quote, _: Quote, chance: random.Random) -> str:
    """A number that the passage does not have in place of one that the sentence has."""
    found = list(re.finditer(r"(?<![\w.,-])\d+(?:\.\d+)?(?![\w-]|[.,]\d)", quote.text))
    if not found:
        return ""
    at = chance.choice(found)
    step = chance.choice([2, 3, 7, 11, 30])
    new = f"{float(at[0]) + step:g}" if "." in at[0] else str(int(at[0]) + step)
    if re.search(rf"\b{re.escape(new)}\b", quote.passage):
        return ""
    return quote.text[: at.start()] + new + quote.text[at.end() :]


def _name(quote: Quote, other: Quote, chance: random.Random) -> str:
    """A name of another record in place of one of this sentence."""
    ours = list(re.finditer(r"(?<=[a-z,] )[A-Z][\w-]{2,}", quote.text))
    theirs = [
        found[0]
        for found in re.finditer(r"(?<=[a-z,] )[A-Z][\w-]{2,}", other.passage)
        if found[0].lower() not in f"{quote.passage} {quote.title}".lower()
    ]
    if not ours or not theirs:
        return ""
    at = chance.choice(ours)
    return quote.text[: at.start()] + chance.choice(theirs) + quote.text[at.end() :]


def _negation(quote: Quote, _: Quote, chance: random.Random) -> str:
    """A "not" put in, or taken out."""
    if found := _NOT.search(quote.text):
        return quote.text[: found.start()] + (found[1] or "") + quote.text[found.end() :]
    verbs = list(_VERB.finditer(quote.text))
    if not verbs:
        return ""
    at = chance.choice(verbs)
    return f"{quote.text[: at.end()]} not{quote.text[at.end() :]}"


def _cause(quote: Quote, other: Quote, chance: random.Random) -> str:
    """Cause and effect exchanged, or the cause of another record's event in place of this one's."""
    found = CAUSAL.search(quote.text)
    if not found or not len(quote.text[: found.start()].split()) >= 3 or len(quote.text[found.end() :].split()) < 3:
        return ""
    left, right = quote.text[: found.start()].strip(" ,"), quote.text[found.end() :].strip(" .,")
    elsewhere = CAUSAL.search(other.text)
    if elsewhere and other.passage != quote.passage and chance.random() < 0.5:
        return f"{left} {found[0].strip()} {other.text[elsewhere.end() :].strip(' .,')}."
    return f"{right[:1].upper()}{right[1:]} {found[0].strip()} {left[:1].lower()}{left[1:]}."


_ALTER: dict[str, Callable[[Quote, Quote, random.Random], str]] = {
    "number": _number,
    "name": _name,
    "negation": _negation,
    "cause": _cause,
}


def _share(values: Any) -> float:
    found = list(values)
    return round(sum(found) / len(found), 3) if found else 0.0
