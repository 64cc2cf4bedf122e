"""What a lesson is about, by the cues of a closed list: the title's count most, then what was learned."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from ingest.model import Tag
from ingest.regions import TITLE, Hit, Regions
from ingest.taxonomy import Matcher

MOST_TOPICS = 4
LEAST_SCORE = 4.0  # in a text of up to `USUAL_WORDS`; longer ones mention more in passing
USUAL_WORDS = 300
SHARE_OF_BEST = 0.45
MOST_OF_ONE_CUE = 4.5
_WEIGHTS: Mapping[str | None, float] = {TITLE: 3.0, "lesson": 1.5, "summary": 1.5}
_STRENGTHS = {"cues": 1.0, "hints": 1 / 3}


@dataclass
class _Evidence:
    """What speaks for a topic: the weight of each of its cues, and the best place to quote."""

    cues: dict[tuple[str, int], float] = field(default_factory=lambda: defaultdict(float))
    best: Hit | None = None
    best_weight: float = 0.0

    def add(self, kind: str, cue: int, weight: float, hit: Hit | None) -> None:
        self.cues[kind, cue] += weight
        if hit and weight * _STRENGTHS[kind] > self.best_weight:
            self.best, self.best_weight = hit, weight * _STRENGTHS[kind]

    @property
    def score(self) -> float:
        return sum(_STRENGTHS[kind] * min(weight, MOST_OF_ONE_CUE) for (kind, _), weight in self.cues.items())


def topics_of(regions: Regions, matchers: Mapping[str, Matcher]) -> tuple[Tag, ...]:
    """At most `MOST_TOPICS` topics, the best first, each with its most telling cue as the quote."""
    evidence: dict[str, _Evidence] = defaultdict(_Evidence)
    for kind in _STRENGTHS:
        for match in regions.in_title(matchers[kind]):
            for name in match.names:
                evidence[name].add(kind, match.cue, _WEIGHTS[TITLE], None)
        for hit in regions.find(matchers[kind]):
            for name in hit.names:
                evidence[name].add(kind, hit.cue, _WEIGHTS.get(hit.section, 1.0), hit)
    scores = {name: each.score for name, each in evidence.items()}
    least = max(
        LEAST_SCORE * max(1.0, regions.words / USUAL_WORDS) ** 0.5, SHARE_OF_BEST * max(scores.values(), default=0)
    )
    ranked = sorted((name for name in scores if scores[name] >= least), key=lambda name: -scores[name])
    quoted = ((name, evidence[name].best) for name in ranked[:MOST_TOPICS])
    return tuple(Tag(name, "text", hit.start, hit.end) for name, hit in quoted if hit)
