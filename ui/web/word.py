"""An outline as a Word document, with Word's own styles, so that it can be worked on."""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import docx
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.shared import Cm, Pt

from ui.web.outline import Block, Heading, Item, Reference, Table, Text, line
from ui.web.word_styles import (
    FACTS,
    LANGUAGE,
    NOTE,
    REFERENCE,
    VERDICT,
    colour,
    element,
    set_font,
    set_page,
    set_styles,
)

if TYPE_CHECKING:
    from docx.document import Document
    from docx.text.paragraph import Paragraph

_BOXES, _BOX_FONT = {False: "☐", True: "☑"}, "Segoe UI Symbol"
_WIDTHS = (Cm(9), Cm(2.5))  # of a table's columns
_STYLES = {"plain": "Normal", "verdict": VERDICT, "note": NOTE, "asked": "Quote"}
_RTL = {"R": "he-IL", "AL": "ar-SA"}
"""The languages of scripts that run from right to left, by the direction of their letters."""


def written(blocks: Iterable[Block], title: str) -> bytes:
    """The blocks under a title as the bytes of a `.docx` file."""
    document = docx.Document()
    set_styles(document)
    set_page(document)
    _describe(document, line(title))
    _say(document.add_paragraph(style="Title"), title)
    for block in blocks:
        _add(document, block)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def _describe(document: Document, title: str) -> None:
    about = document.core_properties
    about.title, about.language = title[:255], LANGUAGE
    about.author = about.last_modified_by = about.comments = ""
    about.created = about.modified = datetime.now(UTC).replace(tzinfo=None)


def _add(document: Document, block: Block) -> None:
    match block:
        case Heading():
            _say(document.add_paragraph(style=f"Heading {block.level}"), block.text)
        case Text():
            _say(document.add_paragraph(style=_STYLES[block.style]), block.text, marks=block.marks)
        case Item(box=bool(ticked)):
            _say(document.add_paragraph(style="List"), block.text, before=_BOXES[ticked])
        case Item():
            _say(document.add_paragraph(style="List Bullet"), block.text)
        case Table():
            _add_table(document, block)
        case Reference():
            _say(document.add_paragraph(style=REFERENCE), block.title, before=block.mark)
            facts = document.add_paragraph(style=FACTS)
            facts.paragraph_format.keep_with_next = bool(block.quote)
            _say(facts, block.facts)
            if block.quote:
                _say(document.add_paragraph(style="Quote"), block.quote)


def _say(paragraph: Paragraph, text: str, marks: tuple[int, ...] = (), before: str = "") -> None:
    """Fill a paragraph: the sign before the text, the text, the marks of what it stands on."""
    said = line(text)
    language = _rtl(said)
    if language:
        paragraph._p.get_or_add_pPr().append(element("bidi"))
    for part in [*([f"{before}\t"] if before else []), said, *(f"\u00a0[{n}]" for n in marks)]:
        run = paragraph.add_run(part)
        if before in _BOXES.values() and part.startswith(before):
            set_font(run._r.get_or_add_rPr(), _BOX_FONT, _BOX_FONT)
        if language:
            run.font.rtl = True
            run._r.get_or_add_rPr().append(element("lang", bidi=language))


def _rtl(text: str) -> str:
    """The language of a text that mostly runs from right to left, else ""."""
    ways = [unicodedata.bidirectional(sign) for sign in text]
    right = {way: ways.count(way) for way in _RTL}
    return _RTL[max(right, key=right.__getitem__)] if sum(right.values()) > ways.count("L") else ""


def _add_table(document: Document, block: Table) -> None:
    table = document.add_table(0, len(_WIDTHS), style="Table Grid")
    table.autofit = False
    for column, width in zip(table.columns, _WIDTHS, strict=True):
        column.width = width
    for values in [block.columns, *((value, f"{count:,}") for value, count in block.rows)]:
        cells = table.add_row().cells
        for cell, text, width in zip(cells, values, _WIDTHS, strict=True):
            cell.width = width
            _say(cell.paragraphs[0], text)
            layout = cell.paragraphs[0].paragraph_format
            layout.space_before = layout.space_after = Pt(2)
        cells[-1].paragraphs[0].alignment = WD_ALIGN_PARAGRAPH.RIGHT
    head = table.rows[0]
    head._tr.get_or_add_trPr().append(element("tblHeader"))  # repeated on each page
    for cell in head.cells:
        cell.paragraphs[0].runs[0].bold = True
        cell._tc.get_or_add_tcPr().append(element("shd", val="clear", fill=colour("accent_wash")))
    document.add_paragraph(style=NOTE)
