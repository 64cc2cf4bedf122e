"""By which role an action is done, until when, and how far it is: what a cell, a label or the end of a line says."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date

from ingest.dates import find_date, parse_date
from ingest.model import Action, ActionState
from ingest.roles import is_whole_role, role_in, role_of_handle
from ingest.values import is_empty

_ANY_DAY = date.max  # a due date may lie ahead
_LONGEST_DUE = 40  # characters of what is said in place of a date
_STATE = r"done|completed?|closed|open|dropped|cancelled|canceled|rejected|wontfix|in[ -]progress|ongoing|not started"
STATE_AT_END = re.compile(rf"(?:(?<=\s)|^)(?:{_STATE}|overdue|planned|pending|started|implemented)\.?$", re.I)
ATTRIBUTE = re.compile(
    r"[\s*_(\[]*(?P<name>action owner|owner|assignee|assigned to|responsible|action (?:officer|body)|opr|poc|who|lead|"
    r"due(?: date)?|deadline|by when|target(?: date)?|eta|status|state|priority)[*_]*[ \t]*[:=][ \t*_]*"
    r"(?P<value>(?:(?!\. )[^;,)\]|\n])*)",
    re.I,
)
_HANDLE = re.compile(r"(?<![\w.])@(?P<name>[\w-]+)")
_DUE = re.compile(r"\b(?:due|by|before|until|deadline|eta|no later than|nlt)\b[^\w\n]{0,3}(?:on |the |end of )?", re.I)
_AFTER_DUE = re.compile(r"\s*(?:$|[.,;)\]@(]|[–—-]\s|\band\b)")
_MARKED = re.compile(
    rf"^\W*(?P<lead>{_STATE})\b[\]:)]|[\[(](?P<tail>{_STATE})[\])]|[–—-]\s+(?P<dash>{_STATE})\W*$|"
    r"(?:^|[.;,–—-]\s*)(?P<dated>done|completed|closed|implemented|dropped|cancelled|rejected)(?: (?:on|in))? (?=\w)",
    re.I,
)
_TICKED = re.compile(r"\W{0,3}(?:✅|✓|✔|☑)")
_BRACKET = re.compile(r"\((?P<inside>[^()]*)\)[\s.*_]*$")
_DASH = re.compile(r"\s+[–—-]\s+")
_SOLE = re.compile(r"\b(?:units?|section|branch|command|authority|board|head|desk|group|leads?|chief|pilots?)$", re.I)
_STATES: tuple[tuple[ActionState, str], ...] = (
    ("dropped", r"drop|cancel|abandon|reject|won.?t|declined|obsolete|superseded|not (?:pursued|planned)"),
    ("open", r"not (?:done|started|complete|implemented|closed)|in[ -]?progress|incomplete|open|ongoing|on[- ]going|"
             r"pending|to ?do|planned|started|underway|overdue|assigned|new\b|partial|wip|backlog|scheduled|blocked"),
    ("done", r"done|complete|closed|implemented|finished|resolved|fixed|merged|shipped|released|✅|✓|✔|☑|\byes\b"),
)  # fmt: skip


def detailed(action: Action, said: str, names: frozenset[str] = frozenset()) -> Action:
    """The action with the role, the due date and the state that `said` gives, where it has none yet."""
    role, due, state = action.role, action.due, action.state
    for match in ATTRIBUTE.finditer(said):
        name, value = match["name"].lower(), match["value"].strip(" *_.")
        if name in ("status", "state"):
            state = state_of(value) if state == "unknown" else state
        elif name.startswith(("due", "dead", "by", "target", "eta")):
            due = due or due_of(value)
        elif name != "priority":
            role = role or role_of(value, names)
    role = role or next((role for each in _HANDLE.finditer(said) if (role := role_of_handle(each["name"]))), None)
    due = due or _due_in(said)
    state = state if state != "unknown" else _state_in(said)
    return _ending(replace(action, role=role, due=due, state=state), said, names)


def _due_in(said: str) -> str | None:
    for word in _DUE.finditer(said):
        rest = said[word.end() : word.end() + 40]
        day = find_date(rest, _ANY_DAY)
        if day and day.start <= 1 and _AFTER_DUE.match(said, word.end() + day.end):
            return day.iso
    return None


def _state_in(said: str) -> ActionState:
    if said.startswith("~~"):
        return "dropped"
    if _TICKED.match(said):
        return "done"
    for mark in _MARKED.finditer(said):
        word = mark["lead"] or mark["tail"] or mark["dash"]
        if word:
            return state_of(word)
        rest = said[mark.end() : mark.end() + 40]
        if (day := find_date(rest, _ANY_DAY)) and day.start == 0:
            return state_of(mark["dated"])
    return "unknown"


def _ending(action: Action, said: str, names: frozenset[str]) -> Action:
    """The action with what its end adds: "(Site engineer, 2024-08-15)", "– Warehouse Manager – 30 Nov 2024"."""
    bracket = _BRACKET.search(said)
    if bracket:
        pieces = re.split(r"\s*[,;]\s*|\s+[–—-]\s+", bracket["inside"])
        before = _pieces_after_dash(said[: bracket.start()])
    else:
        pieces, before = [], _pieces_after_dash(said.rstrip(" .*_"))
    firm = False  # whether a date or a state shows that the rest tells of the action, and is no aside
    roles = []
    role, due, state = action.role, action.due, action.state
    for piece in (*before, *pieces):
        bare = re.sub(r"^(?:due|by|owner|until)\b:?\s*", "", piece.strip(" .*_"), flags=re.I)
        day = find_date(bare, _ANY_DAY)
        if day and (day.start, day.end) == (0, len(bare)):
            due, firm = due or day.iso, True
        elif STATE_AT_END.fullmatch(bare):
            state, firm = state_of(bare) if state == "unknown" else state, True
        elif is_whole_role(bare, names):
            roles.append(bare)
    firm = firm or bool(due) or state != "unknown"
    role = role or next((each for each in roles if firm or not _SOLE.search(each)), None)
    return replace(action, role=role, due=due, state=state)


def _pieces_after_dash(said: str) -> list[str]:
    return _DASH.split(said.strip())[1:]


def role_of(value: str, names: frozenset[str] = frozenset()) -> str | None:
    """The role in an owner's cell or after its label; None where it names a person only."""
    words = value.strip(" *_")
    if words.startswith("@"):
        return role_of_handle(words[1:])
    span = role_in(words, names)
    return words[slice(*span)] if span else None


def due_of(value: str) -> str | None:
    """The date in ISO 8601, else what is said in its place ("Q3", "next exercise")."""
    if is_empty(value):
        return None
    day = find_date(value, _ANY_DAY)
    if day is None and len(value) <= _LONGEST_DUE:
        return value.strip()
    return day.iso if day else parse_date(value, _ANY_DAY)


def state_of(value: str) -> ActionState:
    """The state that a status says; `unknown` where it says none."""
    return next((state for state, words in _STATES if re.search(words, value, re.I)), "unknown")
