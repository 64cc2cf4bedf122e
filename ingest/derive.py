"""What a lesson's own text shows beyond what its source states: topics, causes, phase, severity, actions, roles.

What the source states comes first. Every derived value carries the span that shows it; where nothing shows one the
field stays empty.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from ingest.actions import actions_of
from ingest.causes import causes_of
from ingest.circumstances import phase_of, severity_of
from ingest.contributors import contributors_of
from ingest.model import NOT_LESSONS, Lesson, Tag
from ingest.regions import Regions
from ingest.taxonomy import Taxonomy, load_taxonomy
from ingest.topics import topics_of
from ingest.values import Found, as_severity

_MANY = frozenset({"topics"})  # fields of several values, each of which says itself how it was found


def derive(
    text: str, lesson: Lesson, found: Mapping[str, Found] | None = None, taxonomy: Taxonomy | None = None
) -> Lesson:
    """The lesson with the fields that were missing filled in where `text` shows them.

    `text` is the document's, `found` what `metadata` or `record_metadata` says the source states. Without a `taxonomy`
    the packaged one is used. Topics that the source states come first and stay as they are, derived ones follow.
    """
    taxonomy = taxonomy or load_taxonomy()
    found = found or {}
    regions = Regions(text, lesson)
    stated = tuple(_stated_topics(text, found))
    known = {tag.name.lower() for tag in stated}
    derived = (tag for tag in topics_of(regions, taxonomy.topics) if tag.name.lower() not in known)
    lesson = replace(lesson, topics=(*stated, *derived))
    if lesson.kind not in NOT_LESSONS:
        lesson = _told(text, lesson, regions, taxonomy)
    return _single(lesson, regions, found, taxonomy)


def _told(text: str, lesson: Lesson, regions: Regions, taxonomy: Taxonomy) -> Lesson:
    """The lesson with its causes, actions and roles; what went well has no cause of failure."""
    return replace(
        lesson,
        causes=causes_of(regions, taxonomy.causes) if lesson.outcome != "success" else (),
        actions=actions_of(text, lesson),
        contributors=contributors_of(text, lesson),
    )


def _single(lesson: Lesson, regions: Regions, found: Mapping[str, Found], taxonomy: Taxonomy) -> Lesson:
    """The lesson with its phase and severity, and their provenance."""
    phase, severity = found.get("phase"), found.get("severity")
    if phase:
        phase = phase._replace(value=taxonomy.phase(phase.value) or phase.value)
    if lesson.kind not in NOT_LESSONS and lesson.outcome != "success":
        phase = phase or phase_of(regions, taxonomy.phases["cues"])
        severity = severity or severity_of(regions, taxonomy.severities["cues"])
    shown = {name: each.provenance for name, each in (("phase", phase), ("severity", severity)) if each}
    return replace(
        lesson,
        phase=phase.value if phase else None,
        severity=as_severity(severity.value) if severity else None,
        provenance={key: each for key, each in {**lesson.provenance, **shown}.items() if key not in _MANY},
    )


def _stated_topics(text: str, found: Mapping[str, Found]) -> Iterator[Tag]:
    """The source's own topics, each with its place if they stand in the text."""
    if "topics" not in found:
        return
    value, provenance = found["topics"]
    for name in value.split("; "):
        at = -1 if provenance.start is None else text.find(name, provenance.start, provenance.end)
        yield Tag(name, provenance.method, at, at + len(name)) if at >= 0 else Tag(name, provenance.method)
