"""Plain orders to software in a document: not quoted, not shown to a language model.

What documents say is data. A sentence that tells "AI assistants" to ignore instructions, or what to answer, is no
experience of the organisation; with it goes what follows in its paragraph, which is usually more of the same.
Greshake et al., "Not what you've signed up for", 2023, and Perez and Ribeiro, "Ignore previous prompt", 2022, show the
forms it takes. The list knows few of them: of 149 injections written without sight of it, it found 25. What it misses
is data to be quoted; `asserted` keeps a model's answer from stating what a document only orders to be said.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from importlib.resources import files

from ingest.sentences import sentence_spans


def packaged_patterns(name: str) -> re.Pattern[str]:
    """One pattern of all lines of a packaged file, parts put in where they are named."""
    lines = files("assistant").joinpath(name).read_text(encoding="utf-8").splitlines()
    parts: dict[str, str] = {}
    patterns = []
    for line in lines:
        name, named, part = line.partition(" = ")
        for known, value in parts.items():
            line, part = line.replace(f"<{known}>", value), part.replace(f"<{known}>", value)
        if named and name.isalpha():
            parts[name] = part
        elif line and not line.startswith("# "):
            patterns.append(f"(?:{line})")
    return re.compile("|".join(patterns), re.I | re.S)


_SPEAKS = packaged_patterns("orders.txt")
_UNSEEN = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\U000e0000-\U000e007f]")
ANNOUNCES = re.compile(r":\W*$|\b(?:following|as follows|after me|below)\b", re.I)
_PARAGRAPH = re.compile(r"\n[^\S\n]*\n")


@lru_cache(maxsize=1024)
def addressed(text: str) -> tuple[tuple[int, int], ...]:
    """The spans of a text, in order, that speak to software: from such a sentence to the end of its paragraph.

    Where it announces what to say ("as follows:"), the next paragraph goes with it.
    """
    found: list[tuple[int, int]] = []
    for start, end in sentence_spans(text):
        if found and start < found[-1][1]:
            continue
        if _SPEAKS.search(_UNSEEN.sub("", text[start:end])):
            stop = _PARAGRAPH.search(text, end)
            if stop and ANNOUNCES.search(text[start : stop.start()]):
                stop = _PARAGRAPH.search(text, stop.end())
            found.append((start, stop.start() if stop else len(text)))
    return tuple(found)


def plain(text: str) -> str:
    """A model's sentence as words: links keep their text alone, pictures, tags and characters that nobody sees go."""
    text = _UNSEEN.sub("", text)
    text = re.sub(r"!\[[^\]]*\]\([^)]*\)|<[/!?]?[A-Za-z][^>]{0,300}>", " ", text)
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text)
    text = re.sub(
        r"\b(?:https?|ftp|javascript|data|mailto):\S+|\bwww\.\S+|\b[\w.+-]+@[\w-]+\.\w[\w.]*", "…", text, flags=re.I
    )
    text = re.sub(
        r"^(?:the )?(?:answer|explanation|reason|recommendation|summary)(?: is| was)?\s*:\s*", "", text, flags=re.I
    )
    return " ".join(text.split())


def without_orders(text: str) -> str:
    """The text with blanks in place of what speaks to software, as long as it was: offsets stay."""
    return blanked(text, addressed(text))


def blanked(text: str, spans: Iterable[tuple[int, int]]) -> str:
    """The text with blanks in place of some spans, as long as it was."""
    for start, end in spans:
        text = f"{text[:start]}{' ' * (end - start)}{text[end:]}"
    return text
