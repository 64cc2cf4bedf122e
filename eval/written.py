"""How right the sentences are that the proof lets a language model say, by labels made by hand.

One JSON object a line: `question`, `said`, the `quote` it was shown with, the `title` of its record, and `right`,
whether the quote says so, as a person found.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant.asserted import is_statement
from assistant.proof import by_meaning, support
from eval.labels import made_of

_LAYOUT = "One JSON object a line: question, said, quote, title, right."


@dataclass(frozen=True, slots=True)
class Written:
    """A sentence that a model wrote, and whether a person found it in the quote."""

    question: str
    said: str
    quote: str
    title: str
    right: bool


def load_written(path: Path) -> list[Written]:
    """The sentences of a file in its order. Raises `PathNotFound` or `BadDataset`, which names the line."""
    return made_of(path, _LAYOUT, _written)


def _written(row: Any) -> Written:
    return Written(row["question"], row["said"], row["quote"], row["title"], row["right"] is True)


def shown(found: Sequence[Written]) -> list[Written]:
    """Those that the proof lets pass: citation precision is the share of them that are right."""
    return [
        one
        for one in found
        if is_statement(one.said) and support(one.said, one.quote, context=one.title, similarity=by_meaning).supported
    ]
