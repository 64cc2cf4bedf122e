"""The ask page: question, filters and conversation as Gradio blocks, wired to the assistant."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import gradio as gr
from markupsafe import Markup

from ui.outcomes import OUTCOMES
from ui.web import render
from ui.web.conversation import Turns, respond

if TYPE_CHECKING:
    from assistant.assistant import Assistant
    from index.library import Library

_FIELDS = {"outcome": "Outcome", "unit": "Unit", "project": "Project", "since": "From year", "until": "To year"}
_ANY = ("Any", "")
_CONCURRENT = 8  # questions answered at once; more wait in line
_MASTHEAD = '<header class="masthead"><h1>lessons</h1></header>'
_CONVERSATION = '<section class="conversation" aria-label="Conversation" aria-live="polite">${value}</section>'
# A click on a suggestion; `select`, because `gr.on` takes no events of one's own naming.
_SUGGESTIONS = """
element.addEventListener('click', (event) => {
  const chip = event.target.closest('[data-ask]');
  if (chip) trigger('select', {question: chip.dataset.ask});
});
"""


def ask_page(library: Library, assistant: Assistant, examples: Sequence[str]) -> gr.Blocks:
    """The page at `/`; to be mounted with this package's theme and head."""

    def opening() -> list[Any]:
        """What a page starts with: the welcome, and the filters' choices as the library is now."""
        choices = _choices(library.facets())
        return [str(render.welcome(library.stats(), examples)), *(gr.update(choices=choices[name]) for name in _FIELDS)]

    def restart() -> tuple[str, Turns]:
        return str(render.welcome(library.stats(), examples)), ()

    def answer(event: gr.EventData, typed: str, turns: Turns, *values: str) -> Iterator[tuple[Any, ...]]:
        suggested = event._data.get("question") if isinstance(event._data, dict) else None
        question = (suggested or typed).strip()
        if not question:
            yield gr.skip(), gr.skip(), gr.skip()
            return
        filters = {name: str(value) for name, value in zip(_FIELDS, values, strict=True) if value}
        box: Any = gr.skip() if suggested else ""
        for now in respond(assistant, question, filters, turns):
            yield str(Markup().join(turn.html for turn in now)), box, now
            box = gr.skip()  # emptied once, so that what is typed meanwhile stays

    page = gr.Blocks(title="lessons", analytics_enabled=False, fill_width=True)
    with page:
        turns = gr.State(())
        with gr.Row(elem_id="top"):
            gr.HTML(_MASTHEAD, apply_default_css=False)
            fresh = gr.Button("New conversation", elem_id="fresh", size="sm", scale=0)
        conversation = gr.HTML(
            "", html_template=_CONVERSATION, js_on_load=_SUGGESTIONS, apply_default_css=False, elem_id="conversation"
        )
        question, send, fields = _composer()
        shown = [conversation, question, turns]
        gr.on(
            [question.submit, send.click, conversation.select],
            answer,
            [question, turns, *fields],
            shown,
            show_progress="hidden",
            trigger_mode="once",
            concurrency_limit=_CONCURRENT,
            api_visibility="private",
        )
        fresh.click(restart, None, [conversation, turns], show_progress="hidden", api_visibility="private")
        page.load(opening, None, [conversation, *fields], show_progress="hidden", api_visibility="private")
    # Gradio would sum up all use so far with pandas after every event, for a page that is switched off here.
    page._queue.ANAYLTICS_CACHE_FREQUENCY = sys.maxsize
    return page


def _composer() -> tuple[gr.Textbox, gr.Button, list[gr.Dropdown]]:
    with gr.Column(elem_id="composer"):
        with gr.Row(elem_id="asking"):
            question = gr.Textbox(
                label="Your question",
                show_label=False,
                placeholder="Ask what was learned…",
                lines=1,
                max_lines=6,
                autofocus=True,
                container=False,
                elem_id="question",
                html_attributes=gr.InputHTMLAttributes(enterkeyhint="send"),
            )
            send = gr.Button("Ask", variant="primary", elem_id="send", min_width=72, scale=0)
        with gr.Accordion("Filters", open=False, elem_id="filters") as drawer, gr.Row():
            fields = [gr.Dropdown([_ANY], value="", label=label, min_width=100) for label in _FIELDS.values()]
    changes = [field.change for field in fields]
    gr.on(changes, _drawer_label, fields, drawer, show_progress="hidden", api_visibility="private")
    return question, send, fields


def _drawer_label(*values: str) -> Any:
    chosen = sum(1 for value in values if value)
    return gr.update(label=f"Filters ({chosen})" if chosen else "Filters")


def _choices(facets: dict[str, list[tuple[str, int]]]) -> dict[str, list[tuple[str, str]]]:
    """For each filter, the labels and values to choose from, with the number of records of each."""
    outcomes = {str(outcome): word for outcome, (_, word) in OUTCOMES.items()}
    choices = {
        name: [_ANY, *((f"{outcomes.get(value, value)} ({count})", value) for value, count in facets.get(name, ()))]
        for name in ("outcome", "unit", "project")
    }
    years = [_ANY, *((value, value) for value, _ in sorted(facets.get("year", ()), reverse=True))]
    return choices | {"since": years, "until": years}
