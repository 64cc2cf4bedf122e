"""Understand a question by rules: what kind it is, which records it names, and what it refers back to."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from assistant.kinds import COUNTED, kind_of
from assistant.settings import AssistantSettings
from ingest.encodable import encodable
from ingest.errors import BadQuestion

_FIGURE = re.compile(
    r"\bhow (long|much|many|far|fast|quick(ly)?|soon|often|high|old|big|large|deep|late)\b"
    r"|\bwhen\b|\bwhat (level|dose|rate|temperature|share|percentage|figures?|date|year)\b|\bcost\b",
    re.I,
)
_NATIVE_ID = re.compile(r"\b[A-Za-z]{2,}[A-Za-z]*[-_ ]?\d[\w.-]*\w\b|\b[A-Za-z]{2,}-\d+\b")
_NUMBER = re.compile(r"\b(?:lesson|record|report|entry|id|case)s?\s+(?:no\.?|number|nr\.?|#)?\s*#?(\d+)\b", re.I)
FOLLOW_UPS = ("What was recommended?", "What worked well?", "Has this happened elsewhere?")
"""What is offered after an answer."""
_YES = re.compile(r"\W*(yes|yeah|sure|ok|okay|please|please do|go on|go ahead)(\W+please)?\W*", re.I)
_FOLLOW_UP = re.compile(
    r"^\W*by (the )?\w+\W*$"
    r"|^\W*(and|but|also|or|what about|how about|why(?=\W*$)|which ones?|tell me more|more|yes|no|same)\b"
    r"|\b(it|its|that|this|they|them|their|those|these|there|he|she|one|ones)\b",
    re.I,
)
_BARE = re.compile(
    r"\W*what (were|are) the (main |root )?causes\W*|"
    r"\W*(was|were|did|has|have|is|are) (any(one|body|thing)|some(one|body)|there( any)?)(\W+\w+){1,2}\W*|"
    r"\W*(what|who|why|how|when|where)\b(\W+[a-z]+){1,3}\W*",
    re.I,
)
LONGEST_BEFORE = 1000  # characters of an earlier question that a follow-up is asked with
_FOLLOW_UP_WORDS = 9  # a longer question stands by itself, whatever pronoun it holds


@dataclass(frozen=True, slots=True)
class Question:
    """A question understood. `query` is what is searched: the text, with the question it follows up where it does.

    `before` are the questions it follows up, oldest first. `wants_figure` when a number or a date would answer it;
    `ids` are the ids of records it may name, as written, and `numbers` bare numbers that stand where an id would.
    """

    text: str
    kind: str
    query: str
    wants_figure: bool = False
    ids: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    before: tuple[str, ...] = ()

    @property
    def texts(self) -> tuple[str, ...]:
        """The questions that it is made of, its own last, as they are searched."""
        return (*self.before, self.query[len(" ".join(self.before)) :].strip())


def understand(text: str, history: Sequence[str], settings: AssistantSettings) -> Question:
    """`history` holds the earlier questions, oldest first. Raises `BadQuestion`."""
    text = " ".join(encodable(text).split())
    if not text:
        raise BadQuestion("The question is empty.", "Ask in a sentence, for example: What went wrong with the pumps?")
    if len(text) > settings.max_question_chars:
        reason = f"The question has {len(text):,} characters; the limit is {settings.max_question_chars:,}."
        raise BadQuestion(reason, "Shorten it to what you want to know; a plan goes to: lessons brief FILE")
    ids = tuple(dict.fromkeys(_NATIVE_ID.findall(text)))
    figure = _FIGURE.search(text) is not None
    said = _accepted(text, history)
    before = _before(said, history)
    query = " ".join((*before, said))
    return Question(text, _kind(said, query), query, figure, ids, tuple(_NUMBER.findall(text)), before)


def _kind(said: str, query: str) -> str:
    """What a follow-up asks itself, unless it only narrows down what was asked before, or all of it is counted."""
    own, joined = kind_of(said), kind_of(query)
    return joined if joined in COUNTED or own in ("factual", "off-topic") else own


def _accepted(text: str, history: Sequence[str]) -> str:
    """The follow-up that was offered first, where the answer is "yes"."""
    return FOLLOW_UPS[0] if history and _YES.fullmatch(text) else text


def _before(text: str, history: Sequence[str]) -> tuple[str, ...]:
    """The last question that stands alone, with what followed it up, if this one cannot be understood without."""
    short = len(text.split()) <= _FOLLOW_UP_WORDS
    if not history or not short or not (_FOLLOW_UP.search(text) or _BARE.fullmatch(text)):
        return ()
    before = " ".join(history[-1][:LONGEST_BEFORE].split())
    return (*_before(before, history[:-1]), before)
