"""Answers as HTML; what they look like is in `templates/answer.html`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from babel import Locale
from markupsafe import Markup

from assistant.answer import Answer, Cited, Claim
from assistant.tally import TIMES
from ui.outcomes import OUTCOMES
from ui.web.fill import ENGLISH, macro

if TYPE_CHECKING:
    from index.hit import Stats

_STAGES = {
    "searching": "Searching the library…",
    "reading": "Reading the records…",
    "writing": "Writing…",
    "checking": "Checking each sentence against its source…",
}
_PERIODS = {"since": "from {}", "until": "up to {}"}


@dataclass(frozen=True, slots=True)
class Asking:
    """What is asked: `ignore` names filters that are not to be read from its words; `at` is the turn it replaces."""

    question: str
    filters: Mapping[str, str] = field(default_factory=dict)
    ignore: Sequence[str] = ()
    at: int | None = None


class Chip(NamedTuple):
    """A filter that a question was asked with; `drops` is its name where it can be taken back."""

    text: str
    drops: str = ""
    read: bool = False


def chips(filters: Mapping[str, str], read: Sequence[str] = ()) -> list[Chip]:
    """The filters of a question, each with whether it was `read` from its words."""
    labels = {str(key): label for key, (_, label) in OUTCOMES.items()}
    return [
        Chip(_PERIODS.get(name, "{}").format(labels.get(value, value)), name, name in read)
        for name, value in filters.items()
    ]


def turn(
    number: int, asked: Asking, body: Markup, filters: Sequence[Chip], locale: Locale = ENGLISH, *, done: bool = True
) -> Markup:
    """A question, the filters it is answered with, and what was found so far."""
    return _made("turn", locale, number, asked, filters, body, done)


def draft(claims: Sequence[Claim], sources: Mapping[int, Cited], stage: str, locale: Locale = ENGLISH) -> Markup:
    """The claims known so far and what is going on; `sources` by their mark."""
    return _made("draft", locale, claims, sources, _STAGES.get(stage, "Working…"))


def answer(found: Answer, locale: Locale = ENGLISH, feedback: str = "", mark: str = "") -> Markup:
    """A whole answer with its evidence; `feedback` is where marks for it are sent to, `mark` the one given."""
    times = found.tally is not None and found.tally.by in TIMES
    return _made("answer", locale, found, times, feedback, mark)


def problem(reason: str, remedy: str) -> Markup:
    """What went wrong and what to do about it."""
    return _made("problem", ENGLISH, reason, remedy)


def stopped() -> Markup:
    """In the place of what would have come."""
    return _made("stopped", ENGLISH)


def welcome(stats: Stats, examples: Iterable[str], locale: Locale = ENGLISH, *, may_add: bool = False) -> Markup:
    """The page before the first question."""
    return _made("welcome", locale, stats, list(examples), may_add)


def _made(name: str, locale: Locale, *values: Any) -> Markup:
    return macro("answer.html", name, *values, locale=locale)
