"""A conversation: questions asked one after the other, each with what the page shows below it."""

from __future__ import annotations

import logging
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, replace

from markupsafe import Markup

from assistant.answer import Answer, Cited, Claim, Draft, Progress
from ingest.errors import LessonsError
from ui.web import render
from ui.web.desk import Desk
from ui.web.history import KeptTurn, readable
from ui.web.render import Asking

_logger = logging.getLogger(__name__)
_WITHHELD = "This answer showed records that are no longer open to you, or no longer kept."


@dataclass(frozen=True, slots=True)
class Turn:
    """What was asked and the HTML shown for it; only answered questions are context for later ones."""

    asked: Asking
    html: Markup
    answered: bool = False


Turns = tuple[Turn, ...]


@dataclass(frozen=True, slots=True)
class Conversation:
    """`kept` is its id in the history, "" before it has one; `seen_as` is the sight that it was shown with."""

    turns: Turns = ()
    kept: str = ""
    seen_as: Hashable = None

    @property
    def html(self) -> Markup:
        return Markup().join(turn.html for turn in self.turns)


def respond(desk: Desk, asking: Asking, before: Conversation) -> Iterator[Conversation]:
    """The conversation with the question added, again each time there is more of the answer; never raises.

    Somebody who has too much done already is told so.
    """
    if asking.at is not None:
        before = replace(before, turns=before.turns[: asking.at])
    number = len(before.turns)
    chosen = render.chips(asking.filters)

    def now(
        body: Markup, filters: Sequence[render.Chip] = chosen, *, done: bool, answered: bool = False
    ) -> Conversation:
        html = render.turn(number, asking, body, filters, desk.locale, done=done)
        return replace(before, turns=(*before.turns, Turn(asking, html, answered)), seen_as=desk.sight)

    try:
        earlier = [turn.asked.question for turn in before.turns if turn.answered]
        with desk.busy.enter(desk.owner):
            for body, answer in _bodies(desk, asking, earlier):
                if answer is None:
                    yield now(body, done=False)
                else:
                    kept = _keep(desk, asking, answer, before.kept)
                    said = render.answer(answer, desk.locale, _feedback(kept, number))
                    filters = render.chips(answer.filters or asking.filters, answer.filters_read)
                    yield replace(now(said, filters, done=True, answered=True), kept=kept)
    except LessonsError as error:
        yield now(render.problem(error.reason, error.remedy), done=True)
    except Exception:
        _logger.exception("A question could not be answered.")
        said = render.problem("Something went wrong on the server.", "Ask again; the server's log has the details.")
        yield now(said, done=True)


def stopped(desk: Desk, conversation: Conversation) -> Conversation:
    """The conversation after its last question was called off."""
    if not conversation.turns or conversation.turns[-1].answered:
        return conversation
    *others, last = conversation.turns
    html = render.turn(len(others), last.asked, render.stopped(), (), desk.locale)
    return replace(conversation, turns=(*others, replace(last, html=html)))


def reopened(desk: Desk, kept: str) -> Conversation:
    """One of the person's conversations, as they may see it now. Raises `NotInLibrary` if it is not theirs."""
    turns = desk.history.turns(desk.owner, kept)
    shown = tuple(_shown(desk, kept, number, turn) for number, turn in enumerate(turns))
    return Conversation(shown, kept, desk.sight)


def _shown(desk: Desk, kept: str, number: int, turn: KeptTurn) -> Turn:
    asked = Asking(turn.question, turn.filters, turn.ignored)
    if turn.answer is None or not readable(turn, desk.library):
        body = render.problem(_WITHHELD, "Ask again for what is there now.")
        return Turn(asked, render.turn(number, asked, body, (), desk.locale))
    body = render.answer(turn.answer, desk.locale, _feedback(kept, number), turn.feedback or "")
    filters = render.chips(turn.answer.filters or turn.filters, turn.answer.filters_read)
    return Turn(asked, render.turn(number, asked, body, filters, desk.locale), answered=True)


def _keep(desk: Desk, asking: Asking, answer: Answer, kept: str) -> str:
    if kept and asking.at is not None:
        desk.history.replace_from(desk.owner, kept, asking.at)
    turn = KeptTurn(asking.question, dict(asking.filters), tuple(asking.ignore), answer)
    return desk.history.add(desk.owner, kept or None, turn)


def _feedback(kept: str, number: int) -> str:
    return f"/conversations/{kept}/{number}/feedback" if kept else ""


def _bodies(desk: Desk, asking: Asking, history: list[str]) -> Iterator[tuple[Markup, Answer | None]]:
    claims: list[Claim] = []
    sources: dict[int, Cited] = {}
    stage = "searching"
    yield render.draft(claims, sources, stage, desk.locale), None
    for event in desk.assistant.stream(asking.question, asking.filters, history, asking.ignore):
        match event:
            case Progress():
                stage = event.stage
            case Draft():
                claims.append(event.claim)
                sources |= {cited.n: cited for cited in event.sources}
            case Answer():
                yield Markup(), event
                return
        yield render.draft(claims, sources, stage, desk.locale), None
