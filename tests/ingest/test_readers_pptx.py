"""PowerPoint presentations."""

import io
from pathlib import Path

import pptx
import pytest
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.opc.constants import RELATIONSHIP_TYPE
from pptx.opc.package import Part
from pptx.opc.packuri import PackURI
from pptx.oxml import parse_xml
from pptx.util import Inches

from ingest.errors import UnreadableFile
from ingest.readers import read

BOX = (Inches(1), Inches(1), Inches(3), Inches(1))
A = 'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
P = 'xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main"'


def opened(deck):
    stream = io.BytesIO()
    deck.save(stream)
    return read(Path("review.pptx"), stream.getvalue())


def slide(deck, layout, title=""):
    made = deck.slides.add_slide(deck.slide_layouts[layout])
    if title:
        made.shapes.title.text = title
    return made


def test_slides():
    deck = pptx.Presentation()
    first = slide(deck, 0, "Pump\nreview")
    first.placeholders[1].text = "Deck team"
    second = slide(deck, 1, "What went wrong")
    body = second.placeholders[1].text_frame
    body.text = "The pump failed."
    inner = body.add_paragraph()
    inner.text, inner.level = "Nobody\vlooked.", 1
    plain = body.add_paragraph()
    plain.text = "No bullet."
    plain._p.get_or_add_pPr().append(parse_xml(f"<a:buNone {A}/>"))
    second.notes_slide.notes_text_frame.text = "Ask the crew.\nTwice."
    slide(deck, 6)
    table = slide(deck, 5, "Actions").shapes.add_table(2, 2, *BOX).table
    for row, cells in enumerate((("Action", "Owner"), ("Check\nvalve", "Deck"))):
        for column, text in enumerate(cells):
            table.cell(row, column).text = text
    document = opened(deck)
    assert document.text == (
        "Pump review\n\nDeck team\n\nWhat went wrong\n\n- The pump failed.\n  - Nobody\nlooked.\n\nNo bullet.\n\n"
        "Notes\nAsk the crew.\nTwice.\n\nActions\n\nAction | Owner\nCheck valve | Deck"
    )
    assert [(h.level, h.title) for h in document.headings] == [
        (1, "Pump review"),
        (2, "What went wrong"),
        (2, "Actions"),
    ]
    assert all(document.text[h.start : h.end] == h.title for h in document.headings)
    assert document.page_names == ("slide 1", "slide 2", "slide 4")
    assert [document.text[start:].split("\n")[0] for start in document.page_starts] == [
        "Pump review", "What went wrong", "Actions",
    ]  # fmt: skip
    assert document.place_of(document.text.index("Check valve")) == "slide 4"
    assert (document.title, document.fields) == ("Pump review", {})


def test_title_property():
    deck = pptx.Presentation()
    deck.core_properties.title = "Review of the pump failure"
    slide(deck, 0, "Other")
    assert opened(deck).title == "Review of the pump failure"


def test_slides_lie_under_their_section():
    deck = pptx.Presentation()
    for layout, title in (
        (0, "Review"),
        (1, "Agenda"),
        (2, "Lessons learned"),
        (1, "Valves"),
        (0, "Actions"),
        (1, "Deck"),
    ):
        slide(deck, layout, title)
    assert [(h.level, h.title) for h in opened(deck).headings] == [
        (1, "Review"), (2, "Agenda"), (2, "Lessons learned"), (3, "Valves"), (2, "Actions"), (3, "Deck"),
    ]  # fmt: skip


def test_boxes_groups_and_furniture():
    deck = pptx.Presentation()
    made = slide(deck, 6)
    group = made.shapes.add_group_shape()
    group.shapes.add_group_shape().shapes.add_textbox(*BOX).text_frame.text = "In a group"
    paragraph = made.shapes.add_textbox(*BOX).text_frame.paragraphs[0]
    paragraph.text = "Bullet"
    paragraph._p.get_or_add_pPr().append(parse_xml(f'<a:buChar {A} char="•"/>'))
    tree = made.shapes._spTree
    for kind, content in (
        ("ftr", "<a:r><a:t>Footer</a:t></a:r>"),
        ("dt", '<a:fld id="{B}" type="datetime1"><a:t>today</a:t></a:fld>'),
        ("dt", "<a:r><a:t>14 March 2021</a:t></a:r>"),
    ):
        tree.append(shape(content, f'<p:ph type="{kind}"/>'))
    alternate = parse_xml(
        '<mc:AlternateContent xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006">'
        "<mc:Choice/><mc:Fallback/></mc:AlternateContent>"
    )
    alternate[0].append(shape("<a:r><a:t>Chosen</a:t></a:r>"))
    alternate[1].append(shape("<a:r><a:t>Twice</a:t></a:r>"))
    tree.append(alternate)
    chart = CategoryChartData()
    chart.categories, _ = ["a"], chart.add_series("s", [1])
    made.shapes.add_chart(XL_CHART_TYPE.PIE, *BOX, chart)
    assert opened(deck).text == "In a group\n\n- Bullet\n\n14 March 2021\n\nChosen"


def shape(content, placeholder=""):
    return parse_xml(
        f'<p:sp {P} {A}><p:nvSpPr><p:cNvPr id="90" name="x"/><p:cNvSpPr/><p:nvPr>{placeholder}</p:nvPr></p:nvSpPr>'
        f"<p:spPr/><p:txBody><a:bodyPr/><a:p>{content}</a:p></p:txBody></p:sp>"
    )


def test_layout_without_bullets():
    deck = pptx.Presentation()
    layout = deck.slide_layouts[1]._element
    (place,) = layout.xpath(".//p:sp[p:nvSpPr/p:nvPr/p:ph/@idx='1']")
    (style,) = place.xpath(".//a:lstStyle")
    style.append(parse_xml(f"<a:lvl1pPr {A}><a:buNone/></a:lvl1pPr>"))
    slide(deck, 1, "Title").placeholders[1].text = "Plain"
    assert opened(deck).text == "Title\n\nPlain"


def test_diagram():
    deck = pptx.Presentation()
    made = slide(deck, 6)
    uri = "http://schemas.openxmlformats.org/drawingml/2006/diagram"
    blob = f'<dgm:dataModel xmlns:dgm="{uri}" {A}><a:p><a:r><a:t>Plan</a:t></a:r></a:p><a:p/></dgm:dataModel>'
    part = Part(PackURI("/ppt/diagrams/data1.xml"), "application/xml", made.part.package, blob.encode())
    relation = made.part.relate_to(part, RELATIONSHIP_TYPE.DIAGRAM_DATA)
    made.shapes._spTree.append(
        parse_xml(
            f'<p:graphicFrame {P} {A}><a:graphic><a:graphicData uri="{uri}"><dgm:relIds xmlns:dgm="{uri}" '
            'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" '
            f'r:dm="{relation}"/></a:graphicData></a:graphic></p:graphicFrame>'
        )
    )
    assert opened(deck).text == "- Plan"


def test_empty_presentation():
    deck = pptx.Presentation()
    slide(deck, 6)
    with pytest.raises(UnreadableFile, match="no text"):
        opened(deck)


def test_password():
    with pytest.raises(UnreadableFile, match="PowerPoint presentation is protected by a password"):
        read(Path("a.pptx"), b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600))
