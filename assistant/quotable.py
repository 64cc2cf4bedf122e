"""Which sentences of a passage can stand as a quote, and how a quote reads on one line."""

from __future__ import annotations

import re

from assistant.addressed import without_orders
from index.hit import Hit
from ingest.sentences import sentence_spans

SENTENCES_A_PASSAGE = 14
LEANING = 60  # words: what a sentence and the one it leans on may have together
SHORTEST = 5  # words: a shorter sentence says nothing by itself
LONGEST = 90  # words: a longer one is a list run together
LONGEST_OPEN = 30  # words, without a full stop: a longer one is a table
ENTRY = 0.7  # of the words of a title of a work begin with a capital
_LEANS_ON = re.compile(r"(this|that|these|those|it|its|they|he|she|such|the same|also|however|therefore|thus)\b", re.I)
_REFERENCE = re.compile(
    r"\W*(references?|refs?|see also|see (the )?\W?(lesson|description|abstract|attach|above|below)"
    r"|for (details|more information))\b|\W?[\"“][^\"”]{10,}(,[\"”]|[\"”],)"
    r"|.*\b(report|board|memo|volume|vol|no|jpl d-\d+)\b.*, (\w+ \d{1,2}, )?(19|20)\d\d\.?$"
    r"|.*[\"“][^\"”]{10,}[,.][\"”].*(19|20)\d\d\.?$|.{0,100}\b(figure|fig\.|table) \d+\w?\.?$",
    re.I | re.S,
)
_WORD = re.compile(r"[^\W\d_]{4,}")
_VERB = re.compile(
    r"\b(?:is|are|was|were|be|been|has|have|had|can|may|might|will|shall|should|must|could|would|do|does|did)\b"
)
_LABEL = re.compile(r"\b[A-Z][\w /()'-]{1,30}:(?=\s)")


def quotable(hit: Hit) -> list[tuple[int, int]]:
    """The spans in the source of the passage's sentences that can stand as a quote.

    Headings, labels and questions cannot, nor what speaks to software; a sentence that leans on the one before it
    ("This led to …") takes it along.
    """
    spans: list[tuple[int, int]] = []
    previous: int | None = None
    text = without_orders(hit.text)
    for start, end in sentence_spans(text):
        start = _after_heading(hit, start, end)
        if stands_alone(hit.text[start:end]) and not _is_title(hit.text[start:end], hit.title):
            whole = previous is not None and text[previous:end] == hit.text[previous:end]  # no order in between
            leans = whole and _LEANS_ON.match(hit.text[start:end])
            first = previous if leans and len(hit.text[previous:end].split()) < LEANING else start
            spans.append((hit.start + (first or 0), hit.start + end))
            previous = start
        else:
            previous = None
    return spans[:SENTENCES_A_PASSAGE]


def _after_heading(hit: Hit, start: int, end: int) -> int:
    """Where a sentence begins once the heading it ran on from is taken off: `Discussion: The tank …`."""
    for section in hit.sections:
        if section.heading and abs(section.start - hit.start - start) <= len("###### "):
            found = hit.text.find(section.heading, start, min(end, start + len(section.heading) + 10))
            if found >= 0:
                rest = hit.text[found + len(section.heading) : end]
                return end - len(rest.lstrip(" \t\r\n:.*_|"))
    return start


def stands_alone(text: str) -> bool:
    """Whether a sentence says something by itself: it is no heading, label, reference or question."""
    words = len(text.split())
    longest = LONGEST if text.endswith((".", "!", ".)", '."', ".”")) else LONGEST_OPEN
    if _REFERENCE.match(text) or _is_entry(text):
        return False
    return SHORTEST <= words <= longest and not text.endswith(("?", ":")) and len(_LABEL.findall(text)) * 12 <= words


def _is_entry(text: str) -> bool:
    """Whether it is the title of a work, as lists of references have them: hardly a word without a capital, no verb."""
    words = _WORD.findall(text)
    capitals = sum(word[0].isupper() for word in words)
    return not text.isupper() and not _VERB.search(text) and capitals >= ENTRY * len(words)


def _is_title(text: str, title: str) -> bool:
    """Whether the sentence says no more than the record's title, which is shown beside it anyway."""
    return set(re.findall(r"\w+", text.lower())) <= {*re.findall(r"\w+", title.lower()), "page"}


def readable(text: str) -> str:
    """A quote on one line: line breaks, hyphens at line ends and Markdown marks taken out."""
    text = re.sub(r"\u00ad\s*|(?<=\w)[-‐]\s*\n\s*(?=[a-z])", "", text)
    text = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", text)
    text = re.sub(r"\*\*|__|`|(?<!\w)[*_](?=\w)|(?<=[\w.])[*_](?!\w)", "", text)
    text = re.sub(r"\s*\|\s*", " | ", text).strip(" |")
    return " ".join(text.split())
