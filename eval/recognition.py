"""How well documents are recognised, against labels made by hand: kind, record boundaries, sections, date, outcome.

Another detector, given as a Python file, is measured on the same extracted text.
"""

from __future__ import annotations

import importlib.util
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from eval.labels import Label, load_labels
from ingest.dates import find_date
from ingest.errors import BadDataset, PathNotFound, UnreadableFile
from ingest.model import NOT_LESSONS, Document, Lesson
from ingest.readers import read
from ingest.readers.markdown import read_markdown
from ingest.recognise import recognise

NEGATIVES = 500  # documents taken from the start of each corpus that holds no lessons
_LEAST_LINE = 20  # characters that a line and its label must share, unless one is shorter


@dataclass(frozen=True, slots=True)
class Found:
    """What a detector found: `lines` are the text at which each record begins, with the record's own id if it has one.

    `titles` are headings that name the document or a record and open no section.
    """

    kind: str
    lines: tuple[tuple[str, str], ...]
    sections: tuple[tuple[str, str | None], ...]
    titles: frozenset[str]
    event_date: str | None
    outcome: str


Detector = Callable[[Document, Path], Found]


@dataclass(slots=True)
class Tally:
    """Counts over documents; `differences` says of each wrong one what was labelled and what was found."""

    right: Counter[str] = field(default_factory=Counter)
    asked: Counter[str] = field(default_factory=Counter)
    differences: list[dict[str, Any]] = field(default_factory=list)

    def note(self, measure: str, label: Label, wanted: Any, got: Any) -> None:
        """Count one judgment."""
        self.asked[measure] += 1
        self.right[measure] += wanted == got
        if wanted != got:
            self.differences.append({"path": label.path, "measure": measure, "label": wanted, "found": got})

    def rate(self, measure: str, over: str = "") -> float | None:
        """Right over asked, rounded; None where nothing was asked."""
        asked = self.asked[over or measure]
        return round(self.right[measure] / asked, 4) if asked else None

    def figures(self) -> dict[str, float | None]:
        """The measures, each between 0 and 1; for the last four less is better."""
        precision, recall = self.rate("records", "records found"), self.rate("records", "records labelled")
        both = (precision or 0) + (recall or 0)
        alarms = {f"false alarms, {name}": self.rate(name) for name in self.asked if name.startswith("corpus ")}
        return {
            "kind": self.rate("kind"),
            "records precision": precision,
            "records recall": recall,
            "records F1": round(2 * (precision or 0) * (recall or 0) / both, 4) if both else None,
            "sections": self.rate("sections"),
            "event date": self.rate("event_date"),
            "outcome": self.rate("outcome"),
            "false sections": self.rate("false sections"),
            "lessons missed": self.rate("missed"),
            "false alarms": self.rate("alarms"),
            **alarms,
        }


@dataclass(frozen=True, slots=True)
class Report:
    """The measures of one run; `compared` are the other detector's, `unread` the files that no reader could read."""

    documents: int
    unread: tuple[str, ...]
    figures: dict[str, float | None]
    compared: dict[str, float | None] | None
    differences: tuple[dict[str, Any], ...]

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def evaluate(folder: Path, labels: Path, negatives: Sequence[Path] = (), compare: Path | None = None) -> Report:
    """Measure recognition on the labelled documents below `folder`, and false alarms on corpora without lessons.

    Raises `PathNotFound`, and `BadDataset` for a bad label line, corpus or detector.
    """
    wanted = load_labels(labels)
    if not folder.is_dir():
        raise PathNotFound(f"{folder} is not a folder.", "Give the folder that the paths of the labels are below.")
    detectors = [detect] if compare is None else [detect, load_detector(compare)]
    tallies = [Tally() for _ in detectors]
    unread = []
    for label in wanted:
        path = folder / label.path
        if not path.is_file():
            raise PathNotFound(f"{path}, named by {labels.name}, is not there.", "Give the folder the labels are for.")
        try:
            document = read(path, path.read_bytes())
        except UnreadableFile:
            unread.append(label.path)
            continue
        for detector, tally in zip(detectors, tallies, strict=True):
            _judge(label, document, detector(document, path), tally)
    for corpus in negatives:
        for document, path in _corpus(corpus):
            for detector, tally in zip(detectors, tallies, strict=True):
                tally.asked[f"corpus {corpus.name}"] += 1
                tally.right[f"corpus {corpus.name}"] += detector(document, path).kind not in NOT_LESSONS
    return Report(
        documents=len(wanted) - len(unread),
        unread=tuple(unread),
        figures=tallies[0].figures(),
        compared=None if compare is None else tallies[1].figures(),
        differences=tuple(tallies[0].differences),
    )


def detect(document: Document, path: Path) -> Found:
    """What this program recognises."""
    lessons = recognise(document, path)
    sections = tuple((each.heading, each.key) for lesson in lessons for each in lesson.sections if each.heading)
    titles = frozenset(map(_plain, [document.title, *(lesson.title for lesson in lessons)]))
    titles |= {_plain(document.text[span[0] : span[1]]) for lesson in lessons if (span := _title_span(lesson))}
    first = Counter(lesson.kind for lesson in lessons).most_common(1)
    outcome = Counter(lesson.outcome for lesson in lessons).most_common(1)
    return Found(
        kind=first[0][0] if first else "reference",
        lines=tuple((_line(document.text, _begin(lesson)), lesson.lesson_id) for lesson in lessons),
        sections=sections,
        titles=titles,
        event_date=lessons[0].event_date if lessons else None,
        outcome=outcome[0][0] if outcome else "neutral",
    )


def load_detector(path: Path) -> Detector:
    """A detector from a Python file that defines `sections(text)` and `kind(sections, text)`.

    A section is a level, a heading, a key and a line number. Such a detector takes a file for one record and finds no
    date and no outcome: the first date in the text and `failure` stand for them. Its kind `other` counts as
    `reference`. Raises `PathNotFound` or `BadDataset`.
    """
    if not path.is_file():
        raise PathNotFound(f"{path} is not a file.", "Give the Python file of a detector.")
    spec = importlib.util.spec_from_file_location("compared_detector", path)
    if spec is None or spec.loader is None:
        raise BadDataset(f"{path} is not a Python file.", "Give the Python file of a detector.")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
        sections, kind = module.sections, module.kind
    except (AttributeError, SyntaxError) as error:
        raise BadDataset(f"{path} is no detector: {error}.", "It must define sections(text) and kind().") from error

    def compared(document: Document, _: Path) -> Found:
        text = document.text
        rows = list(sections(text))
        named = str(kind(rows, text))
        when = find_date(text)
        found = tuple((str(heading), key) for _, heading, key, _ in rows)
        first = {_plain(heading) for level, heading, _, _ in rows[:1] if level == 1}
        return Found(
            kind="reference" if named == "other" else named,
            lines=((_line(text, 0), ""),),
            sections=found,
            titles=frozenset({_plain(document.title), *first}),
            event_date=when.iso if when else None,
            outcome="failure",
        )

    return compared


def _judge(label: Label, document: Document, found: Found, tally: Tally) -> None:
    tally.note("kind", label, label.kind, found.kind)
    _judge_records(label, found, tally)
    if not label.is_lesson:
        tally.asked["alarms"] += 1
        tally.right["alarms"] += found.kind not in NOT_LESSONS
        return
    tally.asked["missed"] += 1
    tally.right["missed"] += found.kind in NOT_LESSONS
    tally.note("outcome", label, label.outcome, found.outcome)
    if len(label.records) == 1:
        tally.note("event_date", label, label.event_date, found.event_date)
    if not document.records:
        _judge_sections(label, found, tally)


def _judge_records(label: Label, found: Found, tally: Tally) -> None:
    hits = 0
    if label.records == ("",):
        hits = min(1, len(found.lines))
    else:
        left = list(found.lines)
        for snippet in label.records:
            match = next((each for each in left if _begins(each, snippet)), None)
            if match:
                left.remove(match)
                hits += 1
    tally.right["records"] += hits
    tally.asked["records found"] += len(found.lines)
    tally.asked["records labelled"] += len(label.records)
    if hits < max(len(found.lines), len(label.records)):
        tally.differences.append(
            {
                "path": label.path,
                "measure": "records",
                "label": label.records,
                "found": [line for line, _ in found.lines],
            }
        )


def _begins(found: tuple[str, str], snippet: str) -> bool:
    """Whether a record begins at the labelled line; a row of a record file is known by its own id in the raw row."""
    line, identity = _plain(found[0]), found[1]
    wanted = _plain(snippet)
    length = min(len(line), len(wanted))
    if length >= min(_LEAST_LINE, len(wanted)) and line[:length] == wanted[:length] and wanted:
        return True
    return bool(identity) and identity in re.split(r"[,;\t|\s\"]+", snippet)


def _judge_sections(label: Label, found: Found, tally: Tally) -> None:
    left = [(_plain(heading), key) for heading, key in found.sections]
    for heading, key in label.sections:
        match = next((each for each in left if each[0] == _plain(heading)), None)
        if match:
            left.remove(match)
        tally.note("sections", label, [heading, key], [heading, match[1] if match else None])
    untitled = [
        each for each in left if not any(each[0] in title or title in each[0] for title in found.titles if title)
    ]
    tally.right["false sections"] += len(untitled)
    tally.asked["false sections"] += len(found.sections)
    for heading, key in untitled:
        tally.differences.append(
            {"path": label.path, "measure": "false sections", "label": None, "found": [heading, key]}
        )


def _begin(lesson: Lesson) -> int:
    span = _title_span(lesson)
    return span[0] if span else lesson.start


def _title_span(lesson: Lesson) -> tuple[int, int] | None:
    shown = lesson.provenance.get("title")
    return None if shown is None or shown.start is None or shown.end is None else (shown.start, shown.end)


def _line(text: str, offset: int) -> str:
    """The line that holds `offset`, or the first that is not blank after it."""
    offset += len(text[offset:]) - len(text[offset:].lstrip())
    start = text.rfind("\n", 0, offset) + 1
    return text[start:].split("\n", 1)[0]


def _plain(words: str) -> str:
    """Words for comparison: lower case, letters and digits only."""
    return " ".join(re.findall(r"\w+", words.lower()))


def _corpus(folder: Path) -> Iterator[tuple[Document, Path]]:
    """The first documents of a corpus in the BEIR layout, each as a Markdown file with its title on top."""
    path = folder / "corpus.jsonl"
    if not path.is_file():
        raise PathNotFound(f"{folder} has no corpus.jsonl.", "Give the folder of a corpus in the BEIR layout.")
    with path.open(encoding="utf-8") as lines:
        for number, row in enumerate(_rows(islice(lines, NEGATIVES), path), 1):
            name = f"{row.get('_id', number)}.md"
            yield read_markdown(f"# {row.get('title', '')}\n\n{row.get('text', '')}".encode(), name), Path(name)


def _rows(lines: Iterable[str], path: Path) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(lines, 1):
        try:
            row = json.loads(line)
        except ValueError as error:
            raise BadDataset(f"{path}, line {number}: no JSON.", "Get the corpus again.") from error
        if not isinstance(row, dict):
            raise BadDataset(f"{path}, line {number}: no JSON object.", "Get the corpus again.")
        yield row
