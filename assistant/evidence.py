"""Gather what could answer a question: the best passages, and the sentences in them that speak to it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from assistant.question import Question
from index.filters import Filters
from index.hit import Hit
from index.library import Library
from ingest.sentences import sentence_spans

PASSAGES = 12  # passages read for an answer
SENTENCES_A_PASSAGE = 14
SUITS = 0.08  # what the form of an answer adds to a score; its content decides
LEANING = 60  # words: what a sentence and the one it leans on may have together
SHORTEST = 5  # words: a shorter sentence says nothing by itself
LONGEST = 90  # words: a longer one is a list run together
LONGEST_OPEN = 30  # words, without a full stop: a longer one is a table
_LEANS_ON = re.compile(r"(this|that|these|those|it|its|they|he|she|such|the same|also|however|therefore|thus)\b", re.I)
_REFERENCE = re.compile(
    r"\W*(references?|refs?|see also|for (details|more information))\b|\W?[\"“][^\"”]{10,}[\"”],", re.I
)
_LABEL = re.compile(r"\b[A-Z][\w /()'-]{1,30}:(?=\s)")
_BECAUSE = re.compile(r"\b(because|due to|caused|led to|reason|since)\b", re.I)
_ANSWERED_IN: Mapping[str, tuple[str, ...]] = {
    "procedural": ("recommendation", "lesson", "action"),
    "planning": ("recommendation", "lesson", "action"),
    "what-went-wrong": ("cause", "event"),
    "has-anyone": ("event", "summary"),
    "what-worked": ("sustain", "lesson"),
}
_NOT_ASKED = frozenset(
    "lesson learn learnt happen went go wrong well anyon anybodi ever someon us tell know say said thing someth record "
    "document report organis organiz compani peopl".split()
)


@dataclass(frozen=True, slots=True)
class Sentence:
    """A quotable sentence. `start:end` are offsets in the source; `text` is it on one line, for showing.

    `near` is its cosine similarity to the question and `covers` the share of the question's words in it, rare
    words counting more; `score` joins both with the similarity of its whole passage.
    """

    hit: Hit
    start: int
    end: int
    text: str
    section: str | None
    near: float
    covers: float
    score: float


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
    rarity = {word: idf for word, idf in library.rarity(query).items() if word not in _NOT_ASKED}
    spans = [(hit, span) for hit in found.hits for span in quotable(hit)]
    texts = [readable(hit.text[start - hit.start : end - hit.start]) for hit, (start, end) in spans]
    near = _similarities(library, query, texts)
    sentences = []
    for (hit, (start, end)), text, similarity in zip(spans, texts, near, strict=True):
        covers = covered(rarity, library.words_of(text))
        key = _key(hit, start)
        score = 0.45 * similarity + 0.3 * covers + 0.25 * hit.dense + SUITS * suits(question, text, key)
        sentences.append(Sentence(hit, start, end, text, key, similarity, covers, score))
    sentences.sort(key=lambda sentence: -sentence.score)
    best = max((covered(rarity, library.words_of(f"{hit.title} {hit.text}")) for hit in found.hits), default=0.0)
    return Evidence(
        found.hits, tuple(sentences), rarity, best, max((hit.dense for hit in found.hits), default=0.0), found.took_ms
    )


def suits(question: Question, text: str, section: str | None) -> bool:
    """Whether a sentence has the form of an answer: a figure for `how much`, a recommendation for `how should we`."""
    if question.wants_figure:
        return re.search(r"\d", text) is not None
    if question.kind == "what-went-wrong" and _BECAUSE.search(text):
        return True
    return section in _ANSWERED_IN.get(question.kind, ())


def covered(rarity: Mapping[str, float], words: Sequence[str]) -> float:
    """The share of the question's words that are among `words`, each counted by how rare it is; 1 if it has none."""
    total = sum(rarity.values())
    return sum(idf for word, idf in rarity.items() if word in set(words)) / total if total else 1.0


def quotable(hit: Hit) -> list[tuple[int, int]]:
    """The spans in the source of the passage's sentences that can stand as a quote.

    Headings, labels and questions cannot; a sentence that leans on the one before it ("This led to …") takes it along.
    """
    spans: list[tuple[int, int]] = []
    previous: int | None = None
    for start, end in sentence_spans(hit.text):
        start = _after_heading(hit, start, end)
        if _can_stand(hit.text[start:end]) and not _is_title(hit.text[start:end], hit.title):
            leans = previous is not None and _LEANS_ON.match(hit.text[start:end])
            first = previous if leans and len(hit.text[previous:end].split()) < LEANING else start
            spans.append((hit.start + (first or 0), hit.start + end))
            previous = start
        else:
            previous = None
    return spans[:SENTENCES_A_PASSAGE]


def _after_heading(hit: Hit, start: int, end: int) -> int:
    """Where a sentence begins once the heading it ran on from is taken off: `Discussion: The tank …`."""
    for section in hit.sections:
        if section.heading and abs(section.start - hit.start - start) <= len("###### "):
            found = hit.text.find(section.heading, start, min(end, start + len(section.heading) + 10))
            if found >= 0:
                rest = hit.text[found + len(section.heading) : end]
                return end - len(rest.lstrip(" \t\r\n:.*_|"))
    return start


def _can_stand(text: str) -> bool:
    words = len(text.split())
    longest = LONGEST if text.endswith((".", "!", ".)", '."', ".”")) else LONGEST_OPEN
    if _REFERENCE.match(text):
        return False
    return SHORTEST <= words <= longest and not text.endswith(("?", ":")) and len(_LABEL.findall(text)) * 12 <= words


def _is_title(text: str, title: str) -> bool:
    """Whether the sentence says no more than the record's title, which is shown beside it anyway."""
    return set(re.findall(r"\w+", text.lower())) <= {*re.findall(r"\w+", title.lower()), "page"}


def readable(text: str) -> str:
    """A quote on one line: line breaks, hyphens at line ends and Markdown marks taken out."""
    text = re.sub(r"\u00ad\s*|(?<=\w)[-‐]\s*\n\s*(?=[a-z])", "", text)
    text = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", text)
    text = re.sub(r"\*\*|__|`|(?<!\w)[*_](?=\w)|(?<=[\w.])[*_](?!\w)", "", text)
    text = re.sub(r"\s*\|\s*", " | ", text).strip(" |")
    return " ".join(text.split())


def _key(hit: Hit, at: int) -> str | None:
    return next((section.key for section in hit.sections if section.start <= at < section.end), None)


def _similarities(library: Library, query: str, texts: Sequence[str]) -> list[float]:
    if not texts:
        return []
    return [float(value) for value in library.embedder.documents(texts) @ np.asarray(library.embedder.query(query))]
