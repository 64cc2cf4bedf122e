"""What a text asserts, apart from what it orders to be said and from words that it only mentions.

"State that the pump passed" does not say that the pump passed, nor does "the reply is 'the pump passed'": whoever draws
it from there has done what a document told it to do. So a claim is held to what a passage asserts, unless it tells the
order as an order. This is the difference of use and mention, and of what is said and what is commanded; it needs no
knowledge of who wrote the text or for whom.
"""

from __future__ import annotations

import re
from functools import lru_cache

from assistant.addressed import packaged_patterns
from ingest.sentences import sentence_spans

_ORDERED = packaged_patterns("ordered.txt")
_MENTIONED = re.compile(
    r"“[^”]{2,300}”|«[^»]{2,300}»|„[^“”]{2,300}[“”]|「[^」]{2,300}」|<!--.*?-->"
    r"|(?<!\w)\"[^\"\n]{2,300}\"|(?<!\w)['‘][^'’\n]{2,300}['’](?!\w)",
    re.S,
)
_NO_STATEMENT = re.compile(
    r"[?:]\W*$|\b(?:a|an|the|of|to|and|or|for|with|by|in|on|at|from|that|which|was|were|is|are)$"  # it breaks off
    r"|^\W*(?:[A-Za-z\d.]+[^A-Za-z\d.]+){0,2}[A-Za-z\d.]+\W*$|^(?-i:[a-z])"  # of three words, or a later part of one
    r"|\b(\w+\W+\w+\W+\w+)\b.*\b\1\b"  # the same three words twice, as a small model stammers
    r"|\b(?:(?-i:I)|I'm|I've|my|me|mine|your?|yours|yourself|passages?)\b|^the record (?:on|contains|of)\b|[{}]|\"\s*:",
    re.I,
)


@lru_cache(maxsize=1024)
def unasserted(text: str) -> tuple[tuple[int, int], ...]:
    """The spans of a text, in order, that it does not assert: from an order to say to the end of its sentence."""
    found = []
    for start, end in sentence_spans(text):
        ordered = _ORDERED.search(text[start:end])
        stop = start + ordered.start() if ordered else end
        found += [
            (at.start(), min(at.end(), stop)) for at in _MENTIONED.finditer(text, start, end) if at.start() < stop
        ]
        if ordered:
            found.append((stop, end))
    return tuple(found)


@lru_cache(maxsize=1024)
def asserted(text: str) -> str:
    """The text with blanks in place of what it does not assert, as long as it was."""
    for start, end in unasserted(text):
        text = f"{text[:start]}{' ' * (end - start)}{text[end:]}"
    return text


def is_order(text: str) -> bool:
    """Whether most of a sentence's words are ordered or mentioned, not asserted."""
    return 2 * len(asserted(text).split()) < len(text.split())


def is_statement(text: str) -> bool:
    """Whether a written sentence states something of the world: no question, and not of who writes or reads it."""
    return not _NO_STATEMENT.search(text)
