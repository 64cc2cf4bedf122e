"""Gather what could answer a question: the best passages, and the sentences in them that speak to it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from assistant.asserted import is_order
from assistant.question import Question
from assistant.quotable import quotable, readable
from index.filters import Filters
from index.hit import Hit, Hits
from index.library import Library
from index.reader import packaged_reader

READ = 24  # sentences that the reader reads together with the question, the best of them by the other signs
PASSAGES = 12  # passages read for an answer
READ_WHOLE = 2  # records at the top whose other passages are read too: the cause may share no word with the question
ANSWERS = 0.3  # what the reader's word adds to a score
SUITS = 0.08  # what the form of an answer adds to a score; its content decides
ADVICE = frozenset({"recommendation", "lesson", "action", "sustain", "improve"})
"""Sections that say what to do."""
_BECAUSE = re.compile(r"\b(because|due to|caused|led to|reason|since)\b", re.I)
ANSWERED_IN: Mapping[str, tuple[str, ...]] = {
    "procedural": ("recommendation", "lesson", "action"),
    "planning": ("recommendation", "lesson", "action"),
    "what-went-wrong": ("cause", "event"),
    "has-anyone": ("event", "summary"),
    "what-worked": ("sustain", "lesson"),
}
"""The sections in which questions of a kind are answered."""
ACCOUNTS = ("summary", "event", "cause", "impact")
"""Sections that tell what happened. Advice may be what to say; here an order to say something is no account."""
_NOT_ASKED = frozenset(
    "lesson learn learnt happen went go wrong well anyon anybodi ever someon us tell know say said thing someth record "
    "document report organis organiz compani peopl anyth know awar next today tomorrow yesterday monday tuesday "
    "wednesday thursday friday saturday sunday".split()
)


@dataclass(frozen=True, slots=True)
class Sentence:
    """A quotable sentence. `start:end` are offsets in the source; `text` is it on one line, for showing.

    `near` is its cosine similarity to the question and `covers` the share of the question's words in it, rare words
    counting more and those in its record's title half; `answers` is the probability that it answers, as the reader
    sees it, and `denies` that it contradicts what the question takes for granted, both None for one that was not read.
    `score` joins them with the similarity of its whole passage.
    """

    hit: Hit
    start: int
    end: int
    text: str
    section: str | None
    near: float
    covers: float
    score: float
    answers: float | None = None
    denies: float | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """The passages found and their sentences, best first, with what the verdict rests on.

    `rarity` holds the question's own words (stemmed) and how rare each is in the library; `covered` the share of
    them, by rarity, that the best record holds; `near` the highest similarity of a passage to the question.
    """

    hits: tuple[Hit, ...]
    sentences: tuple[Sentence, ...]
    rarity: Mapping[str, float]
    covered: float
    near: float
    took_ms: Mapping[str, float]


def gather(library: Library, question: Question, filters: Filters | None = None) -> Evidence:
    """Search, read the best passages sentence by sentence, and score each sentence. Raises `BadFilter`."""
    query = question.query
    found = library.search(query, PASSAGES, filters)
    hits = [*found.hits, *_more_of(library, found, filters)]
    rarity = {word: idf for word, idf in library.rarity(query).items() if word not in _NOT_ASKED}
    spans = [(hit, span) for hit in hits for span in quotable(hit)]
    read = [(hit, start, end, readable(hit.text[start - hit.start : end - hit.start])) for hit, (start, end) in spans]
    told = [one for one in read if not _beside_the_point(question, *one)]
    near = _similarities(library, query, [text for *_, text in told])
    sentences = []
    for (hit, start, end, text), similarity in zip(told, near, strict=True):
        key = section_at(hit, start)
        words = library.words_of(text)
        covers = 0.5 * covered(rarity, words) + 0.5 * covered(rarity, [*words, *library.words_of(hit.title)])
        score = 0.45 * similarity + 0.3 * covers + 0.25 * hit.dense + SUITS * suits(question, text, key)
        sentences.append(Sentence(hit, start, end, text, key, similarity, covers, score))
    sentences = _read(question, sorted(sentences, key=lambda sentence: -sentence.score))
    best = max((covered(rarity, library.words_of(f"{hit.title} {hit.text}")) for hit in found.hits), default=0.0)
    return Evidence(
        found.hits, tuple(sentences), rarity, best, max((hit.dense for hit in found.hits), default=0.0), found.took_ms
    )


def _beside_the_point(question: Question, hit: Hit, start: int, _: int, text: str) -> bool:
    """Whether a sentence tells nothing: a reference, or in an account an order, or a failure where success is asked."""
    section = section_at(hit, start)
    failed = question.kind == "what-worked" and hit.outcome == "failure"
    return section == "refs" or (section in ACCOUNTS and (failed or is_order(text)))


def without(evidence: Evidence, name: str, value: str) -> Evidence:
    """The evidence without the records whose field has the value."""
    kept = {hit.lesson_id for hit in evidence.hits if str(getattr(hit, name, None)).lower() != value.lower()}
    return replace(
        evidence,
        hits=tuple(hit for hit in evidence.hits if hit.lesson_id in kept),
        sentences=tuple(one for one in evidence.sentences if one.hit.lesson_id in kept),
    )


def _read(question: Question, sentences: Sequence[Sentence]) -> list[Sentence]:
    """The same, best first, the first of them read together with the question."""
    first, rest = sentences[:READ], sentences[READ:]
    found = packaged_reader().read(question.query, [sentence.text for sentence in first])
    read = [
        replace(sentence, score=sentence.score + ANSWERS * answers, answers=answers, denies=denies)
        for sentence, answers, denies in zip(first, found.answers.tolist(), found.contradicts.tolist(), strict=True)
    ]
    return sorted([*read, *rest], key=lambda sentence: -sentence.score)


def suits(question: Question, text: str, section: str | None) -> int:
    """How far a sentence has the form of an answer: a figure for `how much`, a recommendation for `how should we`."""
    figure = question.wants_figure and re.search(r"\d", text) is not None
    reason = question.kind == "what-went-wrong" and _BECAUSE.search(text) is not None
    return figure + (reason or section in ANSWERED_IN.get(question.kind, ()))


def _more_of(library: Library, found: Hits, filters: Filters | None) -> list[Hit]:
    """The other passages of the best records."""
    known = {(hit.source_id, hit.start) for hit in found.hits}
    top = list(dict.fromkeys(hit.lesson_id for hit in found.hits))[:READ_WHOLE]
    more = []
    for lesson_id in top:
        only = {**(filters or {}), "lesson_id": lesson_id}
        whole = library.search(found.query, PASSAGES, only, rerank=False, per_lesson=PASSAGES)
        more += [hit for hit in whole.hits if (hit.source_id, hit.start) not in known]
    return more


def covered(rarity: Mapping[str, float], words: Sequence[str]) -> float:
    """The share of the question's words that are among `words`, each counted by how rare it is; 1 if it has none."""
    total, there = sum(rarity.values()), set(words)
    return sum(idf for word, idf in rarity.items() if word in there) / total if total else 1.0


def section_at(hit: Hit, at: int) -> str | None:
    """The key of the section of its record in which a place in the source lies."""
    return next((section.key for section in hit.sections if section.start <= at < section.end), None)


def _similarities(library: Library, query: str, texts: Sequence[str]) -> list[float]:
    if not texts:
        return []
    embedder = library.embedder
    return [float(value) for value in embedder.sentences(texts) @ np.asarray(embedder.query(query))]
