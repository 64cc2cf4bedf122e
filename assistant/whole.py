"""Whether a sentence is a whole statement of something that its quote holds for real, by the words it is made of."""

from __future__ import annotations

import re
from collections.abc import Iterator

from assistant.facts import Facts, facts_of

FEWEST_FACTS = 3  # of a sentence that is no copy: "This was a failure" cannot be checked
_VERB = re.compile(
    r"\b(?:is|are|was|were|be|been|has|have|had|does|did|do|can|could|may|might|must|should|will|would|shall|cannot"
    r"|\w{2,}(?:ed|n't)|began|bought|broke|brought|built|came|caught|chose|cut|drew|drove|fell|felt|fed|flew|found|froze|gave"
    r"|gets?|goes|got|grew|held|hit|kept|knew|laid|lay|led|left|lost|made|means?|met|paid|put|ran|rose|said|sank|sat|saw|sent"
    r"|set|shook|shut|slept|slid|sold|spent|spoke|spread|stood|stuck|swung|takes?|taught|tells?|thought|threw|told|took|went"
    r"|woke|won|wore|wrote|requires?|needs?|uses?|works?|keeps?|says?|shows?|states?)\b|[^\x00-\x7f]{4}",
    re.I,
)
_ENDS = (".", "!", "…", ")", '"', "”", "。", "！", "؟", "।")
_ORDERS = re.compile(r"(?:^|[.;:]\s)\W*(\w+)")
_OUGHT = ("should", "must")
_UNREAL = re.compile(
    r"\b(?:should|would|could|might|if|whether|unless|almost|nearly|hardly|alleg\w+|suspect\w*|suspicion|believ\w+"
    r"|feared|assum\w+|untrue|false|refuted|ruled out|denied|supposed|planned|intended|at (?:most|least)"
    r"|(?:fewer|more|less) than|(?:asked|told|ordered|refused|declined|expected|recommended) to|yet to|avoid\w*"
    r"|only on paper)\b|^had\b",
    re.I,
)
_PARTS = re.compile(r"[;:.]\s|,\s(?:and|but|which|so)\s")


def tells(claim: Facts, quote: Facts) -> bool:
    """Whether a sentence that is no copy is whole, has a verb, and says enough to be checked."""
    facts = len(claim.words) + len(claim.numbers) + len(claim.identifiers)
    return facts >= FEWEST_FACTS and (_has_verb(claim) or _advises(claim, quote)) and claim.text.endswith(_ENDS)


def cut_off(claim: Facts, quote: Facts) -> bool:
    """Whether a copy ends where the sentence it was taken from cannot end."""
    copied = claim.text.rstrip(".")
    rest = quote.text[quote.text.find(copied) + len(copied) :]
    following = re.match(r"\s*([a-z]+|\d)", rest)
    if following is not None:
        return following[1].isdigit() or bool(facts_of(following[1]).words)
    return not rest.startswith(_ENDS) and not _has_verb(claim)  # a heading


def unreal(claim: Facts, quote: Facts) -> Iterator[str]:
    """What the quote has as wished, supposed or nearly so in the clause that holds most of the claim, unlike it."""
    ours = {found[0].lower() for found in _UNREAL.finditer(claim.text)}
    if _advises(claim, quote):
        ours |= {*_OUGHT}
    for clause in _PARTS.split(quote.text):
        if 2 * len(claim.words.keys() & facts_of(clause).stems) >= max(1, len(claim.words)):
            yield from (found[0] for found in _UNREAL.finditer(clause) if found[0].lower() not in ours)


def _has_verb(claim: Facts) -> bool:
    return _VERB.search(claim.text) is not None


def _advises(claim: Facts, quote: Facts) -> bool:
    """Whether a sentence without a verb of its own gives as an order what the quote orders or says should be done."""
    first = next((token.stem for token in claim.tokens if token.kind == "word"), "")
    if _has_verb(claim) or not first:
        return False
    ought = any(re.search(rf"\b{word}\b", quote.text, re.I) for word in _OUGHT)
    starts = {stem for found in _ORDERS.finditer(quote.text) for stem in facts_of(found[1]).stems}
    return first in starts or (ought and first in quote.stems)
