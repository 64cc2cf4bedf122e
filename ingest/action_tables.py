"""Actions in tables: with bars between the cells, or as a PDF gives them, with nothing between."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import NamedTuple

from ingest.action_details import STATE_AT_END, due_of, role_of, state_of
from ingest.dates import find_date
from ingest.model import Action
from ingest.roles import final_role, is_whole_role
from ingest.values import is_empty

LONGEST = 600  # characters of an action: anything longer is an account
ROW = re.compile(r"[ \t]*\|?(?P<cells>[^\n]*\|[^\n]*?)\|?[ \t]*")
RULE = re.compile(r"[\s|:+=-]*")
_ANY_DAY_WORDS = re.compile(r"(?:(?<=\s)|^)(?:tb[dca]|n/?a|q[1-4](?: (?:19|20)\d\d)?|asap|immediate(?:ly)?)$", re.I)
_OF_SOME = r"(?:\w+ )?"  # what an owner may be of; in a line of column names that word is the column before
_COLUMNS: Mapping[str, str] = {
    "text": r"(?:(?:corrective|remedial|follow-?up|recommended|improvement|preventive) )?(?:actions?|tasks?|"
    r"action items?)(?: (?:items?|required|taken|description|to be taken))?|what|to-?do|"
    r"(?:corrective|preventive) measures?|recommendations?",
    "role": rf"{_OF_SOME}owners?|assignee|assigned(?: to)?|responsible(?: \w+)?|opr|action (?:officer|body)|who|poc|"
    r"lead|point of contact|primary (?:responsible )?organi[sz]ation|organi[sz]ation",
    "due": r"due(?: date| by)?|deadline|by when|when|target(?: date)?|eta|completion(?: date)?|date due|end date",
    "state": r"status|state|progress|done|complete[d]?|closed",
}
_COLUMN = {field: re.compile(pattern, re.I) for field, pattern in _COLUMNS.items()}
_RUN = re.compile(
    "|".join(rf"(?P<{name}>\b(?:{words.removeprefix(_OF_SOME)})(?=\s|$))" for name, words in _COLUMNS.items()), re.I
)


class Line(NamedTuple):
    """A line of the document with text; whether it stands in a section of actions."""

    start: int
    end: int
    in_section: bool


def column(name: str) -> str | None:
    """Which of `text`, `role`, `due` and `state` a column's name stands for; None for any other."""
    return next((field for field, pattern in _COLUMN.items() if pattern.fullmatch(name.strip())), None)


def barred(text: str, rows: Sequence[Line], names: frozenset[str]) -> Iterator[Action]:
    """The rows of a table that has a column of actions and one of owners, due dates or states."""
    if len(rows) < 2:
        return
    columns: dict[str, int] = {}
    for index, (start, end) in enumerate(_cells(text, rows[0])):
        if field := column(text[start:end].strip(" *_`")):
            columns.setdefault(field, index)
    if "text" not in columns or len(columns) < 2:
        return
    for row in rows[1:]:
        if RULE.fullmatch(text, row.start, row.end):
            continue
        spans = _cells(text, row)
        cell = {field: spans[index] for field, index in columns.items() if index < len(spans)}
        value = {field: text[start:end] for field, (start, end) in cell.items()}
        if not is_empty(value.get("text", "")):
            role, due, state = (value.get(field, "") for field in ("role", "due", "state"))
            yield Action(value["text"], row.start, row.end, role_of(role, names), due_of(due), state_of(state))


def _cells(text: str, line: Line) -> list[tuple[int, int]]:
    row = ROW.fullmatch(text, line.start, line.end)
    assert row is not None
    start, spans = row.start("cells"), []
    for piece in row["cells"].split("|"):
        lead = len(piece) - len(piece.lstrip())
        spans.append((start + lead, start + max(lead, len(piece.rstrip()))))
        start += len(piece) + 1
    return spans


def header(said: str) -> tuple[str, ...]:
    """The columns that a line of nothing but their names announces, that of the actions first; else none.

    "Action Owner Due Status" gives text, role, due and state.
    """
    line = re.sub(r"^(?:#|no\.?|ref\.?|id)\s+", "", said.strip(), flags=re.I)
    if not line[:1].isupper() or len(line) > 80:
        return ()
    found: list[str] = []
    at = 0
    while at < len(line):
        match = _RUN.match(line, at)
        if not match or match.lastgroup is None or match.lastgroup in found:
            return ()
        found.append(match.lastgroup)
        at = match.end() + len(line[match.end() :]) - len(line[match.end() :].lstrip())
    return tuple(found) if found[:1] == ["text"] and len(found) > 1 else ()


def unbarred(
    text: str, lines: Sequence[Line], columns: Sequence[str], names: frozenset[str]
) -> tuple[list[Action], int]:
    """The rows under such a header, and how many of the lines they take.

    A row ends with the line that ends with what the last column holds; the lines before it are its wrapped text. What
    follows the last such line is no part of the table.
    """
    found: list[Action] = []
    taken = first = 0
    for place, line in enumerate(lines):
        said = text[line.start : line.end].strip()
        ends = _ends_row(said, columns)
        if not ends and first == place and found and said[:1].islower():  # the rest of a cell of the row above
            found[-1] = replace(found[-1], text=f"{found[-1].text} {said}", end=line.end)
            taken = first = place + 1
        if header(said):  # again, on the next page
            first = place + 1
        if not ends:
            continue
        if action := _row(text, lines[first].start, line.end, columns, names):
            found.append(action)
        taken = first = place + 1
    return found, taken


def _ends_row(said: str, columns: Sequence[str]) -> bool:
    """Whether the line ends with a state or a date, whichever the header puts last."""
    if columns[-1] == "state":
        state = STATE_AT_END.search(said)
        before = said[: state.start()].rstrip() if state else ""
        return bool(state) and (not before or _date_at_end(before) is not None or final_role(before) is not None)
    if columns[-1] == "due":
        return _date_at_end(said) is not None
    return is_whole_role(said) or final_role(said) is not None


def _row(text: str, start: int, end: int, columns: Sequence[str], names: frozenset[str]) -> Action | None:
    said = " ".join(text[start:end].split())
    role: str | None = None
    due: str | None = None
    state = state_of("")
    for field in reversed(columns[1:]):
        if field == "state" and (match := STATE_AT_END.search(said)):
            state, said = state_of(match.group()), said[: match.start()].rstrip()
        elif field == "due" and (day := _date_at_end(said)):
            due, said = due_of(said[day:]), said[:day].rstrip()
        elif field == "role" and (span := final_role(said, names)):
            role, said = said[slice(*span)], said[: span[0]].rstrip()
    said = re.sub(r"^\d{1,3}[.)]?\s+(?=[A-Z])", "", said)
    return Action(said, start, end, role, due, state) if re.search(r"\w{3}", said) and len(said) <= LONGEST else None


def _date_at_end(said: str) -> int | None:
    """Where the date begins that the line ends with; None where it ends otherwise."""
    tail = max(0, len(said) - 30)
    for start in (each.start() for each in re.finditer(r"(?:(?<=\s)|^)(?=\w)", said[tail:])):
        rest = said[tail + start :]
        day = find_date(rest, date.max)
        if day and (day.start, day.end) == (0, len(rest)):
            return tail + start
    match = _ANY_DAY_WORDS.search(said)
    return match.start() if match else None
