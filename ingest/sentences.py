"""Where sentences begin and end in extracted text, which may be hard-wrapped, Markdown or a table.

One pass over the lines finds blocks, one over each block finds the ends of its sentences: time grows with the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_LINE = re.compile(r"[^\n]*\n?")
_RULE = re.compile(r"[-=_*~|+:\s]*")
_MARKER = re.compile(r"[\s>]*(?:(?:[-*+•‣▪◦]|#{1,6}|\d{1,3}[.)]|\[[ xX]\])\s+)*")
_ALONE = re.compile(r"\s*(?:#{1,6}\s|\|)|[^\n]*\S[ \t]+\|[ \t]")
ITEM = re.compile(r"\s*(?:(?:[-*+•‣▪◦]|\d{1,3}[.)])\s)")
"""The beginning of a list's item, marker and all."""

_QUOTED = re.compile(r"\s*>")
_EDGES = " \t\r\n\f\v|"

CLOSERS = "\"'”’)*_]"
"""What may stand between a full stop and the space after the sentence."""

_STOP = re.compile(rf"((?<![.!?…])[.!?…]++)(?:[{re.escape(CLOSERS)}]|\[\d{{1,3}}\])*+(?=\s)|([。！？]++)")
_LAST_WORD = re.compile(r"[\w.'’-]+\Z")
_NEXT_WORD = re.compile(r"[\"'“‘(\[*_]*(\w*)(\.?)")
_LOOK = 40  # characters: longer than any abbreviation or opening word that decides


def _listed(words: str) -> frozenset[str]:
    return frozenset(words.split())


_LETTERS = re.compile(r"(?:[^\W\d_]\.)*[^\W\d_]")
_ALWAYS = _listed(
    "mr mrs ms dr prof st lt col gen capt cmdr sgt maj adm hon vs e.g i.e eg ie viz cf ca approx esp incl excl resp"
    " jan feb mar apr jun jul aug sept oct nov dec"
)
_BEFORE_NUMBER = _listed("no nos fig figs eq eqs sec sect vol vols pp p par para ref refs ch chap art pt rev ser al")
_BEFORE_NAME = _listed("inc ltd co corp etc dept")
_STARTERS = _listed(
    "a an the this that these those it its he she they we you i in on at as if when while after before because since"
    " although however therefore there for from to by with all no not both some during one our their"
)


def ends_sentence(before: str, stop: str, after: str) -> bool:
    """Whether `stop` ends a sentence: `before` it the sentence so far, `after` it the next word (spaces skipped).

    It does not before a lower-case letter, nor does a full stop after an abbreviation, an initial or a list number.
    """
    following = _NEXT_WORD.match(after)
    word, dotted = (following[1], following[2]) if following else ("", "")
    if word[:1].islower():
        return False
    last = _LAST_WORD.search(before[-_LOOK:])
    if stop != "." or not last:
        return True
    token = last[0].strip(".'’-").lower()
    if token in _ALWAYS or (token.isdigit() and token == before.strip()):
        return False
    if token in _BEFORE_NUMBER:
        return not word[:1].isdigit()
    if token in _BEFORE_NAME or (_LETTERS.fullmatch(token) and token != "i"):
        return word.lower() in _STARTERS and not (dotted and len(word) == 1)
    return True


def sentence_spans(text: str) -> list[tuple[int, int]]:
    """The sentences of `text` as `[start, end)` offsets, in order, without the space and list markers before them.

    Blank lines and rules, Markdown headings, list items and table rows end a sentence; other line breaks do not.
    """
    return [span for start, end in _blocks(text) for span in _sentences(text, start, end)]


def _blocks(text: str) -> Iterator[tuple[int, int]]:
    """Runs of lines that belong together."""
    start, quoted, alone = 0, False, False
    for line in _LINE.finditer(text):
        was_quoted, was_alone = quoted, alone
        quoted, alone = _QUOTED.match(line[0]) is not None, _ALONE.match(line[0]) is not None
        if _RULE.fullmatch(line[0]):
            yield start, line.start()
            start = line.end()
        elif alone or was_alone or quoted != was_quoted or ITEM.match(line[0]):
            yield start, line.start()
            start = line.start()
    yield start, len(text)


def _sentences(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The sentences of one block."""
    marker = _MARKER.match(text, start, end)
    at = marker.end() if marker else start
    for stop in _STOP.finditer(text, at, end):
        after = text[stop.end() : min(end, stop.end() + _LOOK)].lstrip()
        if stop[2] or (after and ends_sentence(text[max(at, stop.start() - _LOOK) : stop.start()], stop[1], after)):
            yield from _readable(text, at, stop.end())
            at = stop.end()
    yield from _readable(text, at, end)


def _readable(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The span without outer space and table rules, if there is a letter or digit in it."""
    piece = text[start:end]
    if re.search(r"[^\W_]", piece):
        yield start + len(piece) - len(piece.lstrip(_EDGES)), start + len(piece.rstrip(_EDGES))
