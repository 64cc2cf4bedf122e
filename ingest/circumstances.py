"""In which phase it happened and how grave it was, by the words that say so."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import get_args

from ingest.model import Provenance, Severity
from ingest.regions import TITLE, Hit, Regions
from ingest.taxonomy import Matcher
from ingest.values import Found

LEAST_SCORE = 3.0
LEAD = 1.5  # times the score of the second best: where two phases are named alike, neither is chosen
OPENING = 600  # characters of the account in which it is said when things happened
_TELLING = frozenset({TITLE, "event", "summary", "timeline", "impact", "cause", None})
_ON_PHASE: Mapping[str | None, float] = {TITLE: 2.0, "event": 1.0, "summary": 1.5, "timeline": 1.0}
LONGEST_QUOTE = 600  # characters: a longer sentence is a list or has lost its full stops, and proves nothing
_FEARED = re.compile(
    r"\b(?:could|may|might|would|can|cannot|potential\w*|possib\w*|prevent\w*|avoid\w*|preclud\w*|risks?|not?|never|"
    r"without|if|should|near|nearly|almost|hazards?|threat\w*|likel\w*|chance|protect\w*|danger\w*|reduce\w*|fear\w*|"
    r"assum\w*|in case|unless|until|must|minimi\w*|worst case|capable|sufficient|enough|to be|when|going to|will|"
    r"lack of|absence of|concern\w*|nobody|none|nothing|neither|simulat\w*|exercise\w*|scenario\w*|notional|any)\b|"
    r"n't\b"
)
_HYPOTHETICAL = re.compile(r"\b(?:could|may|might|would|if|should|potential\w*|scenario\w*|will|any)\b")
_ELSEWHERE = re.compile(  # it tells of another event
    r"\b(?:(?:years?|months?|decades?) (?:ago|earlier|before|prior)|previous(?:ly)?|elsewhere|historically|history|"
    r"in the past|past|similar|(?:earlier|other|another|prior|recent) (?:accident|incident|event|mission|case|flight|"
    r"fire|failure|mishap)s?|statistic\w*|(?:each|every|per) year|annual\w*|average|nationwide|worldwide|"
    r"reminds?|remember|recall\w*|since (?:19|20)\d\d)\b"
)
_SPARED = re.compile(r"\b(?:averted|avoided|prevented|fortunately|luckily|could have|would have|might have)\b|\?$")


def severity_of(regions: Regions, matcher: Matcher) -> Found | None:
    """The gravest severity that a sentence reports of this event, and does not only fear or deny."""
    order = get_args(Severity)
    best: tuple[int, Hit] | None = None
    for hit in _hits(regions, matcher):
        rank = min(order.index(name) for name in hit.names)
        if hit.section in _TELLING and (best is None or rank < best[0]) and _reported(regions, hit, order[rank]):
            best = rank, hit
    if best is None:
        return None
    start, end = regions.sentence(best[1].start)
    return Found(order[best[0]], Provenance("text", start, end))


def _hits(regions: Regions, matcher: Matcher) -> Iterator[Hit]:
    """The cues that mean what they say, also those inside another: "sustained a serious injury"."""
    other = regions.otherwise(matcher)
    for whole in regions.find(matcher):
        start, end = regions.sentence(whole.start)
        for hit in (whole, *regions.find(matcher, whole.start + 1, end)):
            if (hit.names[0], start) not in other:
                yield hit


def _reported(regions: Regions, hit: Hit, level: str) -> bool:
    start, end = regions.sentence(hit.start)
    if not 0 < end - start <= LONGEST_QUOTE or hit.end > end:
        return False
    sentence, before = regions.words_of(start, end), regions.words_of(start, hit.start)
    feared = _HYPOTHETICAL if level == "minor" else _FEARED
    return not (_SPARED.search(sentence) or _ELSEWHERE.search(sentence) or feared.search(before))


def phase_of(regions: Regions, matcher: Matcher) -> Found | None:
    """The one phase that title, summary and the opening of the account speak of; None where there is no such one."""
    scores: dict[str, float] = defaultdict(float)
    first: dict[str, Hit] = {}
    seen: set[tuple[int, str | None]] = set()
    opening = None
    for hit in regions.find(matcher):
        weight = _ON_PHASE.get(hit.section, 1.0 if hit.section is None else 0.0)
        if hit.section in ("event", None):
            opening = hit.start if opening is None else opening
            weight *= 1.0 if hit.start - opening < OPENING else 0.5
        if weight and (hit.cue, hit.section) not in seen:
            seen.add((hit.cue, hit.section))
            for name in hit.names:
                scores[name] += weight
                first.setdefault(name, hit)
    ranked = sorted(scores, key=lambda name: -scores[name])
    if not ranked or scores[ranked[0]] < LEAST_SCORE:
        return None
    if len(ranked) > 1 and scores[ranked[0]] < LEAD * scores[ranked[1]]:
        return None
    start, end = regions.sentence(first[ranked[0]].start)
    return Found(ranked[0], Provenance("text", start, max(end, first[ranked[0]].end)))
