"""Roles, never names: who was involved is told by what they do."""

from __future__ import annotations

import re

_OFFICES = (
    r"manager|officer|lead|leader|engineer|engineering|director|chief|head|commander|coordinator|co-ordinator|team|"
    r"office|desk|group|department|supervisor|administrator|specialist|boss|captain|secretary|board|committee|"
    r"facilitator|moderator|scribe|operator|technician|analyst|architect|planner|inspector|instructor|trainer|pilot|"
    r"controller|dispatcher|medic|nurse|superintendent|foreman|adviser|advisor|liaison|investigator|responder|owner|"
    r"developer|scientist|contractor|observer|evaluator|responders|on-?call|crew|staff|squad|unit|section|branch|"
    r"division|command|authority"
)
_DEPARTMENTS = (
    r"ops|operations|hr|qa|sre|it|security|facilities|logistics|finance|procurement|maintenance|safety|legal|devops|"
    r"platform|infrastructure|support|training|communications|quality|purchasing|engineering|management|projects?"
)
ROLE = re.compile(rf"\b(?:{_OFFICES})\b", re.I)
_ONLY = re.compile(rf"(?:the )?(?:{_DEPARTMENTS})(?:(?:\s*[/&+-]\s*|\s+)(?:{_DEPARTMENTS}))*", re.I)
_PHRASE = re.compile(
    rf"(?:\w[\w&/'-]*[ -]){{0,3}}(?:{_OFFICES})\b(?: (?:of|for)(?: the)?(?: [\w&-]+){{1,3}}| \d{{1,2}}\b)?", re.I
)
_PARTS = re.compile(r"\s*(?:[,;:()\[\]|\n]|\s[-–—]\s)\s*")
_QUALIFIERS = frozenset(
    "deputy senior junior chief lead assistant associate general technical test project program programme site shift "
    "duty system systems software hardware flight launch ground mission incident exercise response emergency fire "
    "medical water power network data product service customer regional district field plant control risk change "
    "configuration planning design construction transport fleet night day on call human resources public affairs "
    "information health environment environmental supply warehouse lifting crane electrical mechanical structural "
    "thermal propulsion avionics mission payload vehicle cyber physical process production manufacturing contract "
    "contracts account delivery release reliability integration verification validation technology watch station "
    "area branch base camp community liaison recovery evaluation lessons knowledge records energy pump rescue air "
    "traffic range pad cargo fuel stage drill exercise review action post mortem first second third principal the and "
    "of for in acting interim national local".split()
)


def is_role(value: str) -> bool:
    """Whether the value names a role or a part of the organisation rather than a person."""
    return bool(ROLE.search(value) or _ONLY.fullmatch(value.strip()))


def role_in(value: str) -> tuple[int, int] | None:
    """Where in the value a role stands; None where there is none.

    "Jane Roe, test lead" and "Jane Roe Test Lead" give the test lead, "Safety Manager Jane Roe" the Safety Manager.
    """
    at = 0
    for part in _PARTS.split(value):
        start = value.index(part, at)
        at = start + len(part)
        if _ONLY.fullmatch(part):
            return start, at
        if match := _PHRASE.search(part):
            return start + _after_name(part, match), start + match.end()
    return None


def role_of_handle(handle: str) -> str | None:
    """The role that an `@handle` stands for ("sre-team"); None for a person's."""
    words = re.sub(r"[-_.]+", " ", handle).strip()
    known = all(_is_known(word.lower()) for word in words.split())
    return words if words and known and is_role(words) else None


def _after_name(part: str, match: re.Match[str]) -> int:
    """Where the role begins: a capitalised word before the office counts only where it is known to be no name."""
    office = ROLE.search(part, match.start())
    assert office is not None
    start = office.start()
    for word in reversed(list(re.finditer(r"[^\s]+", part[match.start() : start]))):
        said = word.group()
        if said[:1].isupper() and not (said.isupper() and len(said) > 1) and not _is_known(said.lower()):
            break
        start = match.start() + word.start()
    return start


def _is_known(word: str) -> bool:
    pieces = filter(None, re.split(r"[-/&]", word))
    return all(each in _QUALIFIERS or ROLE.fullmatch(each) or _ONLY.fullmatch(each) for each in pieces)
