"""Checks a sentence against a passage by rules that know nothing of what wrote the sentence.

A sentence stands when everything checkable in it (numbers with their units, dates, names, identifiers, negations) is
in its quote, what it gives as a cause is one there, and enough of its other words are there. The rules do not see who
did what to whom: two names or two numbers of one quote exchanged pass.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence, Set
from dataclasses import dataclass, replace
from typing import Literal

from assistant.asserted import asserted, unasserted
from assistant.causes import turned
from assistant.facts import DATED, Facts, facts_of, identifier, stem
from assistant.whole import cut_off, tells, unreal
from index.reader import packaged_reader
from ingest.sentences import sentence_spans

Similarity = Callable[[str, Sequence[str]], Sequence[float]]
"""How near a sentence is in meaning to each of some texts, at most 1."""

SUPPORTED = 0.6
"""The least score that counts as support.

A paraphrase keeps the things it is about and changes verbs and connecting words: of ten content words six or more stay.
A sentence that only shares its topic with the quote shares its subject, about a third of its words.
"""

SAME_WORDS, OTHER_WORDS = 0.4, 0.7
"""The least similarity in meaning of a sentence whose words are all there, in another order; and, where some are not,
the least product of the share of words and the similarity. Chosen on 225 sentences of a small model, judged by hand."""
_THE = re.compile(r"\bthe (\d+) ", re.I)
CLAUSE, _FEWEST_WORDS = 0.75, 3  # the share of a clause's words in one sentence; of a clause of so many words
MOST_OF = 0.8  # of a quote: what is left may be a heading that ran into it
_LONGEST_QUOTE = 3  # sentences: what belongs together in a report rarely spans more
_CLAUSES = re.compile(r"[,;:.](?=\s)|[—–]|\b(?:and|but|because|while|when|after|before|so|which|who|where)\b", re.I)
"""What parts the clauses of a sentence. Each states one thing, which one sentence of the quote must hold."""
_COST_OF_SENTENCE = 0.05  # one more sentence must hold more of the claim than one word in twenty
_COST_OF_FACT = 0.2  # a number or name in the quote outweighs a few more of the words around it


@dataclass(frozen=True, slots=True)
class Missing:
    """Something the sentence says and its quote does not. A negation may also be one that the sentence left out."""

    kind: Literal["number", "name", "negation", "cause", "word", "meaning"]
    text: str


@dataclass(frozen=True, slots=True)
class Support:
    """How far the passage's text at `start:end`, its best quote, supports a sentence: 0 to 1; 1 is word for word."""

    score: float
    start: int
    end: int
    missing: tuple[Missing, ...] = ()

    @property
    def supported(self) -> bool:
        """Whether the score suffices and no number, name or negation is missing."""
        return self.score >= SUPPORTED and all(one.kind == "word" for one in self.missing)


def by_meaning(sentence: str, quotes: Sequence[str]) -> Sequence[float]:
    """How far each quote entails the sentence, as the packaged reader sees it."""
    return [float(value) for value in packaged_reader().read(sentence, quotes).entails]


def support(sentence: str, passage: str, *, context: str = "", similarity: Similarity | None = None) -> Support:
    """The quote of one to three adjacent sentences of `passage` that supports `sentence` best.

    `context` is what the passage is known to be about (its title, say): names and words in it need not be in the quote.
    A sentence that is not word for word there needs the consent of `similarity`; a missing fact is never excused.
    """
    claim, given = Facts(sentence, known=facts_of(passage).names), facts_of(context).stems
    told = passage if unasserted(sentence) else asserted(passage)
    ranked: list[tuple[float, Support]] = []
    spans = sentence_spans(passage)
    longest = min(_LONGEST_QUOTE, 1 + len(_CLAUSES.findall(sentence)))
    for size in range(1, longest + 1):
        for (start, _), (_, end) in zip(spans, spans[size - 1 :], strict=False):
            score, missing = _compare(claim, facts_of(told[start:end]), given)
            facts = sum(one.kind in ("number", "name") for one in missing)
            rank = score - _COST_OF_SENTENCE * size - _COST_OF_FACT * facts
            ranked.append((rank, Support(score, start, end, missing)))
    ranked.sort(key=lambda pair: (-pair[0], len(pair[1].missing)))
    if not ranked:
        return Support(0.0, 0, 0)
    best = ranked[0][1]
    quote = facts_of(told[best.start : best.end])
    if similarity is None or not best.supported:
        return best
    unclear = (*best.missing, Missing("meaning", sentence))
    if _copied(claim, quote):
        return replace(best, missing=unclear) if cut_off(claim, quote) else best
    (alike,) = similarity(claim.text, [quote.text])
    borrowed = bool(claim.words.keys() & given - quote.stems)  # from the title: what is said of it may be of another
    least = OTHER_WORDS / best.score if best.missing or borrowed else SAME_WORDS
    clear = alike >= least and tells(claim, quote) and _clause_by_clause(claim, told[best.start : best.end], given)
    return replace(best, score=(best.score + min(alike, 1.0)) / 2, missing=best.missing if clear else unclear)


def _clause_by_clause(claim: Facts, quote: str, given: Set[str]) -> bool:
    """Whether each clause of a sentence stands in one sentence of a longer quote."""
    spans = sentence_spans(quote)
    if len(spans) < 2:
        return True
    parts = [facts_of(quote[start:end]) for start, end in spans]
    clauses = [Facts(part) for part in _CLAUSES.split(claim.text) if len(part.split()) >= _FEWEST_WORDS]
    return all(any(_within(clause, part, given) for part in parts) for clause in clauses)


def _within(clause: Facts, part: Facts, given: Set[str]) -> bool:
    score, missing = _compare(clause, part, given)
    return score >= CLAUSE and all(one.kind != "number" for one in missing)


def _compare(claim: Facts, quote: Facts, given: Set[str]) -> tuple[float, tuple[Missing, ...]]:
    """The share of the claim's facts and words that the quote holds, and what it does not hold."""
    shorts = [token.text for token in quote.tokens if token.stem and token.text.isupper()]
    spelled = [claim.spelled_out(short) for short in shorts if not quote.spelled_out(short)]
    stems = quote.stems | given | {stem(word) for words in spelled for word in words}
    missing = [
        Missing("number", text)
        for (value, unit), text in claim.numbers.items()
        if not any(value == had and (unit == its or (not unit and its not in DATED)) for had, its in quote.numbers)
    ]
    missing += [Missing("name", text) for text in claim.identifiers if not identifier(text).search(quote.text)]
    missing += [
        Missing("name" if word in claim.names else "word", text)
        for word, text in claim.words.items()
        if word not in stems and not quote.spelled_out(text)
    ]
    total = len(claim.numbers) + len(claim.identifiers) + len(claim.words)
    score = 1 - len(missing) / total if total else 0.0
    missing += [Missing("number", text) for value, what, text in claim.counted() if not quote.counts(value, what)]
    missing += [Missing("number", value) for value in _THE.findall(claim.text) if _part(value).search(quote.text)]
    copied = _copied(claim, quote)
    missing += [Missing("negation", text) for text in _contradictions(claim, quote, copied)]
    if claim.text.rstrip(".") != quote.text.rstrip("."):
        missing += [Missing("negation", text) for text in unreal(claim, quote)]
    if not copied and turned(claim.text, quote.text):
        missing.append(Missing("cause", claim.text))
    return score, tuple(missing)


def _part(number: str) -> re.Pattern[str]:
    """Finds "four of eleven", which are not "the four"."""
    return re.compile(rf"\b{number} of (?:the )?\d")


def _copied(claim: Facts, quote: Facts) -> bool:
    """Whether the claim stands in the quote word for word: nearly all of it, or from where a sentence can begin."""
    copy = claim.text.rstrip(". ")
    if MOST_OF * len(quote.text) <= len(copy):
        return copy in quote.text
    return re.search(rf"(?:^|[^\w\s]\s*|\b[A-Z0-9][\w-]*\s){re.escape(copy)}(?!\w)", quote.text) is not None


def _contradictions(claim: Facts, quote: Facts, copied: bool) -> Iterator[str]:
    """Negations of one text that the other lacks though it speaks of the same thing."""
    ours, theirs = claim.cues(quote.stems), quote.cues(claim.stems)
    granted = quote.affirmed(theirs, loosely=True)
    for cue in () if copied else ours:
        first = next(iter(cue.denied.values()), "")
        if first in granted or not any(cue.meets(other) for other in theirs):
            yield cue.text
    wrongly = claim.affirmed(ours, loosely=True) - quote.affirmed(theirs, loosely=False)
    yield from (cue.text for cue in theirs if wrongly & {*cue.denied.values()})
