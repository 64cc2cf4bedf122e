"""What a text says is the cause of what, told by the words between them: to see whether a claim turns it around."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from assistant.facts import Facts
from ingest.sentences import sentence_spans

CAUSAL = re.compile(
    r"\b(?:(?P<back>because(?: of)?|due (?:primarily |mainly |in part )?to|owing to|as a (?:direct )?result of|"
    r"caused by|resulted from|result of|attributed (?:primarily |mainly )?to|attributable to|traced to)"
    r"|(?P<forth>caused|causes|cause|led to|leads to|lead to|resulted in|results in|result in|resulting in|causing|"
    r"leading to))\b",
    re.I,
)
"""What stands between an effect and its cause (`back`), or a cause and its effect (`forth`)."""
_OTHERWISE = re.compile(
    r"\b(?:since|so|therefore|thus|hence|consequently|thereby|causes?|reasons?|why|contribut\w+|factors?|responsible|"
    r"triggered|produced|created|made|making|allow(?:ed|ing)|forced|forcing|by|from|when|after|as)\b",
    re.I,
)
_ASIDE = re.compile(r"\([^()]*\)")
_LEANS = re.compile(r"\W*(?:this|that|these|those|it|they|which|such)\b", re.I)
HELD = 0.5  # of the words of a claim's cause, and of its effect, that must be on their own side in the quote


class Relation(NamedTuple):
    """The stems of an effect and of its cause."""

    effect: frozenset[str]
    cause: frozenset[str]


@lru_cache(maxsize=1024)
def relations(text: str) -> tuple[Relation, ...]:
    """Every causal relation that the text states; a sentence that leans on the one before it takes it along.

    Kept, because a claim is compared with many quotes of a passage.
    """
    return tuple(_relations(text))


def _relations(text: str) -> Iterator[Relation]:
    before = ""
    for start, end in sentence_spans(text):
        sentence = _ASIDE.sub(" ", text[start:end])
        for found in CAUSAL.finditer(sentence):
            left, right = sentence[: found.start()], sentence[found.end() :]
            if not re.search(r"\w", left) and found["back"]:  # "Because X, Y"
                right, _, left = right.partition(",")
            elif _LEANS.match(left) or len(left.split()) < 2:
                left = f"{before} {left}"
            effect, cause = (left, right) if found["back"] else (right, left)
            yield Relation(Facts(effect).content, Facts(cause).content)
        before = sentence


def turned(claim: str, quote: str) -> bool:
    """Whether the claim states a cause that the quote does not: another one, or the effect in its place."""
    ours = [each for each in relations(claim) if each.effect and each.cause]
    theirs = relations(quote) if ours else ()
    for relation in ours:
        if not any(_within(relation, other) for other in theirs) and (theirs or not _OTHERWISE.search(quote)):
            return True
    return False


def _within(ours: Relation, theirs: Relation) -> bool:
    """Whether the effect and the cause are each on their own side, more than on the other."""
    effect, cause = ours.effect & theirs.effect, ours.cause & theirs.cause
    astray = len(ours.effect & theirs.cause - theirs.effect) + len(ours.cause & theirs.effect - theirs.cause)
    held = len(effect) >= HELD * len(ours.effect) and len(cause) >= HELD * len(ours.cause)
    return held and len(effect) + len(cause) > astray
