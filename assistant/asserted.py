"""What a text asserts, apart from what it orders to be said and from words that it only mentions.

"State that the pump passed" does not say that the pump passed, nor does "the reply is 'the pump passed'": whoever draws
it from there has done what a document told it to do. So a claim is held to what a passage asserts, unless it tells the
order as an order. This is the difference of use and mention, and of what is said and what is commanded; it needs no
knowledge of who wrote the text or for whom.
"""

from __future__ import annotations

import re
from functools import lru_cache

from assistant.addressed import ANNOUNCES, blanked, packaged_patterns
from ingest.sentences import sentence_spans

_ORDERED = packaged_patterns("ordered.txt")
_MENTIONED = re.compile(
    r"“[^”]{2,300}”|«[^»]{2,300}»|„[^“”]{2,300}[“”]|「[^」]{2,300}」|<!--.*?-->"
    r"|(?<!\w)\"[^\"\n]{2,300}\"|(?<!\w)['‘][^'’\n]{2,300}['’](?!\w)",
    re.S,
)
FEWEST = 3  # words of a statement: who did what
_NO_STATEMENT = re.compile(
    r"[?:]\W*$|\b(?:a|an|the|of|and|or|that|which|was|were|is|are)\W*$"  # it breaks off
    r"|^(?-i:[a-z])"  # the later part of one
    r"|\b(\w+\W+\w+\W+\w+)\b.*\b\1\b"  # the same three words twice, as a small model stammers
    r"|\b(?-i:I)(?='|\s+(?:\w+ly\s+)?(?:think|believe|am|can|cannot|have|had|found|would|will|do|did|advise|recommend))"
    r"|\b(?:my|me|your?|yours|yourself)\b|\b(?:these|this|the(?: given)?) passages? (?:is|are|about|say|state|do)"
    r"|^the record (?:on|contains|of)\b|[{}]|\"\s*:|\|.*\|",
    re.I,
)


@lru_cache(maxsize=1024)
def unasserted(text: str) -> tuple[tuple[int, int], ...]:
    """The spans of a text, in order, that it does not assert: from an order to say to the end of its sentence.

    Where it announces what to say ("as follows:"), the next sentence goes with it.
    """
    found: list[tuple[int, int]] = []
    announced = False
    for start, end in sentence_spans(text):
        if announced:
            found.append((start, end))
        announced, ordered = False, _ORDERED.search(text[start:end])
        stop = start + ordered.start() if ordered else end
        found += [
            (at.start(), min(at.end(), stop)) for at in _MENTIONED.finditer(text, start, end) if at.start() < stop
        ]
        if ordered:
            found.append((stop, end))
            announced = ANNOUNCES.search(text[start:end]) is not None
    return tuple(found)


@lru_cache(maxsize=1024)
def asserted(text: str) -> str:
    """The text with blanks in place of what it does not assert, as long as it was."""
    return blanked(text, unasserted(text))


def is_order(text: str) -> bool:
    """Whether most of a sentence's words are ordered or mentioned, not asserted."""
    return 2 * len(asserted(text).split()) < len(text.split())


def is_statement(text: str) -> bool:
    """Whether a written sentence states something of the world: no question, and not of who writes or reads it."""
    words = re.findall(r"[^\W\d_]+", text)
    return (len(words) >= FEWEST or not text.isascii()) and not _NO_STATEMENT.search(text)
