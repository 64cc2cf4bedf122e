"""How many records have their fields filled, by the source and by derivation, and how right the derived values are."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ingest.errors import BadDataset, PathNotFound
from ingest.model import Lesson, Method
from ingest.readers import read
from ingest.recognise import recognise

FIELDS = ("topics", "phase", "outcome", "cause", "severity")
_LABELLED = {"topics": "topics", "phase": "phases", "outcome": "outcomes", "cause": "causes", "severity": "severities"}
_BY_SOURCE: frozenset[Method] = frozenset({"native", "frontmatter", "label"})


@dataclass
class FieldScore:
    """One field over all records: `source` and `filled` are numbers of records, `methods` of values by method.

    The others are about labelled records: `judged` derived values, how many of them are `acceptable`, and how many
    records `abstained`, that is have no value at all; `missed` of those have an acceptable one.
    """

    records: int = 0
    source: int = 0
    filled: int = 0
    methods: Counter[str] = field(default_factory=Counter)
    labelled: int = 0
    judged: int = 0
    acceptable: int = 0
    abstained: int = 0
    missed: int = 0
    wrong: list[str] = field(default_factory=list)
    """`record: value` of each derived value that is not acceptable."""

    @property
    def precision(self) -> float | None:
        """The share of derived values that are acceptable; None where none was judged."""
        return self.acceptable / self.judged if self.judged else None

    def to_json(self) -> dict[str, Any]:
        """The numbers as one JSON object."""
        numbers = {name: value for name, value in vars(self).items() if name != "methods"}
        return {**numbers, "methods": dict(self.methods.most_common()), "precision": self.precision}


def load_records(path: Path) -> tuple[Lesson, ...]:
    """The lessons of a file, as indexing would make them. Raises `PathNotFound` and `UnreadableFile`."""
    if not path.is_file():
        raise PathNotFound(f"There is no file {path}.", "Give a file of records.")
    return recognise(read(path, path.read_bytes()), path)


def load_labels(path: Path) -> dict[str, dict[str, frozenset[str]]]:
    """By lesson id the acceptable values of each field that was labelled, in lower case.

    The file holds one JSON object a line: `lesson_id` and any of `topics`, `phases`, `outcomes`, `causes` and
    `severities`, each a list. Raises `PathNotFound` and `BadDataset`.
    """
    if not path.is_file():
        raise PathNotFound(f"There is no file {path}.", "Give a file of labels, one JSON object a line.")
    labels = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            accepted = {name: frozenset(map(str.lower, row[key])) for name, key in _LABELLED.items() if key in row}
            labels[str(row["lesson_id"])] = accepted
        except (ValueError, KeyError, TypeError) as error:
            raise BadDataset(
                f"Line {number} of {path} is no label ({type(error).__name__}: {error}).",
                "Write one JSON object a line: lesson_id and lists named " + ", ".join(_LABELLED.values()) + ".",
            ) from error
    return labels


def score_fields(
    lessons: Sequence[Lesson], labels: Mapping[str, Mapping[str, Iterable[str]]] | None = None
) -> dict[str, FieldScore]:
    """The score of each field. Values that the source states are not judged: they are right by definition."""
    scores = {name: FieldScore(records=len(lessons)) for name in FIELDS}
    for lesson in lessons:
        accepted = _labels_of(lesson.lesson_id, labels or {})
        for name, score in scores.items():
            values = list(_values(lesson, name))
            score.filled += bool(values)
            score.source += any(method in _BY_SOURCE for _, method in values)
            score.methods.update(method for _, method in values)
            if name in accepted:
                _judge(score, lesson.lesson_id, values, frozenset(accepted[name]))
    return scores


def _labels_of(lesson_id: str, labels: Mapping[str, Mapping[str, Iterable[str]]]) -> Mapping[str, Iterable[str]]:
    """A record's labels, whether they give its id with the name of its collection ("LLIS-431") or without."""
    return labels.get(lesson_id) or labels.get(lesson_id.rpartition("-")[2]) or {}


def _judge(score: FieldScore, lesson_id: str, values: list[tuple[str, Method]], accepted: frozenset[str]) -> None:
    score.labelled += 1
    score.abstained += not values
    score.missed += bool(accepted) and not values
    for value, method in values:
        if method not in _BY_SOURCE:
            score.judged += 1
            score.acceptable += value.lower() in accepted
            if value.lower() not in accepted:
                score.wrong.append(f"{lesson_id}: {value}")


def _values(lesson: Lesson, name: str) -> Iterator[tuple[str, Method]]:
    """The values of a field, each with the method that found it."""
    if name in ("topics", "cause"):
        yield from ((tag.name, tag.method) for tag in (lesson.topics if name == "topics" else lesson.causes))
        return
    value = getattr(lesson, name)
    if value and name in lesson.provenance:
        yield value, lesson.provenance[name].method
