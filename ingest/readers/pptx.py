"""PowerPoint presentations: a page for each slide, with its tables, grouped shapes, diagrams and speaker notes."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ingest.model import Document
from ingest.readers.archive import open_office, parse_xml
from ingest.readers.properties import real_title
from ingest.readers.writer import Writer

if TYPE_CHECKING:
    from pptx.slide import Slide

_Xml = Any  # python-pptx leaves its XML elements untyped

_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_P = "{http://schemas.openxmlformats.org/presentationml/2006/main}"
_R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_DIAGRAM = "{http://schemas.openxmlformats.org/drawingml/2006/diagram}"
_CHOICE = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Choice"
_ALTERNATE = "{http://schemas.openxmlformats.org/markup-compatibility/2006}AlternateContent"
_TITLES = frozenset({"title", "ctrTitle"})
_FURNITURE = frozenset({"ftr", "hdr", "sldNum"})  # the same on every slide
_LISTS = frozenset({"body", "obj"})  # placeholders whose paragraphs have bullets unless it is said otherwise


def read_pptx(data: bytes, name: str) -> Document:
    """A `.pptx` or `.pptm` file; macros are left alone. Raises `UnreadableFile`."""
    import pptx

    open_office(data, "PowerPoint presentation", "ppt/", ".pptx")
    deck = pptx.Presentation(io.BytesIO(data))
    writer = Writer()
    in_section = False
    for number, slide in enumerate(deck.slides, 1):
        writer.page(f"slide {number}")
        layout = slide.slide_layout._element.get("type", "")
        divides = layout in ("secHead", "title") and number > 1
        level = 1 if layout == "title" and number == 1 else 3 if in_section and not divides else 2
        in_section = in_section or divides
        _Slide(writer, slide).write(level)
    first = next((heading.title for heading in writer.headings if heading.level == 1), "")
    return writer.document(real_title(deck.core_properties.title) or first)


class _Slide:
    """Writes one slide: the title, the shapes in their reading order, the notes."""

    def __init__(self, writer: Writer, slide: Slide) -> None:
        self.writer = writer
        self.slide = slide

    def write(self, level: int) -> None:
        """Write the slide; its title is a heading of the `level`."""
        shapes = list(_shapes(self.slide.shapes._spTree))
        for shape in shapes:
            if _placeholder(shape) in _TITLES and (title := "\n".join(_lines(shape))):
                self.writer.heading(level, title)
        for shape in shapes:
            kind = _placeholder(shape)
            if shape.tag == _P + "graphicFrame":
                self._frame(shape)
            elif kind not in _TITLES | _FURNITURE and not (kind == "dt" and shape.find(f".//{_A}fld") is not None):
                self._text(shape, kind)
        notes = self.slide.notes_slide.notes_text_frame if self.slide.has_notes_slide else None
        if notes is not None and notes.text.strip():
            self.writer.write("Notes\n" + notes.text.replace("\v", "\n").strip())

    def _text(self, shape: _Xml, kind: str) -> None:
        for paragraph in shape.iterfind(f"{_P}txBody/{_A}p"):
            text = _text(paragraph).strip()
            if not text:
                continue
            properties = paragraph.find(_A + "pPr")
            level = int(properties.get("lvl", 0)) if properties is not None else 0
            if _bullet(properties, kind in _LISTS and self._bullets(shape, level)):
                self.writer.item(text, level)
            else:
                self.writer.write(text)
        self.writer.part()

    def _bullets(self, shape: _Xml, level: int) -> bool:
        """Whether the layout leaves a placeholder's bullets on."""
        index = shape.find(f".//{_P}ph").get("idx", "0")
        for above in self.slide.slide_layout._element.iter(_P + "ph"):
            if above.get("idx", "0") == index:
                style = above.getparent().getparent().getparent().find(f".//{_A}lstStyle/{_A}lvl{level + 1}pPr")
                return _bullet(style, True)
        return True

    def _frame(self, frame: _Xml) -> None:
        for row in frame.iter(_A + "tr"):
            self.writer.row([" ".join(map(_text, cell.iter(_A + "p"))) for cell in row.iterfind(_A + "tc")])
        self.writer.part()
        for diagram in frame.iter(_DIAGRAM + "relIds"):
            part = self.slide.part.related_part(diagram.get(_R + "dm"))
            for paragraph in parse_xml(part.blob).iter(_A + "p"):
                if text := _text(paragraph).strip():
                    self.writer.item(text)
            self.writer.part()


def _shapes(parent: _Xml) -> Iterator[_Xml]:
    """Shapes with text and frames, groups opened."""
    for shape in parent:
        if shape.tag in (_P + "sp", _P + "graphicFrame"):
            yield shape
        elif shape.tag in (_P + "grpSp", _CHOICE):
            yield from _shapes(shape)
        elif shape.tag == _ALTERNATE:
            yield from _shapes(shape.iterchildren(_CHOICE))


def _placeholder(shape: _Xml) -> str:
    """What kind of placeholder the shape is; empty if it is none."""
    found = shape.find(f"./*/{_P}nvPr/{_P}ph")
    return found.get("type", "obj") if found is not None else ""


def _bullet(properties: _Xml, inherited: bool) -> bool:
    if properties is None:
        return inherited
    if properties.find(_A + "buNone") is not None:
        return False
    return inherited or any(properties.find(_A + tag) is not None for tag in ("buChar", "buAutoNum", "buBlip"))


def _lines(shape: _Xml) -> list[str]:
    return [text for paragraph in shape.iterfind(f"{_P}txBody/{_A}p") if (text := _text(paragraph).strip())]


def _text(paragraph: _Xml) -> str:
    pieces = ("\n" if piece.tag == _A + "br" else piece.text or "" for piece in paragraph.iter(_A + "t", _A + "br"))
    return "".join(pieces).replace("\v", "\n")
