"""A conversation: questions asked one after the other, each with what the page shows below it."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from markupsafe import Markup

from assistant.answer import Answer, Cited, Claim, Draft, Progress
from ingest.errors import LessonsError
from ui.web import render

if TYPE_CHECKING:
    from assistant.assistant import Assistant

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Turn:
    """A question and the HTML shown for it; only answered questions are context for later ones."""

    question: str
    html: Markup
    answered: bool = False


Turns = tuple[Turn, ...]


def respond(assistant: Assistant, question: str, filters: Mapping[str, str], turns: Turns) -> Iterator[Turns]:
    """The conversation with `question` added, again each time there is more of the answer; never raises."""
    history = [turn.question for turn in turns if turn.answered]
    try:
        for body, answered in _bodies(assistant, question, filters, history):
            yield (*turns, Turn(question, render.turn(question, body, filters), answered))
    except LessonsError as error:
        body = render.problem(error.reason, error.remedy)
        yield (*turns, Turn(question, render.turn(question, body, filters)))
    except Exception:
        _logger.exception("A question could not be answered.")
        body = render.problem("Something went wrong on the server.", "Ask again; the server's log has the details.")
        yield (*turns, Turn(question, render.turn(question, body, filters)))


def _bodies(
    assistant: Assistant, question: str, filters: Mapping[str, str], history: list[str]
) -> Iterator[tuple[Markup, bool]]:
    claims: list[Claim] = []
    sources: dict[int, Cited] = {}
    stage = "searching"
    yield render.draft(claims, sources, stage), False
    for event in assistant.stream(question, filters, history):
        match event:
            case Progress():
                stage = event.stage
            case Draft():
                claims.append(event.claim)
                sources |= {cited.n: cited for cited in event.sources}
            case Answer():
                yield render.answer(event), True
                return
        yield render.draft(claims, sources, stage), False
