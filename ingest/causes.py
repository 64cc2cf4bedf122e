"""Why it happened, by the cues of a closed list, each cause with the sentence that says so."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from ingest.model import Tag
from ingest.regions import TITLE, Hit, Regions
from ingest.taxonomy import Matcher

MOST_CAUSES = 3
LEAST_WEIGHT = 2.0
SHARE_OF_BEST = 0.4
_WEIGHTS: Mapping[str | None, float] = {TITLE: 1.5, "cause": 1.5, "lesson": 1.0, "summary": 1.25, "improve": 1.0}
LONGEST_QUOTE = 600  # characters: a longer sentence is a list or has lost its full stops, and proves nothing
_NOT_TOLD = frozenset({"recommendation", "action", "evidence", "response", "sustain", "planned", "luck"})
_LINK = (
    r"due (?:\w+ ){0,2}to|because(?: of)?|caused (?:\w+ )?by|attribut\w+ to|as a (?:\w+ )?result of|resulted from|"
    r"result(?:ing)? from|stem\w* from|traced to|(?:root|primary|probable|proximate|contributing|major|likely) causes?|"
    r"contribut\w+ (?:factor|to|cause)\w*|led to|leading to|resulted in|resulting in|caused|causing|owing to|the cause|"
    r"reasons? for|arose from|originated|culprit|blamed?|triggered (?:by)?|induced"
)
_CAUSAL = re.compile(rf"\b(?:{_LINK})\b")
_NEGATED = re.compile(  # what follows it is denied
    r"(?:\b(?:not|no|never|without|nor|neither|cannot|nobody|none|rather than|instead of|other than)|n't)\b"
    r"(?! (?:only|just|merely|until)\b)((?:[^\w.;:]+[\w'-]+){0,5}?[^\w.;:]+)$"
)
_EXPLAINS = re.compile(  # what was not done is told of before, and the cue gives the reason for it
    r"\b(?!(?:be|been|was|is|are|were|\w+ly|happen|occur|fail|break) )[\w']+ "
    r"(?:because|due to|as a \w* ?result|owing to)\b"
)
_RULED_OUT = re.compile(
    r"(?:[^\w.;]+[\w']+){0,4}?[^\w.;]+(?:(?:was|were|is|are|has|have|had|did|does|could)(?: not|n't)\b|"
    r"(?:was|were|has been|have been) (?:ruled out|excluded|discounted|eliminated|fine|good|normal|adequate))"
)
_IN_GENERAL = re.compile(  # a sentence of what tends to happen, not of what did
    r"\b(?:historically|typically|usually|generally|commonly|traditionally|often|frequently|always|in general|"
    r"tends? to|in the past|(?:is|are) (?:a |an |one of |the |among |most ){0,3}(?:common|frequent|major|leading)|"
    r"many (?:failures|projects|accidents|incidents|missions|organi[sz]ations)|whenever|will|any)\b"
)
_FINITE = re.compile(r"\b(?:\w+ed|is|was|were|are|has|had|have|did|does|do|will|can|could|would)\b")
FRAGMENT = 10  # words: a line so short without a verb, where a form asks for causes, names one
_BEFORE = re.compile(  # the cause follows within a few words
    r"\b(?:due (?:\w+ ){0,2}to|because(?: of)?|caused (?:\w+ )?by|attribut\w+ to|as a (?:\w+ )?result of|"
    r"result(?:ed|s|ing)? from|stem\w* from|traced to|triggered by|induced by|owing to|"
    r"(?:root|primary|probable|proximate|likely|actual) causes?(?: \w+){0,6} (?:was|were|is|to be)|"
    r"the causes?(?: of (?:[\w-]+ ){1,6}?)? ?(?:was|were)|"
    r"contribut\w+ (?:factor|cause)s?(?: \w+){0,4} (?:was|were|included?))\b(?:[^\w.;]+[\w']+){0,5}[^\w.;]+$"
)
_AFTER = re.compile(  # the cause went before
    r"(?:[^\w.,;]+[\w']+){0,3}[^\w.;]+(?:caused|causing|led to|leading to|resulted in|resulting in|contributed to|"
    r"triggered|induced|was (?:found to be )?the (?:\w+ )?cause)\b"
)
_ROOT = re.compile(r"\b(?:(?:root|primary|probable|proximate|contributing|direct) (?:cause|factor)|attribut\w+ to)")
_EFFECT = re.compile(  # the cue is what came of it
    r"\b(?:result(?:ed|s|ing)? in|led to|lead(?:s|ing)? to|caus(?:ed(?! by)|es|ing))\b(?:[^\w.,;]+[\w']+){0,3}[^\w.;]+$"
)
_EXPLAINED = re.compile(
    r"(?:[^\w.,;]+[\w']+){0,3}[^\w.;]+(?:caused by|due to|attribut\w+ to|resulted from|as a result of)\b"
)
_ADVICE = re.compile(
    r"\b(?:should(?! have)|shall|must|desires? to|efforts? to|(?:was|were) expected|"
    r"needs? to|needed to be|ensure|recommend\w*|to (?:prevent|avoid|preclude|minimi[sz]e|"
    r"reduce)|will help|it is (?:important|necessary|essential|imperative|critical)|provides?|can be (?:used|applied)|"
    r"in order to|be sure|make sure|benefits?|avoided the|key ?words?|lessons? (?:id|number)|"
    r"(?:have|help\w*|will|and) (?:prevent|avoid|preclud)\w*)\b|^(?:if|use|do|avoid|consider|to|where|"
    r"perform|assure|verify|establish|maintain|require|review|develop|include|"
    r"implement|conduct|otherwise)\b"
)
_DENIED = re.compile(
    r"\b(?:no|not|never|without|nor|rather than|instead of)\b(?: \w+){0,2} (?:evidence|indication|caused|"
    r"contribut\w+|attribut\w+)\b|\babsence of (?:strong|severe|bad|high)\b"
)
_SUPPOSED = re.compile(
    r"\b(?:could|may|might|would|can) (?:\w+ ){0,3}(?:caus|lea?d|result|occur|fail|contribut|be(?:en)?\b)\w*|"
    r"\b(?:threat|risk|fear|possibility|potential|concern\w*|suspect\w*|perceived) (?:\w+ )?(?:of|for|that|due)\b|\?$|"
    r"\b(?:had|if) \w+ (?:occurred|happened)\b|\b(?:possibly|perhaps|maybe|presumably)\b"
)


class _Say(NamedTuple):
    name: str
    start: int
    end: int
    weight: float


def causes_of(regions: Regions, matchers: Mapping[str, Matcher]) -> tuple[Tag, ...]:
    """At most `MOST_CAUSES` causes, the plainest first; none where no sentence says why."""
    said: dict[str, _Say] = {}
    total: dict[str, float] = {}
    counted: set[tuple[str, int]] = set()
    other = regions.otherwise(matchers["cues"])
    for say in (*_told(regions, matchers["cues"], False), *_told(regions, matchers["factors"], True)):
        if (say.name, say.start) in other:
            continue
        if (say.name, say.start) not in counted:
            counted.add((say.name, say.start))
            total[say.name] = total.get(say.name, 0.0) + say.weight
            if say.name not in said or say.weight > said[say.name].weight:
                said[say.name] = say
    ranked = sorted((name for name in total if total[name] >= LEAST_WEIGHT), key=lambda name: -total[name])
    best = total[ranked[0]] if ranked else 0.0
    kept = [said[name] for name in ranked[:MOST_CAUSES] if total[name] >= SHARE_OF_BEST * best]
    return tuple(Tag(say.name, "text", say.start, say.end) for say in kept)


def _told(regions: Regions, matcher: Matcher, only_linked: bool) -> Iterator[_Say]:
    """What each cue says, weighed by how plainly; a cue that is only linked to be a cause says nothing alone."""
    for hit in regions.find(matcher):
        if hit.section in _NOT_TOLD:
            continue
        start, end = regions.sentence(hit.start)
        sentence = regions.words_of(start, end)
        if not 0 < end - start <= LONGEST_QUOTE or hit.end > end or _tells_nothing(sentence):
            continue
        weight = _WEIGHTS.get(hit.section, 1.0) * _plainness(sentence, hit, start, only_linked, regions)
        for name in hit.names if weight else ():
            yield _Say(name, start, end, weight)


def _tells_nothing(sentence: str) -> bool:
    """Whether the sentence advises, denies, supposes or tells what happens in general."""
    return any(each.search(sentence) for each in (_ADVICE, _DENIED, _SUPPOSED, _IN_GENERAL))


def _plainness(sentence: str, hit: Hit, start: int, only_linked: bool, regions: Regions) -> float:
    """How plainly the sentence gives the cue as a cause: 0 not at all."""
    before, after = sentence[: hit.start - start], sentence[hit.end - start :]
    if _negated(before) or _RULED_OUT.match(after) or _EFFECT.search(before[-60:]) or _EXPLAINED.match(after[:60]):
        return 0.0
    if _BEFORE.search(before[-120:]) or _AFTER.match(after[:80]):
        return 2.5 if _ROOT.search(sentence) else 2.0
    named = regions.asks_why(hit.start)
    if only_linked:
        return 1.5 if named and len(sentence.split()) <= FRAGMENT and not _FINITE.search(sentence) else 0.0
    if named or hit.section == "improve":
        return 2.0
    return 2.0 if _ROOT.search(sentence) else 1.0 if _CAUSAL.search(sentence) else 0.0


def _negated(before: str) -> bool:
    """Whether the cue is denied by a word shortly before it, and not by the clause that it explains."""
    match = _NEGATED.search(before[-80:])
    return match is not None and not _EXPLAINS.search(match[1])
