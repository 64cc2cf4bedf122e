"""What is to be done, by which role, until when and how far it is: checkboxes, action tables, lists of actions."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from ingest.action_details import ATTRIBUTE, detailed, due_of, role_of, state_of
from ingest.action_tables import LONGEST, ROW, RULE, Line, barred, column, header, unbarred
from ingest.model import Action, ActionState, Lesson, Section
from ingest.roles import is_whole_role, names_in
from ingest.values import is_empty, is_pointer

_ITEM = re.compile(r"[ \t>]*(?:(?P<bullet>[-*+•‣▪◦]|\d{1,3}[.)]|\(?[a-z][.)])[ \t]+)?(?:\[(?P<box>[ xX~✓✔-])\][ \t]+)?")
_LINK = re.compile(r"(?:[\w ]{0,24}:|see\b)?\s*(?:<?https?://\S+[\s,;]*)+|\[[^\]\n]+\]:\s*\S+", re.I)
_CUT_ADDRESS = re.compile(r"https?:/\S*[/\u00ad-]$")
_SENTENCE_END = re.compile(r"[.!?]\s+[A-Z]")
_FULL_LINE = 60  # characters from which a line may have been wrapped
_DETAILS = "Details"  # the heading under which a row's short columns stand, one a line
_DETAIL = re.compile(r"^(?P<name>[^:\n]{2,40}):[ \t]+(?P<value>\S[^\n]*)$", re.M)


class _Item(NamedTuple):
    """An entry of a list or a paragraph, `start:end` without its mark; its lines belong together."""

    start: int
    end: int
    box: str | None
    bullet: bool
    line: Line


def actions_of(text: str, lesson: Lesson) -> tuple[Action, ...]:
    """The lesson's actions in reading order; a list counts where its section is one of actions, a checkbox anywhere.

    A bullet, a row of a table and a row of a log is one action each, wherever its lines break: the text of an action is
    the source's at its span with every break as a space.
    """
    names = names_in(text[lesson.start : lesson.end])
    if (row := _row_details(text, lesson)) is not None:
        return _of_row(text, lesson, row, names)
    found: list[Action] = []
    for run in _runs(text, lesson):
        if ROW.fullmatch(text, run[0].start, run[0].end):
            found.extend(barred(text, run, names))
        else:
            found.extend(_of_run(text, run, names))
    return tuple(found)


def _runs(text: str, lesson: Lesson) -> Iterator[list[Line]]:
    """The lines of each section, tables with bars apart from the others."""
    run: list[Line] = []
    table = False
    before: int | None = None
    for section, line in _lines(text, lesson):
        bars = bool(ROW.fullmatch(text, line.start, line.end))
        if run and (bars != table or (section != before and not bars)):
            yield run
            run = []
        if not run and bars and (above := _header_above(text, line.start, lesson.start)):
            run.append(above)
        run.append(line)
        table, before = bars, section
    if run:
        yield run


def _header_above(text: str, start: int, first: int) -> Line | None:
    """The header of a table whose row at `start` opens a lesson; None where the table begins inside of it."""
    if start > first + 2:
        return None
    top: Line | None = None
    while start > 0:
        end = start - 1
        start = text.rfind("\n", 0, end) + 1
        if not ROW.fullmatch(text, start, end):
            break
        top = Line(start, end, False)
    return top


def _lines(text: str, lesson: Lesson) -> Iterator[tuple[int, Line]]:
    """Lines with text, each with the number of its section, the section's heading left out."""
    sections = lesson.sections or (Section(None, "", lesson.start, lesson.end),)
    starts = [each.start for each in sections]
    for match in re.finditer(r"[^\n]*\S[^\n]*", text[lesson.start : lesson.end]):
        start, end = lesson.start + match.start(), lesson.start + match.end()
        said = ROW.fullmatch(text, start, end)
        place = max(0, bisect_right(starts, start if said else end - 1) - 1)
        section = sections[place]
        start = start if said else _after_heading(text, section, start, end)
        if text[start:end].strip(" #*_:|=-\t\r"):
            yield place, Line(start, end, section.key == "action")


def _after_heading(text: str, section: Section, start: int, end: int) -> int:
    """Where what a line says begins: after the heading, if it opens with that of its section."""
    if not section.heading or not start <= section.start < end:
        return start
    label = re.compile(rf"[\s#*_|=>•-]*{re.escape(section.heading)}[*_]*(?:[ \t]*[:.|]|[ \t#]*$)[*_]*[ \t]*", re.M)
    match = label.match(text, start, end)
    return match.end() if match else start


def _of_run(text: str, run: Sequence[Line], names: frozenset[str]) -> Iterator[Action]:
    place = 0
    while place < len(run):
        columns = header(text[run[place].start : run[place].end])
        if len(columns) > (1 if run[place].in_section else 2):
            found, taken = unbarred(text, run[place + 1 :], columns, names)
            if found:
                yield from _of_list(text, run[:place], names)
                yield from found
                yield from _of_run(text, run[place + 1 + taken :], names)
                return
        place += 1
    yield from _of_list(text, run, names)


def _of_list(text: str, run: Sequence[Line], names: frozenset[str]) -> Iterator[Action]:
    last: Action | None = None
    items = list(_items(text, run))
    bulleted = any(item.bullet for item in items if item.line.in_section)
    for item in items:
        said = _joined(text[item.start : item.end])
        detail = ATTRIBUTE.match(said)
        if last and detail and not re.sub(ATTRIBUTE, "", said).strip(" .;,)]*_"):
            last = detailed(last, said, names)
            continue
        if not _is_action(item, said, bulleted):
            continue
        if last:
            yield last
        box = item.box
        state: ActionState = (
            "unknown" if box is None else "open" if box == " " else "dropped" if box in "~-" else "done"
        )
        last = detailed(Action(said, item.start, item.end, state=state), said, names)
    if last:
        yield last


def _is_action(item: _Item, said: str, bulleted: bool) -> bool:
    """Whether an item says what is to be done; in a list what stands between the bullets introduces or comments."""
    if not (item.box or item.line.in_section) or len(said) > LONGEST or is_empty(said) or is_pointer(said):
        return False
    if _LINK.fullmatch(said) or RULE.fullmatch(said) or (not item.box and (said.startswith("#") or said.endswith(":"))):
        return False
    if item.box or item.bullet:
        return True
    return not bulleted and not header(said) and (not _SENTENCE_END.search(said) or bool(ATTRIBUTE.search(said)))


def _items(text: str, run: Sequence[Line]) -> Iterator[_Item]:
    """The lines put together where one is wrapped into the next."""
    item: _Item | None = None
    for line in run:
        mark = _ITEM.match(text, line.start, line.end)
        assert mark is not None  # it may be empty
        end = mark.end() + len(text[mark.end() : line.end].rstrip())
        marked = bool(mark["bullet"] or mark["box"])
        if item and not marked and _goes_on(text, item, line):
            item = item._replace(end=end)
            continue
        if item:
            yield item
        item = _Item(mark.end(), end, mark["box"], bool(mark["bullet"]), line)
    if item:
        yield item


def _goes_on(text: str, item: _Item, line: Line) -> bool:
    """Whether a line without a mark is the rest of the item above it."""
    gap = text[item.end : line.start]
    if gap.count("\n") != 1:
        return False
    said = text[line.start : line.end].strip()
    if ATTRIBUTE.match(said) or said.startswith(("#", "[")) or header(said):
        return False
    above = text[text.rfind("\n", 0, item.end) + 1 : item.end].strip()
    indented = text[line.start : line.end][:1] in " \t"
    if said[:1].islower() or _LINK.fullmatch(said) or above.endswith((",", "–", "-", "/")):
        return True
    ended = above.endswith((".", "!", "?", ":"))
    if item.bullet or item.box:
        return indented or not ended
    return not ended and len(above) >= _FULL_LINE


def _joined(said: str) -> str:
    """The lines as one; an address that a line break has cut is put together again."""
    whole = ""
    for line in said.splitlines():
        piece = " ".join(line.split(" ")).strip().lstrip("> ")
        cut = _CUT_ADDRESS.search(whole) or (piece.startswith("/") and re.search(r"https?://\S+$", whole))
        whole = f"{whole}{piece}" if cut or not whole else f"{whole} {piece}"
    return whole


def _row_details(text: str, lesson: Lesson) -> Mapping[str, str] | None:
    """What the short columns of a log's row say about the action in it; None where the lesson is no such row."""
    section = lesson.sections[-1] if lesson.sections else None
    if section is None or section.heading != _DETAILS or not text.startswith(f"{_DETAILS}\n", section.start):
        return None
    found: dict[str, str] = {}
    for match in _DETAIL.finditer(text, section.start, section.end):
        field = column(match["name"])
        if field in ("role", "due", "state"):
            found.setdefault(field, match["value"].strip())
    return found or None


def _of_row(text: str, lesson: Lesson, row: Mapping[str, str], names: frozenset[str]) -> tuple[Action, ...]:
    """The actions of a log's row: what its column of actions says, else a recommendation that somebody is to follow."""
    told = [each for each in lesson.sections if each.key == "action"]
    if not told and ("due" in row or "role" in row):
        told = [each for each in lesson.sections if each.key == "recommendation"]
    stated = lesson.provenance.get("owner")
    owner = lesson.owner if "due" in row and stated and stated.method == "native" else None
    owner = row.get("role") or (owner if owner and is_whole_role(owner.split(",")[0], names) else "")
    found: list[Action] = []
    for section in told:
        lines = [
            line for _, line in _lines(text, replace(lesson, sections=(section,), start=section.start, end=section.end))
        ]
        items = list(_items(text, lines))
        if not any(item.bullet for item in items):
            items = [items[0]._replace(end=items[-1].end)] if items else []
        for item in items:
            said = _joined(text[item.start : item.end])
            if len(said) <= LONGEST and not is_empty(said) and not is_pointer(said) and not _LINK.fullmatch(said):
                action = Action(
                    said,
                    item.start,
                    item.end,
                    role_of(owner, names),
                    due_of(row.get("due", "")),
                    state_of(row.get("state", "")),
                )
                found.append(detailed(action, said, names))
    return tuple(found)
