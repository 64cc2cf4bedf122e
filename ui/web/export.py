"""A conversation or the checklist of a plan to take along, as Markdown or Word, with the references it stands on.

Text of documents and of questions is anybody's: in Markdown it stays text, whatever it looks like.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from ui.web.kept import KeptTurn
from ui.web.outline import Block, Heading, Item, Reference, Table, Text, checklist, conversation, line

if TYPE_CHECKING:
    from assistant.brief import Brief

_MARKUP = re.compile(r"[\\`*\[\]{}<|~^$#]|&(?=#?\w+;)|(?<![^\W_])_|_(?![^\W_])|(?<=\w):(?=//)|(?<=\bwww)\.", re.I)
_AT_START = re.compile(r"^(\d{1,9}(?=[.)])|(?=[-+=>:%!]))")


def to_markdown(turns: Sequence[KeptTurn], title: str) -> str:
    """The conversation as Markdown; references are numbered within each turn."""
    return _markdown(conversation(turns), title)


def to_docx(turns: Sequence[KeptTurn], title: str) -> bytes:
    """The conversation as the bytes of a `.docx` file; references are numbered within each turn."""
    return _docx(conversation(turns), title)


def brief_to_markdown(brief: Brief, title: str, done: Container[int] = ()) -> str:
    """The checklist of a plan as Markdown: a box for each thing to do, under its task; ticked are those in `done`."""
    return _markdown(checklist(brief, done), title)


def brief_to_docx(brief: Brief, title: str, done: Container[int] = ()) -> bytes:
    """The same as the bytes of a `.docx` file."""
    return _docx(checklist(brief, done), title)


def _markdown(blocks: Iterable[Block], title: str) -> str:
    return "".join([f"# {_escaped(title)}\n", *_parts(blocks)])


def _docx(blocks: Iterable[Block], title: str) -> bytes:
    from ui.web.word import written

    return written(blocks, title)


def _parts(blocks: Iterable[Block]) -> Iterator[str]:
    before: Block | None = None
    for block in blocks:
        yield f"{_between(before, block)}{_block(block)}\n"
        before = block


def _between(before: Block | None, block: Block) -> str:
    """Items of a list follow each other closely, the lines of a long question stay in one quote."""
    match before, block:
        case Item(), Item():
            return ""
        case Text(style="asked"), Text(style="asked"):
            return ">\n"
    return "\n"


def _block(block: Block) -> str:
    match block:
        case Heading():
            return f"{'#' * (block.level + 1)} {_escaped(block.text)}"
        case Text():
            return _text(block)
        case Item():
            box = {None: "", False: "[ ] ", True: "[x] "}[block.box]
            return f"- {box}{_escaped(block.text)}"
        case Table():
            rows = [block.columns, *((value, f"{count:,}") for value, count in block.rows)]
            head, *body = (f"| {_escaped(value)} | {count} |" for value, count in rows)
            return "\n".join([head, "| :-- | --: |", *body])
        case Reference():
            mark = f"{block.mark} " if block.mark else ""
            quote = f"\n\n  > {_escaped(block.quote)}" if block.quote else ""
            return f"- {mark}**{_escaped(block.title)}**\\\n  {_escaped(block.facts)}{quote}"


def _text(block: Text) -> str:
    text = _escaped(block.text)
    match block.style:
        case "verdict":
            return f"**{text}**"
        case "note":
            return f"*{text}*"
        case "asked":
            return f"> {text}"
    return text + "".join(f" [{n}]" for n in block.marks)


def _escaped(text: str) -> str:
    """A text as one line that Markdown shows as it is."""
    return _AT_START.sub(r"\1\\", _MARKUP.sub(r"\\\g<0>", line(text)))
