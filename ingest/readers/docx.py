"""Word documents: paragraphs and tables in the order of the page, with all that tables, boxes and controls hold."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ingest.model import Document
from ingest.readers.archive import open_office
from ingest.readers.properties import hidden_text, real_title
from ingest.readers.writer import Writer

if TYPE_CHECKING:
    from docx.document import Document as Word

_Xml = Any  # python-docx leaves its XML elements untyped

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_WRAPPERS = frozenset(_W + tag for tag in ("sdt", "sdtContent", "ins", "moveTo", "customXml", "smartTag"))
_CHARACTERS = {_W + "tab": "\t", _W + "br": "\n", _W + "cr": "\n", _W + "noBreakHyphen": "-"}
_HEADING_STYLE = re.compile(r"heading ([1-9])", re.IGNORECASE)


def read_docx(data: bytes, name: str) -> Document:
    """A `.docx` file; its title property is its title. Raises `UnreadableFile`."""
    import docx

    open_office(data, "Word document", "word/", ".docx")
    word = docx.Document(io.BytesIO(data))
    writer = _Writer(word)
    writer.blocks(word.element.body)
    title = real_title(word.core_properties.title)
    first = next((heading.title for heading in writer.headings if heading.level == 1), "")
    unseen = sum(len(text.text or "") for run in word.element.body.iter(_W + "r") if _hidden(run) for text in run.t_lst)
    return writer.document(title or first, warnings=hidden_text(unseen))


class _Writer(Writer):
    """Writes the paragraphs and tables of a Word document."""

    def __init__(self, word: Word) -> None:
        super().__init__()
        self.levels, self.lists = _styles(word)
        self.level = 0  # of the last heading by style: a bold line ranks below it

    def blocks(self, parent: _Xml) -> None:
        """Write the paragraphs and tables under an XML element."""
        for element in parent:
            if element.tag == _W + "p":
                self.paragraph(element)
                for box in element.iter(_W + "txbxContent"):
                    if not any(above.tag == _FALLBACK for above in box.iterancestors()):
                        self.blocks(box)
            elif element.tag == _W + "tbl":
                self.table(element)
            elif element.tag in _WRAPPERS:
                self.blocks(element)

    def paragraph(self, element: _Xml) -> None:
        """Write one paragraph: a heading, a list item or plain text."""
        text = _text(element).strip()
        if not text:
            return
        level = self.levels.get(element.style or "") or _outline_level(element.pPr)
        bold = not level and _bold(element) and len(text) <= 80 and not text.endswith((".", "!", ",", ";"))
        if level or bold:
            self.level = level or self.level
            self.heading(level or self.level + 1, text)
        elif self._listed(element):
            self.item(text)
        else:
            self.write(text)

    def table(self, element: _Xml) -> None:
        """Write one row per line; a row of one cell only lays out its content."""
        for row in element.iter(_W + "tr"):
            if any(above.tag == _W + "tr" for above in row.iterancestors()):
                continue
            cells = [cell for cell in row.iter(_W + "tc") if next(cell.iterancestors(_W + "tr")) is row]
            if len(cells) == 1:
                self.blocks(cells[0])
                continue
            self.row([" ".join(map(_text, cell.iter(_W + "p"))) for cell in cells])
        self.part()

    def _listed(self, element: _Xml) -> bool:
        number = element.pPr.numPr if element.pPr is not None else None
        if number is not None and number.numId is not None:
            return bool(number.numId.val)
        return (element.style or "") in self.lists


def _styles(word: Word) -> tuple[dict[str, int], set[str]]:
    """The heading level of each heading style, and the list styles, by style id; both are inherited."""
    levels: dict[str, int] = {}
    lists: set[str] = set()
    for style in word.styles.element.style_lst:
        chain, above = [], style
        while above is not None and above not in chain:
            chain.append(above)
            above = above.base_style
        names = [link.name_val or "" for link in chain]
        level = next((_style_level(name) for name in names if _style_level(name)), 0)
        level = level or next((found for link in chain if (found := _outline_level(link.pPr))), 0)
        if level:
            levels[style.styleId] = level
        elif any(link.pPr is not None and link.pPr.numPr is not None for link in chain):
            lists.add(style.styleId)
    return levels, lists


def _style_level(name: str) -> int:
    found = _HEADING_STYLE.fullmatch(name)
    return int(found[1]) if found else int(name.lower() == "title")


def _outline_level(properties: _Xml) -> int:
    """The level from a paragraph's or style's own outline setting; 0 for body text."""
    outline = properties.find(_W + "outlineLvl") if properties is not None else None
    level = int(outline.get(_W + "val", "9")) if outline is not None else 9
    return level + 1 if level < 9 else 0


def _text(paragraph: _Xml) -> str:
    """A paragraph's own text, insertions and links included, deletions and text boxes not."""
    return "".join(_pieces(paragraph))


def _pieces(element: _Xml) -> Iterator[str]:
    for child in element:
        if child.tag == _W + "t":
            yield child.text or ""
        elif child.tag in _CHARACTERS:
            yield _CHARACTERS[child.tag]
        elif child.tag not in (_FALLBACK, _W + "txbxContent", _W + "pPr", _W + "rPr") and not _hidden(child):
            yield from _pieces(child)


def _hidden(run: _Xml) -> bool:
    """Whether a run is text that nobody sees: hidden, of half a point, or white where nothing is shaded."""
    given = run.rPr if run.tag == _W + "r" else None
    if given is None:
        return False
    size, colour = given.find(_W + "sz"), given.find(_W + "color")
    if _on(given.find(_W + "vanish")) or (size is not None and size.get(_W + "val", "") in ("1", "2")):
        return True
    white = colour is not None and colour.get(_W + "val", "").upper() == "FFFFFF"
    shaded = {_W + "tbl", _W + "txbxContent"} & {above.tag for above in run.iterancestors()}
    return white and not shaded and run.getparent().find(f".//{_W}shd") is None


def _bold(paragraph: _Xml) -> bool:
    """Whether every run with text is set in bold."""
    runs = [run for run in paragraph.iter(_W + "r") if _text(run).strip()]
    return bool(runs) and all(run.rPr is not None and _on(run.rPr.find(_W + "b")) for run in runs)


def _on(toggle: _Xml) -> bool:
    return toggle is not None and toggle.get(_W + "val", "1") not in ("0", "false", "off")
