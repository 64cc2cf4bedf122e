"""Compose an answer from quoted sentences alone: the best of each record, none said twice."""

from __future__ import annotations

import re
from collections.abc import Sequence

from assistant.evidence import Evidence, Sentence
from index.library import Library

WORDS = 150  # an answer longer than this is a list of hits again
BEST_RECORD, OTHER_RECORD = 3, 2  # sentences quoted from the record of the best sentence, and from any other
WORTH = 0.8  # of the best sentence's score: a weaker one from another record is beside the point
WORTH_MORE = (
    0.65  # one from a record already quoted tells more of its story; one of a top record may be put differently
)
TOP_RECORDS = 3
_FIGURE = re.compile(r"\d+(?:[.,]\d+)*")
SAME = 0.6  # of the shorter sentence's words: more in common is the same thing said again
_TOLD_FIRST = ("summary", "event", "cause", "lesson", "recommendation", "sustain", "improve", "impact", "action")


def compose(
    library: Library, evidence: Evidence, max_records: int, most_words: int = WORDS, parts: Sequence[str] = ()
) -> list[Sentence]:
    """The sentences to quote, record by record, the best first; a record's best, then its others in reading order.

    The records that the search ranks highest have their say first, then other records, then any of them again. The
    first record is told with each of the `parts` that it has, its cause say, however far its words are from the
    question's.
    """
    top = list(dict.fromkeys(hit.lesson_id for hit in evidence.hits))[:TOP_RECORDS]
    picked: list[Sentence] = []
    said: list[set[str]] = []
    for turn in ("top", "other", "again"):
        for sentence in evidence.sentences:
            records = {one.hit.lesson_id for one in picked}
            known, ranked = sentence.hit.lesson_id in records, sentence.hit.lesson_id in top
            if known != (turn == "again") or (turn == "top" and not ranked):
                continue
            words = {*library.words_of(sentence.text), *_FIGURE.findall(sentence.text)}
            if (
                sentence.score >= (WORTH_MORE if known or ranked else WORTH) * evidence.sentences[0].score
                and _has_room(sentence, picked, max_records, most_words)
                and not any(_repeats(words, other) for other in said)
            ):
                picked.append(sentence)
                said.append(words)
    picked = _with_parts(evidence, picked, parts)
    best: dict[str, Sentence] = {}
    for one in sorted(picked, key=lambda one: one.score):
        best[one.hit.lesson_id] = one

    def place(one: Sentence) -> tuple[bool, float, bool, int]:
        first = best[one.hit.lesson_id]
        return one.hit.superseded_by is not None, -first.score, one is not first, one.start

    return sorted(picked, key=place)


def _with_parts(evidence: Evidence, picked: list[Sentence], parts: Sequence[str]) -> list[Sentence]:
    """What was picked, with the best sentence of each of the `parts` that the first record has.

    They take the places of what was picked last from other parts of that record.
    """
    told = [one for one in evidence.sentences if picked and one.hit.lesson_id == picked[0].hit.lesson_id]
    own = [one for one in picked if one in told]
    firsts = [next((one for one in told if one.section == key), None) for key in parts]
    wanted = [one for one in firsts if one and not any(had.section == one.section for had in own)]
    spare = [one for one in own[1:] if one.section not in parts]
    room = BEST_RECORD - len(own)
    dropped = spare[max(0, len(spare) + room - len(wanted)) :] if len(wanted) > room else []
    return [one for one in picked if one not in dropped] + wanted[: room + len(dropped)]


def _has_room(sentence: Sentence, picked: Sequence[Sentence], max_records: int, most_words: int) -> bool:
    records = [one.hit.lesson_id for one in picked]
    lesson_id = sentence.hit.lesson_id
    if lesson_id not in records:
        allowed = len(set(records)) < max_records
    else:
        allowed = records.count(lesson_id) < (BEST_RECORD if lesson_id == records[0] else OTHER_RECORD)
    length = sum(len(one.text.split()) for one in [*picked, sentence])
    return allowed and (len(picked) < 2 or length <= most_words)


def _repeats(words: set[str], other: set[str]) -> bool:
    """Whether one says what the other says; never where their figures differ."""
    figures = {word for word in words ^ other if word[0].isdigit()}
    return not figures and len(words & other) >= SAME * max(1, min(len(words), len(other)))


def tell(sentences: Sequence[Sentence], asked: Sequence[str] = ()) -> list[Sentence]:
    """A record asked for by name, told in short: the first sentence of each part, what happened before what follows.

    Of the first part that is `asked` for and there, as much as of any record.
    """
    read = sorted(sentences, key=lambda one: one.start)
    for key in asked:
        if wanted := [one for one in read if one.section == key]:
            return wanted[:BEST_RECORD]
    firsts: dict[str | None, Sentence] = {}
    for sentence in read:
        firsts.setdefault(sentence.section, sentence)
    order: list[str | None] = [key for key in _TOLD_FIRST if key in firsts]
    order = order or list(firsts)
    return [firsts[key] for key in order[:4]]
