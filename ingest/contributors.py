"""Who took part, by role: from labels at the top ("Incident lead: …") and from sections about people."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ingest.model import Lesson, Tag
from ingest.roles import role_in
from ingest.values import is_empty

OPENING = 3000  # characters of a lesson in which a label names its people
MOST_CONTRIBUTORS = 20
_LABEL = re.compile(
    r"^[ \t>#*_+|•-]*(?P<role>(?:(?:incident|exercise|event|team|meeting|review|project|test|shift|site|on-?call|"
    r"communications?|technical|safety|quality|operations?|post-?mortem|lead)[ -])*"
    r"(?:lead|commander|manager|director|coordinator|co-ordinator|officer|facilitator|moderator|scribe|note ?taker|"
    r"reviewer|author|investigator|evaluator|observer|controller|responder|engineer)s?)"
    r"[ \t*_]*[:|][ \t*_]*(?P<value>[^\n]*\S[^\n]*)",
    re.I | re.M,
)
_PERSON = re.compile(r"[^\n,;|]*[^\s,;|][^\n,;|]*")


def contributors_of(text: str, lesson: Lesson) -> tuple[Tag, ...]:
    """Roles, each once, with the place that names it: of a label its own words, never whom it names."""
    found: dict[str, Tag] = {}
    for tag in (*_labels(text, lesson), *_listed(text, lesson)):
        found.setdefault(tag.name.lower().rstrip("s"), tag)
    return tuple(found.values())[:MOST_CONTRIBUTORS]


def _labels(text: str, lesson: Lesson) -> Iterator[Tag]:
    for match in _LABEL.finditer(text, lesson.start, min(lesson.end, lesson.start + OPENING)):
        if not is_empty(match["value"]):
            yield Tag(match["role"], "label", match.start("role"), match.end("role"))


def _listed(text: str, lesson: Lesson) -> Iterator[Tag]:
    """Roles in sections about people: one a line, or parted by commas."""
    for section in lesson.sections:
        if section.key != "people":
            continue
        after = text.find(section.heading, section.start, section.end) + len(section.heading)
        for person in _PERSON.finditer(text, max(section.start, after), section.end):
            if span := role_in(person.group()):
                start, end = person.start() + span[0], person.start() + span[1]
                yield Tag(text[start:end], "heading", start, end)
