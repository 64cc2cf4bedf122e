"""What is to be done, by which role, until when and how far it is: checkboxes, action tables, lists of actions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import NamedTuple

from ingest.dates import find_date, parse_date
from ingest.model import Action, ActionState, Lesson
from ingest.roles import role_in, role_of_handle
from ingest.values import is_empty, is_pointer

LONGEST = 600  # characters of an action: anything longer is an account
_ANY_DAY = date.max  # a due date may lie ahead

_ITEM = re.compile(r"[ \t>]*(?:(?P<bullet>[-*+•‣▪◦]|\d{1,3}[.)]|\(?[a-z][.)])[ \t]+)?(?:\[(?P<box>[ xX~✓✔-])\][ \t]+)?")
_ROW = re.compile(r"[ \t]*\|?(?P<cells>[^\n]*\|[^\n]*?)\|?[ \t]*")
_RULE = re.compile(r"[\s|:+=-]*")
_ATTRIBUTE = re.compile(
    r"[\s*_(\[]*(?P<name>owner|assignee|assigned to|responsible|action (?:officer|body)|opr|poc|who|lead|due(?: date)?|"
    r"deadline|by when|target(?: date)?|eta|status|state|priority)[*_]*[ \t]*[:=][ \t*_]*"
    r"(?P<value>(?:(?!\. )[^;,)\]|\n])*)",
    re.I,
)
_HANDLE = re.compile(r"(?<![\w.])@(?P<name>[\w-]+)")
_DUE = re.compile(r"\b(?:due|by|before|until|deadline|eta|no later than|nlt)\b[^\w\n]{0,3}(?:on |the |end of )?", re.I)
_MARKED = re.compile(
    r"^\W*(?P<lead>done|completed?|closed|open|dropped|cancelled|wontfix|in progress)\b[\]:)]|"
    r"[\[(](?P<tail>done|completed?|closed|open|dropped|cancelled|wontfix|in progress)[\])]",
    re.I,
)
_STATES: tuple[tuple[ActionState, str], ...] = (
    ("dropped", r"drop|cancel|abandon|reject|won.?t|declined|obsolete|superseded|not (?:pursued|planned)"),
    ("open", r"not (?:done|started|complete|implemented)|in ?progress|incomplete|open|ongoing|on[- ]going|pending|"
             r"to ?do|planned|started|underway|overdue|assigned|new\b|partial|wip|backlog|scheduled|blocked"),
    ("done", r"done|complete|closed|implemented|finished|resolved|fixed|merged|shipped|released|✅|✓|✔|☑|\byes\b"),
)  # fmt: skip
_COLUMNS: Mapping[str, str] = {
    "text": r"(?:(?:corrective|remedial|follow-?up|recommended|improvement|preventive) )?(?:actions?|tasks?|"
    r"action items?)(?: (?:items?|required|taken|description|to be taken))?|what|to-?do|"
    r"(?:corrective|preventive) measures?",
    "role": r"(?:\w+ )?owners?|assignee|assigned(?: to)?|responsible(?: \w+)?|opr|action (?:officer|body)|who|poc|lead|"
    r"point of contact|primary (?:responsible )?organi[sz]ation|organi[sz]ation",
    "due": r"due(?: date| by)?|deadline|by when|when|target(?: date)?|eta|completion(?: date)?|date due|end date",
    "state": r"status|state|progress|done|complete[d]?|closed",
}
_COLUMN = {field: re.compile(pattern, re.I) for field, pattern in _COLUMNS.items()}


class _Line(NamedTuple):
    start: int
    end: int
    in_section: bool


def actions_of(text: str, lesson: Lesson) -> tuple[Action, ...]:
    """The lesson's actions in reading order; a list counts where its section is one of actions, a checkbox anywhere."""
    found: list[Action] = []
    rows: list[_Line] = []
    for line in [*_lines(text, lesson), _Line(lesson.end, lesson.end, False)]:
        row = _ROW.fullmatch(text, line.start, line.end)
        if row and line.end > line.start:
            rows.append(line)
            continue
        found.extend(_table(text, rows))
        rows = []
        item = _item(text, line)
        if item and (detail := _ATTRIBUTE.match(item.text)) and found and not item.text[detail.end() :].strip(" .;,)]"):
            found[-1] = _detailed(found[-1], item.text)
        elif item:
            found.append(_detailed(item, item.text))
    return tuple(found)


def _lines(text: str, lesson: Lesson) -> Iterator[_Line]:
    """Lines with text, the heading of each section left out."""
    sections = lesson.sections
    spans = [(each.start, each.end, each.key == "action", each.heading) for each in sections] or [
        (lesson.start, lesson.end, False, "")
    ]
    for start, end, in_section, heading in spans:
        for match in re.finditer(r"[^\n]*\S[^\n]*", text[start:end]):
            if not heading or match.group().strip(" #*_:|=-\t\r") != heading.strip(" #*_:|=-\t\r"):
                yield _Line(start + match.start(), start + match.end(), in_section)


def _item(text: str, line: _Line) -> Action | None:
    """An item of a list of actions, or a checkbox anywhere."""
    mark = _ITEM.match(text, line.start, line.end)
    assert mark is not None  # it may be empty
    said = text[mark.end() : line.end].rstrip()
    box = mark["box"]
    if not (box or line.in_section) or len(said) > LONGEST or is_empty(said) or is_pointer(said):
        return None
    if not box and (said.startswith("#") or (not mark["bullet"] and said.endswith(":")) or _RULE.fullmatch(said)):
        return None
    state: ActionState = "unknown" if box is None else "open" if box == " " else "dropped" if box in "~-" else "done"
    return Action(said, mark.end(), mark.end() + len(said), state=state)


def _detailed(action: Action, said: str) -> Action:
    """The action with the role, the due date and the state that `said` gives."""
    role, due, state = action.role, action.due, action.state
    for match in _ATTRIBUTE.finditer(said):
        name, value = match["name"].lower(), match["value"].strip(" *_.")
        if name in ("status", "state"):
            state = _state(value) if state == "unknown" else state
        elif name.startswith(("due", "dead", "by", "target", "eta")):
            due = due or _due(value)
        elif name != "priority":
            role = role or _role(value)
    if role is None:
        role = next((role for each in _HANDLE.finditer(said) if (role := role_of_handle(each["name"]))), None)
    if due is None and (word := _DUE.search(said)):
        day = find_date(said[word.end() : word.end() + 40], _ANY_DAY)
        due = day.iso if day and day.start <= 1 else None
    if state == "unknown" and (mark := _MARKED.search(said)):
        state = _state(mark["lead"] or mark["tail"])
    if state == "unknown" and said.startswith("~~"):
        state = "dropped"
    return replace(action, role=role, due=due, state=state)


def _table(text: str, rows: Sequence[_Line]) -> Iterator[Action]:
    """The rows of a table that has a column of actions and one of owners, due dates or states."""
    if len(rows) < 2:
        return
    header = [text[start:end].strip(" *_`") for start, end in _cells(text, rows[0])]
    columns: dict[str, int] = {}
    for index, name in enumerate(header):
        field = next((field for field, pattern in _COLUMN.items() if pattern.fullmatch(name)), None)
        if field:
            columns.setdefault(field, index)
    if "text" not in columns or len(columns) < 2:
        return
    for row in rows[1:]:
        if _RULE.fullmatch(text, row.start, row.end):
            continue
        spans = _cells(text, row)
        cell = {field: spans[index] for field, index in columns.items() if index < len(spans)}
        value = {field: text[start:end] for field, (start, end) in cell.items()}
        if not is_empty(value.get("text", "")):
            role, due, state = (value.get(field, "") for field in ("role", "due", "state"))
            yield Action(value["text"], row.start, row.end, _role(role), _due(due), _state(state))


def _cells(text: str, line: _Line) -> list[tuple[int, int]]:
    row = _ROW.fullmatch(text, line.start, line.end)
    assert row is not None
    start, spans = row.start("cells"), []
    for piece in row["cells"].split("|"):
        lead = len(piece) - len(piece.lstrip())
        spans.append((start + lead, start + max(lead, len(piece.rstrip()))))
        start += len(piece) + 1
    return spans


def _role(value: str) -> str | None:
    words = value.strip(" *_")
    if words.startswith("@"):
        return role_of_handle(words[1:])
    span = role_in(words)
    return words[slice(*span)] if span else None


def _due(value: str) -> str | None:
    """The date in ISO 8601, else what is said in its place ("Q3", "next exercise")."""
    if is_empty(value):
        return None
    return parse_date(value, _ANY_DAY) or (value.strip() if len(value) <= 40 else None)


def _state(value: str) -> ActionState:
    return next((state for state, words in _STATES if re.search(words, value, re.I)), "unknown")
