"""Labels of documents, made by hand: one JSON object a line.

`path` below the folder of the documents, `kind`, `records` (the line at which each record begins, `[""]` for one),
`event_date`, `outcome`, and `sections` with `heading` and `key`. The guide by which ours were made is in
tests/labels/README.md.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from ingest.errors import BadDataset, PathNotFound
from ingest.model import NOT_LESSONS

Made = TypeVar("Made")
_LAYOUT = "One JSON object a line: path, kind, records, event_date, outcome, sections."


@dataclass(frozen=True, slots=True)
class Label:
    """What a person found in a document; `records` and `sections` in reading order."""

    path: str
    kind: str
    records: tuple[str, ...]
    event_date: str | None
    outcome: str
    sections: tuple[tuple[str, str | None], ...]

    @property
    def is_lesson(self) -> bool:
        return self.kind not in NOT_LESSONS


def load_labels(path: Path) -> list[Label]:
    """The labels of a file in its order. Raises `PathNotFound` or `BadDataset`, which names the line."""
    found = made_of(path, _LAYOUT, _label)
    if not found:
        raise BadDataset(f"{path} holds no labels.", _LAYOUT)
    return found


def made_of(path: Path, layout: str, make: Callable[[Any], Made]) -> list[Made]:
    """What is made of each line of a file of labels. Raises `PathNotFound` or `BadDataset`, which names the line."""
    if not path.is_file():
        raise PathNotFound(f"{path} is not a file.", "Give a file of labels. " + layout)
    found = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip():
            continue
        try:
            found.append(make(json.loads(line)))
        except (ValueError, KeyError, TypeError) as error:
            raise BadDataset(f"{path}, line {number}: not a label ({type(error).__name__}: {error}).", layout) from None
    return found


def _label(row: Any) -> Label:
    sections = tuple((str(each["heading"]), each["key"]) for each in row["sections"])
    records = tuple(map(str, row["records"]))
    return Label(row["path"], row["kind"], records, row["event_date"], row["outcome"], sections)
