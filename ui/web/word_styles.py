"""How a Word document of ours looks: Word's own styles in our type and colours, the page, and its languages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from docx.enum.style import WD_STYLE_TYPE
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt, RGBColor

from ui.web.theme import PALETTE

if TYPE_CHECKING:
    from docx.document import Document

LANGUAGE = "en-GB"
NOTE, VERDICT, REFERENCE, FACTS = "Note", "Verdict", "Reference", "Reference Facts"
_FONT, _RTL_FONT = "Calibri", "Arial"
_INDENT = Cm(0.8)  # of what stands behind a mark or a box


@dataclass(frozen=True, slots=True)
class _Look:
    """A style: sizes and distances in points.

    `hanging` when its first line begins with a mark, `indented` when it stands below the text behind one; `close` when
    it keeps no distance from another paragraph of its style.
    """

    size: float
    colour: str = "ink"
    bold: bool = False
    before: float = 0
    after: float = 0
    hanging: bool = False
    indented: bool = False
    close: bool = False
    with_next: bool = False


_LOOKS = {
    "Normal": _Look(10.5, after=6),
    "Title": _Look(22, "accent", bold=True, after=6),
    "Heading 1": _Look(15, "accent", bold=True, before=22, after=4, with_next=True),
    "Heading 2": _Look(11.5, bold=True, before=12, after=3, with_next=True),
    "List": _Look(10.5, after=5, hanging=True),
    "List Bullet": _Look(10.5, after=3, close=True),
    "Quote": _Look(10, after=6, indented=True),
    NOTE: _Look(9, "soft", after=6, close=True),
    VERDICT: _Look(10.5, "near_miss", bold=True, after=6),
    REFERENCE: _Look(10.5, bold=True, before=6, hanging=True, with_next=True),
    FACTS: _Look(9, "soft", after=2, indented=True),
}
_LINES = "w:style/w:pPr/w:pBdr/* | w:style[w:name/@w:val='Table Grid']/w:tblPr/w:tblBorders/*"


def set_styles(document: Document) -> None:
    """Give a new document our styles and its language, which spelling is checked in."""
    styles = document.styles.element
    for lang in list(styles.iter(qn("w:lang"))):
        lang.getparent().remove(lang)
    for defaults in styles.xpath("w:docDefaults/w:rPrDefault/w:rPr"):
        defaults.append(element("lang", val=LANGUAGE, bidi="ar-SA"))
    known = {style.name for style in document.styles}
    for name, look in _LOOKS.items():
        if name not in known:
            document.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
        _set(document.styles[name], look)
    for line in styles.xpath(_LINES):
        line.attrib.clear()  # a theme's colour would take precedence
        line.attrib.update(element("top", val="single", sz="4", space="4", color=colour("line")).attrib)


def set_page(document: Document) -> None:
    """A4, with the page's number at its foot."""
    section = document.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.left_margin = section.right_margin = Cm(2.5)
    section.top_margin = section.bottom_margin = Cm(2.2)
    foot = section.footer.paragraphs[0]
    foot.style = NOTE
    foot._p.append(element("fldSimple", instr="PAGE"))


def set_font(properties: Any, font: str, rtl_font: str) -> None:
    """The font of a style or a run, and that of its text from right to left."""
    fonts = properties.get_or_add_rFonts()
    fonts.attrib.clear()  # a theme's font would take precedence
    fonts.attrib.update(element("rFonts", ascii=font, hAnsi=font, eastAsia=font, cs=rtl_font).attrib)


def element(name: str, **attributes: str) -> Any:
    """An element of Word's XML."""
    made = OxmlElement(f"w:{name}")
    for attribute, value in attributes.items():
        made.set(qn(f"w:{attribute}"), value)
    return made


def colour(name: str) -> str:
    """A colour of the page on paper, as Word writes it: `0B5D66`."""
    return PALETTE[name][0].removeprefix("#").upper()


def _set(style: Any, look: _Look) -> None:
    font, layout = style.font, style.paragraph_format
    set_font(style.element.get_or_add_rPr(), _FONT, _RTL_FONT)
    font.size, font.bold, font.italic = Pt(look.size), look.bold, False
    font.cs_bold, font.cs_italic = look.bold, False
    font.color.rgb = RGBColor.from_string(colour(look.colour))
    for size in style.element.rPr.findall(qn("w:szCs")):
        style.element.rPr.remove(size)
    style.element.rPr.find(qn("w:sz")).addnext(element("szCs", val=str(round(2 * look.size))))
    for old in style.element.pPr.findall(qn("w:contextualSpacing")) if style.element.pPr is not None else ():
        style.element.pPr.remove(old)
    layout.space_before, layout.space_after, layout.line_spacing = Pt(look.before), Pt(look.after), 1.1
    layout.keep_with_next = look.with_next
    if look.hanging or look.indented:
        layout.left_indent, layout.first_line_indent = _INDENT, Cm(0) - (_INDENT if look.hanging else 0)
        layout.tab_stops.add_tab_stop(_INDENT)
    if look.close:
        style.element.pPr.append(element("contextualSpacing"))
