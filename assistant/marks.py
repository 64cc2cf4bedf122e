"""Reads a model's reply as it streams in: whole sentences, each with the ids it cites.

A sentence is handed on once nothing that may still come can change it, so how a reply is split into pieces does not
change what is read.
"""

from __future__ import annotations

import re
from codecs import getincrementaldecoder
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from ingest.sentences import CLOSERS, ends_sentence

_STOP = re.compile(rf"(?P<line>\s*\n)|(?P<stop>[.!?…]+)[{re.escape(CLOSERS)}]*|(?P<wide>[。！？]+)")
_BLANKS = re.compile(r"[^\S\n]{2,}")  # a model can get stuck on them
_SPACE = re.compile(r"\s*")
_BULLET = re.compile(r"[\s>]*(?:(?:[-*+•‣▪◦]|#{1,6}|\d{1,3}[.)])\s+)*")
_NEXT_WORD = re.compile(r"[\"'“‘(\[*_]*\w*\.?")
_HALF_BRACKET = re.compile(r"[\[【][^\[\]【】\n]{0,80}[\]】]?\Z")
_OPAQUE = r"(?=[a-z]*[0-9])(?=[0-9]*[a-z])[a-z0-9]{4}"


@dataclass(frozen=True, slots=True)
class Written:
    """One sentence without its marks, the known ids it cites in order, and ids it cites that were never given out."""

    text: str
    cited: tuple[str, ...]
    unknown: tuple[str, ...] = ()


def sentences(pieces: Iterable[str], known: Collection[str]) -> Iterator[Written]:
    """The sentences of a reply that comes in `pieces`, each as soon as it is complete, the rest at the end.

    A mark is `[id]` or `[id, id]`, before or after the full stop; `known` holds the ids given to the model. An unknown
    id counts as a mark if it has the shape `opaque_ids` gives. Other brackets, such as `[sic]`, `[1]` or a Markdown
    link, stay in the text. List markers do not.
    """
    ids = {one.lower(): one for one in known}
    one = "|".join([*map(re.escape, ids), _OPAQUE])
    mark = re.compile(rf"[ \t]*[\[【]\s*((?:{one})(?:\s*[,;]\s*(?:{one}))*)\s*[\]】](?!\()", re.IGNORECASE)
    waiting, joining = "", getincrementaldecoder("utf-16-le")("replace")
    for piece in pieces:
        waiting += joining.decode(piece.encode("utf-16-le", "surrogatepass"))
        waiting = _BLANKS.sub(" ", waiting)
        while end := _end(waiting, mark, final=False):
            yield from _written(waiting[:end], mark, ids)
            waiting = waiting[end:]
    waiting += joining.decode(b"", final=True)
    while end := _end(waiting, mark, final=True):
        yield from _written(waiting[:end], mark, ids)
        waiting = waiting[end:]
    yield from _written(waiting, mark, ids)


def _end(text: str, mark: re.Pattern[str], final: bool) -> int | None:
    """Where the first sentence of `text` and the marks after it end; None if there is none or it cannot be told yet."""
    for stop in _STOP.finditer(text):
        before = _bare(text[: stop.start()], mark)
        if not re.search(r"[^\W_]", before):
            continue
        end = _after_marks(text, stop.start() if stop["line"] else stop.end(), mark, final)
        if end is None:
            return None
        start = _spaced(text, end)
        following = _NEXT_WORD.match(text, start)
        if stop["line"] or stop["wide"]:
            return end
        if following and following.end() == len(text) and not final:
            return None
        if start > stop.end() and ends_sentence(before, stop["stop"], text[start : start + 80]):
            return end
    return None


def _after_marks(text: str, at: int, mark: re.Pattern[str], final: bool) -> int | None:
    """Where the marks that follow `at` end; None if more of them may come.

    Marks on a later line belong to what stands before them only if they have the line to themselves.
    """
    while True:
        start = end = _spaced(text, at)
        while found := mark.match(text, end):
            end = found.end()
        beyond = end + len(text[end:]) - len(text[end:].lstrip(" \t"))
        if not final and (beyond == len(text) or _HALF_BRACKET.match(text, beyond)):
            return None
        if end == start or ("\n" in text[at:start] and text[beyond : beyond + 1] not in ("\n", "")):
            return at
        at = end


def _spaced(text: str, at: int) -> int:
    space = _SPACE.match(text, at)
    return space.end() if space else at


def _bare(text: str, mark: re.Pattern[str]) -> str:
    """Without marks and the list marker, white space folded."""
    unmarked = re.sub(rf"\s*(?:{mark.pattern})+(?=([.,;:!?)\s]|$)?)", _gap, text, flags=re.IGNORECASE)
    return " ".join(_BULLET.sub("", unmarked, count=1).split())


def _gap(found: re.Match[str]) -> str:
    return "" if found[2] is not None else " "


def _written(text: str, mark: re.Pattern[str], ids: dict[str, str]) -> Iterator[Written]:
    """The sentence in `text`, if it has any words."""
    bare = _bare(text, mark)
    if re.search(r"[^\W_]", bare):
        named = dict.fromkeys(one.strip().lower() for group in mark.findall(text) for one in re.split("[,;]", group))
        yield Written(bare, tuple(ids[n] for n in named if n in ids), tuple(n for n in named if n not in ids))
