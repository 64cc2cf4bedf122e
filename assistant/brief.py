"""Brief a plan: its tasks, and for each what was learned before, so that lessons come to the work."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from assistant.answer import Cited, Claim
from assistant.citing import Citations
from assistant.evidence import ADVICE, Evidence, Sentence, gather
from assistant.question import Question
from assistant.settings import AssistantSettings
from assistant.verdict import answerable, calibration_of, features
from index.filters import Filters
from index.library import Library
from ingest.sentences import sentence_spans

MAX_TASKS = 60
LONGEST = 1000  # characters of a task that is asked about
_SHORTEST_ITEM, _SHORTEST_SENTENCE = 2, 4  # words: a shorter one says too little to find anything by
BARE = 4  # words: a longer line tells by itself what it is about, as a shorter one may; its heading would drown it
_FEWEST = 2  # list items that make a text a plan
RECORDS = 3  # of a task
REASON = 0.7  # of a record's best sentence: what happened is told where it bears on the task as well
WORTH = 0.75  # of the best record's score: a weaker one is beside the point
_ITEM = re.compile(
    r"^[^\S\n]*(?:[-*+•▪◦]|\(?\d{1,3}(?:\.\d{1,3})*[.)]|[a-z][.)]|\[[ xX]\]|(?:step|task) \d+[:.])\s+(.*\S)", re.I
)
_HEADING = re.compile(r"^\s*(?:#{1,6}\s+(.+)|([A-Z][^.!?|]{2,60}):?)\s*$")
_ROW = re.compile(r"^\s*\|?(.+\|.+?)\|?\s*$")
_RULE = re.compile(r"^[\s|:-]+$")
_WORD = re.compile(r"[^\W\d_]{2}")
_BOX = re.compile(r"^\[[ xX]\]\s*")
_TO_DO = re.compile(
    r"\b(?:should(?! have)|shall|must|needs? to|recommend(?:s|ed)?|requires?|always|never|(?:be|make) sure|"
    r"it is (?:important|necessary|essential|imperative|critical))\b|"
    r"^(?:to [\w ,]+, )?(?:add|allow|always|appoint|apply|arrange|ask|assess|assign|assure|avoid|be|brief|bring|build|"
    r"calibrate|carry|change|check|clean|clear|close|collect|communicate|conduct|confirm|consider|control|coordinate|"
    r"create|define|demand|design|determine|develop|discuss|do|document|draw|employ|encourage|ensure|establish|"
    r"evaluate|examine|exercise|fit|fix|follow|give|have|hold|identify|implement|improve|include|increase|inform|"
    r"inspect|install|instruct|invest|isolate|keep|label|let|limit|list|log|look|maintain|make|mark|measure|minimi[sz]e|"
    r"monitor|move|never|obtain|order|perform|place|plan|practi[cs]e|prepare|prevent|print|protect|provide|purge|put|"
    r"record|reduce|refuel|remove|repair|replace|report|require|review|rotate|run|schedule|select|send|set|share|show|"
    r"sign|specify|start|stop|store|supply|take|teach|tell|test|train|treat|update|use|validate|verify|wait|warn|wear|"
    r"write)\b",
    re.I,
)
_WHY = ("cause", "event", "summary", "impact")


@dataclass(frozen=True, slots=True)
class Task:
    """A line of a plan; `under` is the heading it stands under."""

    text: str
    under: str = ""

    @property
    def queries(self) -> Iterator[str]:
        """What is searched for it, one after the other until something is found."""
        yield self.text
        if self.under and len(self.text.split()) <= BARE:
            yield f"{self.under}: {self.text}"[:LONGEST]


@dataclass(frozen=True, slots=True)
class TaskBrief:
    """A task of the plan, the records that bear on it, and what they say; both empty when none does.

    `watch_out` has for each record what to do about it, then what happened.
    """

    task: str
    lessons: tuple[Cited, ...]
    watch_out: tuple[Claim, ...]
    checklist: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return {
            "task": self.task,
            "lessons": [source.to_json() for source in self.lessons],
            "watch_out": [claim.to_json() for claim in self.watch_out],
            "checklist": list(self.checklist),
        }


@dataclass(frozen=True, slots=True)
class Brief:
    """The plan's tasks in their order; the checklist has a line for each thing to do about them, each once."""

    tasks: tuple[TaskBrief, ...]

    @property
    def checklist(self) -> list[str]:
        """`text (record)`."""
        return list(dict.fromkeys(line for item in self.tasks for line in item.checklist))

    def to_json(self) -> dict[str, Any]:
        return {"tasks": [item.to_json() for item in self.tasks], "checklist": self.checklist}


def tasks_of(plan: str) -> list[Task]:
    """The list items and table rows of a plan under their headings, or its sentences; at most `MAX_TASKS`."""
    listed = [task for task in _lines(plan) if len(task.text.split()) >= _SHORTEST_ITEM]
    if not listed:
        texts = (" ".join(plan[start:end].split()) for start, end in sentence_spans(plan))
        listed = [Task(text[:LONGEST]) for text in texts if len(text.split()) >= _SHORTEST_SENTENCE]
    return list({task.text: task for task in listed}.values())[:MAX_TASKS]


def is_plan(text: str) -> bool:
    """Whether a text is a list of tasks and not a question."""
    return sum(_ITEM.match(line) is not None for line in text.splitlines()) >= _FEWEST


def _lines(plan: str) -> Iterator[Task]:
    heading, rows = "", 0
    for line in plan.splitlines():
        if item := _ITEM.match(line):
            yield Task(_BOX.sub("", item[1])[:LONGEST], heading)
        elif (row := _ROW.match(line)) and line.count("|") > 1:
            rows += not _RULE.match(line)
            if rows > 1 and not _RULE.match(line):  # the first has the columns' names
                yield Task(_told(row[1])[:LONGEST], heading)
            continue
        elif found := _HEADING.match(line):
            heading = (found[1] or found[2]).strip(" #:")
        rows = 0


def _told(row: str) -> str:
    """What a table's row says is to be done, behind what the row is about."""
    cells = [cell.strip() for cell in row.split("|")]
    told = max(cells, key=lambda cell: len(cell.split()))
    return f"{cells[0]}: {told}" if cells[0] != told and _WORD.search(cells[0]) else told


def brief_plan(
    library: Library, tasks: Sequence[Task], settings: AssistantSettings, filters: Filters | None = None
) -> Brief:
    """What the library says to each task, by quotes alone. Raises `BadFilter`."""
    return Brief(tuple(brief_tasks(library, tasks, settings, filters)))


def brief_tasks(
    library: Library, tasks: Iterable[Task], settings: AssistantSettings, filters: Filters | None = None
) -> Iterator[TaskBrief]:
    """The same task by task, as it is found."""
    for task in tasks:
        citations = Citations(library, settings.external)
        claims, lines = [], []
        for sentence, advice in bearing(library, task, filters):
            source = citations.cite(sentence.hit, sentence.start, sentence.end)
            claims.append(Claim(sentence.text, (source.n,), 1.0))
            if advice:
                lines.append(f"{sentence.text} ({sentence.hit.lesson_id})")
        yield TaskBrief(task.text, citations.sources, tuple(claims), tuple(lines))


def bearing(library: Library, task: Task, filters: Filters | None = None) -> list[tuple[Sentence, bool]]:
    """What to quote for a task, and whether it is advice: of each record that bears on it what to do, then why."""
    calibration = calibration_of(library)
    for query in task.queries:
        evidence = gather(library, Question(task.text, "planning", query), filters)
        if answerable(features(evidence, query), calibration) >= calibration.none_below:
            return _told_in(evidence)
    return []


def _told_in(evidence: Evidence) -> list[tuple[Sentence, bool]]:
    found: list[tuple[Sentence, bool]] = []
    said = set[str]()  # near-copies say the same
    for lesson_id in _records(evidence):
        own = [sentence for sentence in evidence.sentences if sentence.hit.lesson_id == lesson_id]
        advised = [one for one in own if one.section in ADVICE]
        advice = max(advised, key=_advises, default=None)
        reason = next((one for one in own if one.section in _WHY and one.score >= REASON * own[0].score), None)
        for one in dict.fromkeys([one for one in (advice, reason) if one] or own[:1]):
            if one.text not in said:
                found.append((one, one is advice))
                said.add(one.text)
    return found


def _advises(sentence: Sentence) -> tuple[bool, bool, float]:
    """What makes a line of a checklist: a sentence, not a row of a table, that says what to do, and bears on it."""
    return "|" not in sentence.text, _TO_DO.search(sentence.text) is not None, sentence.score


def _records(evidence: Evidence) -> list[str]:
    """The records that bear on the task by themselves, the best first, without those that another one replaces."""
    best: dict[str, float] = {}
    here = {hit.lesson_id for hit in evidence.hits}
    for sentence in evidence.sentences:
        if sentence.hit.superseded_by not in here:
            best.setdefault(sentence.hit.lesson_id, sentence.score)
    least = WORTH * max(best.values(), default=0)
    dense = {hit.lesson_id: hit.dense for hit in reversed(evidence.hits)}
    likely = [name for name, score in best.items() if score >= least and dense.get(name, 0) >= 0.5 * evidence.near]
    return likely[:RECORDS] or list(best)[:1]
