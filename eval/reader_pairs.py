"""Pairs to train the reader on: questions with texts that answer them or not, claims with texts that support them.

Reads the folders of a collection of labelled pairs, each with a `train.jsonl`. A question that its sentence does not
quite answer is what a judge finds hardest and what such collections lack, so these are made: one detail of an
answered question is changed, in the ways that SQuAD 2.0's unanswerable questions are said to have been written
(Rajpurkar et al. 2018, table 1): another name or thing, an antonym, a negation, another number.
"""

from __future__ import annotations

import json
import random
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from index.analysis import STOP_WORDS
from ingest.errors import PathNotFound

ANSWERS = ("squad-qg-sentences", "nq-dev-gold", "selqa", "medquad", "covid-qa", "pubmedqa")
CLAIMS = ("mnli-dev", "snli-dev", "begin", "wice", "fool-me-twice", "fever-symmetric")
"""Folders whose licences allow to pass on what was trained with them."""
_LABELS = {"entailment": 0, "neutral": 1, "contradiction": 2}
_ANTONYMS = """first/last before/after more/less most/least largest/smallest highest/lowest increase/decrease
increased/decreased north/south east/west early/late began/ended begin/end start/stop started/stopped open/closed
won/lost above/below large/small high/low old/new long/short inside/outside allow/prevent allowed/prevented
accepted/rejected supported/opposed male/female better/worse best/worst added/removed oldest/newest earliest/latest
longest/shortest higher/lower larger/smaller greater/fewer major/minor public/private internal/external
positive/negative always/never success/failure succeed/fail left/right winter/summer upper/lower rise/fall"""
_OPPOSITE = {word: other for pair in _ANTONYMS.split() for word, other in (pair.split("/"), reversed(pair.split("/")))}
_DENIED = frozenset("did was is are were can does do has had would should".split())
_STEPS = (-20, -7, -3, -1, 1, 2, 5, 10, 30)


class Pair(NamedTuple):
    """A question or claim, a text, and what is known of them.

    `kind` is `answer` (1: the text answers), `claim` (0 entailed, 1 neutral, 2 contradicted) or `support` (0 entailed,
    1 not).
    """

    said: str
    text: str
    label: int
    kind: str


def pairs(folder: Path, seed: int = 7) -> list[Pair]:
    """All pairs, shuffled. Raises `PathNotFound`."""
    chance = random.Random(seed)  # noqa: S311 - no secret hangs on it
    found = [pair for name in ANSWERS for pair in _answers(_rows(folder, name), chance)]
    for name in CLAIMS:
        for row in _rows(folder, name):
            kind = "support" if row.get("two_way") else "claim"
            label = min(1, _LABELS[row["label"]]) if kind == "support" else _LABELS[row["label"]]
            found.append(Pair(row["hypothesis"], row["premise"], label, kind))
    chance.shuffle(found)
    return found


def _rows(folder: Path, name: str) -> list[dict[str, Any]]:
    path = folder / name / "train.jsonl"
    if not path.is_file():
        raise PathNotFound(f"{path} is not there.", "Give the folder of the labelled pairs.")
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def _answers(rows: Sequence[dict[str, Any]], chance: random.Random) -> Iterator[Pair]:
    """For each question a text that answers it, one that does not, and the question so changed that the first fails."""
    by_question: defaultdict[str, dict[int, list[str]]] = defaultdict(lambda: {0: [], 1: []})
    for row in rows:
        by_question[row["question"]][row["label"]].append(row["passage"])
    for question, texts in by_question.items():
        if texts[0]:
            yield Pair(question, chance.choice(texts[0]), 0, "answer")
        if texts[1]:
            yield Pair(question, texts[1][0], 1, "answer")
            elsewhere = texts[0][0] if texts[0] else chance.choice(rows)["passage"]
            if changed := _changed(question, texts[1][0], elsewhere, chance):
                yield Pair(changed, texts[1][0], 0, "answer")


def _changed(question: str, text: str, elsewhere: str, chance: random.Random) -> str | None:
    """The question about another detail; None where none can be changed."""
    words = question.split()
    plain = [re.sub(r"\W", "", word.lower()) for word in words]
    there = set(re.findall(r"\w+", text.lower()))
    strange = [
        word
        for word in re.findall(r"[^\W\d_]{4,}", elsewhere.lower())
        if word not in there and word not in STOP_WORDS and word not in plain
    ]
    shared = [at for at, word in enumerate(plain) if word in there and word not in STOP_WORDS and len(word) > 3]
    places = {
        "antonym": [at for at, word in enumerate(plain) if word in _OPPOSITE],
        "number": [at for at, word in enumerate(plain) if word.isdecimal()],
        "other": shared if strange else [],
        "negation": [at for at, word in enumerate(plain) if word in _DENIED],
    }
    ways = [way for way, found in places.items() for _ in range(1 if way == "negation" else 3) if found]
    if not ways:
        return None
    way = chance.choice(ways)
    at = chance.choice(places[way])
    if way == "antonym":
        words[at] = _OPPOSITE[plain[at]]
    elif way == "number":
        words[at] = str(int(plain[at][:6]) + chance.choice(_STEPS))
    elif way == "other":
        words[at] = chance.choice(strange)
    else:
        words[at] += chance.choice([" not", "n't"])
    return " ".join(words)
