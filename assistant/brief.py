"""Brief a plan: its tasks, and for each what was learned before."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from assistant.answer import Cited, Claim
from assistant.assistant import Assistant
from assistant.settings import AssistantSettings
from index.library import Library
from ingest.sentences import sentence_spans

MAX_TASKS = 40
LONGEST = 1000  # characters of a task that is asked about
_SHORTEST = 4  # words: a shorter line is a heading
_ITEM = re.compile(r"^\s*(?:[-*+•]|\d{1,3}[.)]|\[[ xX]\])\s+(.*\S)\s*$", re.M)


@dataclass(frozen=True, slots=True)
class TaskBrief:
    """A task of the plan, the records that bear on it and what they say; both empty when none does."""

    task: str
    lessons: tuple[Cited, ...]
    watch_out: tuple[Claim, ...]

    def to_json(self) -> dict[str, Any]:
        return {
            "task": self.task,
            "lessons": [source.to_json() for source in self.lessons],
            "watch_out": [claim.to_json() for claim in self.watch_out],
        }


@dataclass(frozen=True, slots=True)
class Brief:
    """The plan's tasks in their order; the checklist has a line for each thing to watch out for."""

    tasks: tuple[TaskBrief, ...]

    @property
    def checklist(self) -> list[str]:
        """`text (record)` for each claim, each once."""
        lines = [
            f"{claim.text} ({', '.join(source.lesson_id for source in item.lessons if source.n in claim.citations)})"
            for item in self.tasks
            for claim in item.watch_out
        ]
        return list(dict.fromkeys(lines))

    def to_json(self) -> dict[str, Any]:
        return {"tasks": [item.to_json() for item in self.tasks], "checklist": self.checklist}


def tasks_of(plan: str) -> list[str]:
    """The list items of a plan, or its sentences where it has no list; at most `MAX_TASKS`."""
    lines = [found[1] for found in _ITEM.finditer(plan)]
    lines = lines or [" ".join(plan[start:end].split()) for start, end in sentence_spans(plan)]
    lines = [line[:LONGEST] for line in lines]
    return [line for line in dict.fromkeys(lines) if len(line.split()) >= _SHORTEST][:MAX_TASKS]


def brief_plan(library: Library, tasks: Sequence[str], settings: AssistantSettings) -> Brief:
    """Ask the library about each task, by quotes alone."""
    quoting = settings.model_copy(update={"llm": None, "max_sources": 3})
    assistant = Assistant(library, quoting)
    answers = [(task, assistant.ask(task)) for task in tasks]
    return Brief(tuple(TaskBrief(task, answer.sources, answer.claims) for task, answer in answers))
