"""Who took part, by role: from labels at the top ("Incident lead: …") and from sections about people."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ingest.model import Lesson, Method, Tag
from ingest.roles import is_whole_role, names_in, roles_in
from ingest.values import is_empty

OPENING = 3000  # characters of a lesson in which a label names its people
MOST_CONTRIBUTORS = 20
LEAST_OF_A_FORM = 3  # labels that are no roles: from there a section is a form, whose values may run over its lines
_LABEL = re.compile(
    r"^[ \t>#*_+|•-]*(?P<role>(?:(?:incident|exercise|event|team|meeting|review|project|test|shift|site|on-?call|"
    r"communications?|technical|safety|quality|operations?|post-?mortem|lead)[ -])*"
    r"(?:lead|commander|manager|director|coordinator|co-ordinator|officer|facilitator|moderator|scribe|note ?taker|"
    r"reviewer|author|investigator|evaluator|observer|controller|responder|engineer)s?)"
    r"[ \t*_]*[:|][ \t*_]*(?P<value>[^\n]*\S[^\n]*)",
    re.I | re.M,
)
_PEOPLE = re.compile(
    r"^[ \t>#*_+|•-]*(?:participants?|att?endees|present|took part|taking part|review team|contributors|"
    r"people involved|"
    r"(?:prepared|written|compiled|reported|submitted|reviewed|facilitated|led|chaired|recorded) by)"
    r"[ \t*_]*[:|][ \t*_]*(?P<value>[^\n]*\S[^\n]*(?:\n(?<=,\n)[^\n]+|\n(?<=, \n)[^\n]+)*)",
    re.I | re.M,
)
_PERSON = re.compile(r"[^\n,;|]*[^\s,;|][^\n,;|]*")
_BODY = re.compile(
    r"(?:command|unit|section|branch|team|office|desk|group|department|authority|division|crew|staff)", re.I
)
_FORM = re.compile(r"[^:\n]{1,60}:")
_FIELD = re.compile(r"[ \t>*_+•-]*(?P<label>[^:\n]{1,60}?)[*_]*:[ \t*_]*(?P<value>.*)")
_ANSWER = re.compile(r"\W*(?:no|yes|y|n|none)\W*", re.I)
_LISTED = 80  # characters of an entry that names somebody: anything longer is a sentence
_AND = re.compile(r"\s+(?:and|&)\s+")


def contributors_of(text: str, lesson: Lesson) -> tuple[Tag, ...]:
    """Roles, each once, with the place that names it: of a label its own words, never whom it names."""
    names = names_in(text[lesson.start : lesson.end])
    found: dict[str, Tag] = {}
    for tag in (*_labels(text, lesson, names), *_listed(text, lesson, names)):
        found.setdefault(tag.name.lower().rstrip("s"), tag)
    return tuple(found.values())[:MOST_CONTRIBUTORS]


def _labels(text: str, lesson: Lesson, names: frozenset[str]) -> Iterator[Tag]:
    """Labels that are roles themselves, and the roles after those that say who took part."""
    end = min(lesson.end, lesson.start + OPENING)
    for match in _LABEL.finditer(text, lesson.start, end):
        if _says_who(match["value"]):
            yield Tag(match["role"], "label", match.start("role"), match.end("role"))
    for match in _PEOPLE.finditer(text, lesson.start, end):
        if _says_who(match["value"]):
            yield from _roles(text, match.start("value"), match.end("value"), names, "label")


def _says_who(value: str) -> bool:
    return not (is_empty(value) or _ANSWER.fullmatch(value) or _FORM.match(value))


def _roles(text: str, start: int, end: int, names: frozenset[str], method: Method) -> Iterator[Tag]:
    """The roles in a list of people, the whole of each or what stands beside a name."""
    for person in _PERSON.finditer(text, start, end):
        said = person.group()
        if len(said) > _LISTED:
            continue
        at = person.start()
        for piece in _AND.split(said):
            at = text.index(piece, at)
            for first, last in roles_in(piece, names):
                yield Tag(text[at + first : at + last], method, at + first, at + last)
            at += len(piece)


def _listed(text: str, lesson: Lesson, names: frozenset[str]) -> Iterator[Tag]:
    """Roles in sections about people: one a line, or parted by commas; the labels of a form are none."""
    for section in lesson.sections:
        if section.key != "people":
            continue
        after = max(section.start, text.find(section.heading, section.start, section.end) + len(section.heading))
        lines = list(re.finditer(r"[^\n]+", text[after : section.end]))
        labels = [_FIELD.match(line.group()) for line in lines]
        other = [each for each in labels if each and not is_whole_role(each["label"], names)]
        form = len(other) >= LEAST_OF_A_FORM
        for line, label in zip(lines, labels, strict=True):
            start, end = after + line.start(), after + line.end()
            if label and is_whole_role(label["label"], names):
                if not _BODY.fullmatch(label["label"]) and _says_who(label["value"]):
                    first = start + label.start("label")
                    yield Tag(label["label"], "heading", first, first + len(label["label"]))
            elif not form:
                begin = start + label.start("value") if label else start
                if _says_who(text[begin:end]):
                    yield from _roles(text, begin, end, names, "heading")
