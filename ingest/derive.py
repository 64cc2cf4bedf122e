"""What a lesson's own text shows beyond what its source states: topics, causes, phase, severity, actions, roles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ingest.causes import causes_of
from ingest.circumstances import phase_of, severity_of
from ingest.values import Found
from ingest.model import NOT_LESSONS, Lesson, Provenance
from ingest.regions import Regions
from ingest.taxonomy import Taxonomy, load_taxonomy
from ingest.topics import topics_of


def derive(
    text: str, lesson: Lesson, found: Mapping[str, Found] | None = None, taxonomy: Taxonomy | None = None
) -> Lesson:
    """The lesson with the fields that were missing filled in where `text` shows them."""
    taxonomy = taxonomy or load_taxonomy()
    regions = Regions(text, lesson)
    prov=dict(lesson.provenance)
    topics = topics_of(regions, taxonomy.topics)
    causes = causes_of(regions, taxonomy.causes) if lesson.kind not in NOT_LESSONS and lesson.outcome != "success" else ()
    ph=phase_of(regions, taxonomy.phases["cues"]); sv=severity_of(regions, taxonomy.severities["cues"])
    if ph: prov["phase"]=ph.provenance
    if sv: prov["severity"]=sv.provenance
    return replace(lesson, topics=topics, causes=causes, phase=ph.value if ph else None, severity=sv.value if sv else None, provenance=prov)
