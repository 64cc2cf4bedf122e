"""Answers of every kind, from real libraries."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from assistant.answer import Answer
from assistant.assistant import Assistant
from index.library import Library
from index.sync import sync
from tests.fakes import a_library

QUESTIONS = {
    "fact": "When should generators be refuelled?",
    "comparison": "Compare fuel and water supply lessons",
    "years": "How many failures by year?",
    "repeats": "Which units have most failures?",
    "none": "What did we learn about quantum networking payloads?",
    "plan": "- Refuel the generators\n- Set up the water point\n- Plan quantum networking of payloads",
    "off-topic": "Write me a poem.",
    "nothing counted": "How often did zeppelins explode by unit?",
}
_PUMP = "# Booster {0}\n\nDate: {1}\n\n## What happened\n\nThe pump was tested.\n\n## Recommendation\n\n{2}\n"


def answers_of_every_kind(sample: Library, folder: Path) -> Mapping[str, Answer]:
    """By what each has: `plan` is partial; `conflict` comes from two records of its own in `folder`."""
    assistant = Assistant(sample)
    return {name: assistant.ask(question) for name, question in QUESTIONS.items()} | {"conflict": _conflict(folder)}


def _conflict(folder: Path) -> Answer:
    documents = folder / "documents"
    documents.mkdir()
    for name, date, pressure in (("one", "2020-05-01", 3), ("two", "2022-05-01", 6)):
        advice = f"Run the booster pump at a pressure of {pressure} bar in the valley."
        (documents / f"{name}.md").write_text(_PUMP.format(name, date, advice), encoding="utf-8")
    with a_library(folder / "pumps") as library:
        assert sync(library, [documents]).failed == []
        return Assistant(library).ask("At what pressure should we run the booster pump?")
