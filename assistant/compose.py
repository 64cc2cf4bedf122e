"""Compose an answer from quoted sentences alone: the best of each record, none said twice."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.evidence import Evidence, Sentence
from index.library import Library

WORDS = 150  # an answer longer than this is a list of hits again
BEST_RECORD, OTHER_RECORD = 3, 2  # sentences quoted from the record of the best sentence, and from any other
WORTH = 0.75  # of the best sentence's score: a weaker one from another record is beside the point
WORTH_MORE = 0.6  # a weaker one from a record already quoted still tells more of its story
SAME = 0.6  # of the shorter sentence's words: more in common is the same thing said again
_TOLD_FIRST = ("summary", "event", "cause", "lesson", "recommendation", "sustain", "improve", "impact", "action")


def compose(library: Library, evidence: Evidence, max_records: int) -> list[Sentence]:
    """The sentences to quote: the best first, those of one record together in reading order, superseded ones last."""
    picked: list[Sentence] = []
    said: list[set[str]] = []
    for sentence in evidence.sentences:
        known = any(one.hit.lesson_id == sentence.hit.lesson_id for one in picked)
        if sentence.score < (WORTH_MORE if known else WORTH) * evidence.sentences[0].score:
            continue
        words = set(library.words_of(sentence.text))
        if _has_room(sentence, picked, max_records) and not any(_repeats(words, other) for other in said):
            picked.append(sentence)
            said.append(words)
    first = {one.hit.lesson_id: at for at, one in reversed(list(enumerate(picked)))}
    return sorted(picked, key=lambda one: (one.hit.superseded_by is not None, first[one.hit.lesson_id], one.start))


def _has_room(sentence: Sentence, picked: Sequence[Sentence], max_records: int) -> bool:
    records = [one.hit.lesson_id for one in picked]
    lesson_id = sentence.hit.lesson_id
    if lesson_id not in records:
        allowed = len(set(records)) < max_records
    else:
        allowed = records.count(lesson_id) < (BEST_RECORD if lesson_id == records[0] else OTHER_RECORD)
    length = sum(len(one.text.split()) for one in [*picked, sentence])
    return allowed and (len(picked) < 2 or length <= WORDS)


def _repeats(words: set[str], other: set[str]) -> bool:
    return len(words & other) >= SAME * max(1, min(len(words), len(other)))


def tell(sentences: Sequence[Sentence]) -> list[Sentence]:
    """A record asked for by name, told in short: the first sentence of each part, what happened before what follows."""
    firsts: dict[str | None, Sentence] = {}
    for sentence in sorted(sentences, key=lambda one: one.start):
        firsts.setdefault(sentence.section, sentence)
    order: list[str | None] = [key for key in _TOLD_FIRST if key in firsts]
    order = order or list(firsts)
    return [firsts[key] for key in order[:4]]
