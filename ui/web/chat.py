"""The page as Gradio blocks: the frame around all tabs, and the conversation, wired to the assistant."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import Any

import gradio as gr
from markupsafe import Markup

from ingest.encodable import encodable
from ingest.errors import LessonsError
from ui.web import render
from ui.web.conversation import Conversation, reopened, respond, stopped
from ui.web.desk import Desk, Desks
from ui.web.fill import fill
from ui.web.render import Asking

_CONCURRENT = 8  # questions answered at once; more wait in line
_MOST_FILTERS = 20
_EXAMPLES = (
    "How many failures are there per year?",
    "What went wrong most often?",
    "Which units have the most records?",
)
"""What any library can be asked."""
# What the page's scripts ask for goes to the server as an event of the box they are told of here.
_REACH = "(window.lessonsReached ??= []).push(['{}', element, trigger]);"
_SHOWN = "${value}"


def page(desks: Desks, examples: Sequence[str]) -> gr.Blocks:
    """The page at `/`; to be mounted with this package's theme and head."""
    shown_examples = examples or _EXAMPLES

    def opening(event: gr.EventData, request: gr.Request) -> tuple[Any, ...]:
        """A page that was just opened, a conversation of the history, or a new one."""
        desk = _desk(desks, request)
        kept = _text(event, "open")
        now, note = Conversation(seen_as=desk.sight), Markup()
        if kept:
            try:
                now = reopened(desk, kept)
            except LessonsError as error:
                note = render.problem(error.reason, error.remedy)
        welcome = render.welcome(desk.library.stats(), shown_examples, desk.locale, may_add=desk.may("contributor"))
        return (*_shown(now, note + (now.html or welcome)), now)

    def answer(event: gr.EventData, request: gr.Request, before: Conversation) -> Iterator[tuple[Any, ...]]:
        desk = _desk(desks, request)
        asking = _asking(event)
        if not asking.question:
            yield gr.skip(), gr.skip(), gr.skip()
            return
        before = _as_seen(desk, before)
        for now in respond(desk, asking, before):
            *past, last = now.turns
            yield str(Markup().join(turn.html for turn in past)), _now(now, last.html), now

    def call_off(request: gr.Request, before: Conversation) -> tuple[Any, ...]:
        desk = _desk(desks, request)
        now = stopped(desk, _as_seen(desk, before))
        return (*_shown(now, now.html), now)

    frame = gr.Blocks(title="lessons", analytics_enabled=False, fill_width=True)
    with frame:
        conversation = gr.State(Conversation())
        _box("rail", str(fill("rail.html")), reach="rail")
        with gr.Column(elem_id="ask", elem_classes="our"):
            past = _box("past")
            now = _box("now", reach="conversation")
            composer = _box("composer", str(fill("composer.html")), reach="composer")
        _box("panes", str(fill("panes.html")), reach="panes")
        shown = [past, now, conversation]
        quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
        now.select(opening, None, shown, **quiet)
        asked = composer.submit(
            answer, conversation, shown, trigger_mode="multiple", concurrency_limit=_CONCURRENT, **quiet
        )
        composer.stop(call_off, conversation, shown, cancels=[asked], **quiet)
    # Gradio would sum up all use so far with pandas after every event, for a page that is switched off here.
    frame._queue.ANAYLTICS_CACHE_FREQUENCY = sys.maxsize
    return frame


def _desk(desks: Desks, request: gr.Request) -> Desk:
    assert request.request is not None  # events come over HTTP only
    return desks(request.request)


def _box(name: str, value: str = "", reach: str = "") -> gr.HTML:
    return gr.HTML(
        value,
        html_template=_SHOWN,
        js_on_load=_REACH.format(reach) if reach else None,
        apply_default_css=False,
        elem_id=name,
        elem_classes="our" if name == "rail" else None,
    )


def _shown(conversation: Conversation, html: Markup) -> tuple[str, str]:
    """The earlier turns, and the last one with what the page's scripts need to know."""
    if not conversation.turns:
        return "", _now(conversation, html)
    *past, last = conversation.turns
    return str(Markup().join(turn.html for turn in past)), _now(conversation, last.html)


def _now(conversation: Conversation, html: Markup) -> str:
    return str(Markup('<div data-conversation="{}">{}</div>').format(conversation.kept, html))


def _as_seen(desk: Desk, conversation: Conversation) -> Conversation:
    """The conversation as the person may see it, should that have changed since it was shown."""
    if conversation.seen_as == desk.sight:
        return conversation
    if conversation.kept:
        try:
            return reopened(desk, conversation.kept)
        except LessonsError:
            pass
    return Conversation(seen_as=desk.sight)


def _asking(event: gr.EventData) -> Asking:
    """What the page's scripts sent; anything of another shape counts as left out."""
    said = _said(event)
    filters = said.get("filters")
    chosen = {
        name: encodable(value)
        for name, value in list(filters.items() if isinstance(filters, dict) else ())[:_MOST_FILTERS]
        if isinstance(name, str) and isinstance(value, str) and value
    }
    ignore = said.get("ignore")
    ignored = [name for name in (ignore if isinstance(ignore, list) else ())[:_MOST_FILTERS] if isinstance(name, str)]
    at = said.get("at")
    return Asking(_text(event, "question"), chosen, ignored, at if isinstance(at, int) and at >= 0 else None)


def _said(event: gr.EventData) -> dict[str, Any]:
    return event._data if isinstance(event._data, dict) else {}


def _text(event: gr.EventData, name: str) -> str:
    value = _said(event).get(name)
    return encodable(value.strip()) if isinstance(value, str) else ""
