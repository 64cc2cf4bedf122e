"""Word documents."""

import io
import zipfile
from pathlib import Path

import docx
import pytest
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls

from ingest.errors import UnreadableFile
from ingest.readers import read


def saved(word):
    stream = io.BytesIO()
    word.save(stream)
    return stream.getvalue()


def word():
    made = docx.Document()
    made.core_properties.title = ""
    made.core_properties.author = "python-docx"
    return made


def open_word(made):
    return read(Path("aar.docx"), saved(made))


def test_text_in_the_order_of_the_page():
    made = word()
    made.add_heading("Pump review", 0)
    made.add_heading("What happened", 1)
    made.add_paragraph("The pump failed.")
    made.add_paragraph("Nobody looked.", style="List Bullet")
    made.add_paragraph("Nobody asked.", style="List Number")
    table = made.add_table(2, 2)
    table.cell(0, 0).text, table.cell(0, 1).text = "Issue", "Owner"
    table.cell(1, 0).text = "Valve\nstuck"
    inner = table.cell(1, 1).add_table(1, 1)
    inner.cell(0, 0).text = "Deck team"
    made.add_heading("Details", 2)
    made.add_paragraph("Last.")
    document = open_word(made)
    assert document.text == (
        "Pump review\n\nWhat happened\n\nThe pump failed.\n\n- Nobody looked.\n- Nobody asked.\n\n"
        "Issue | Owner\nValve stuck | Deck team\n\nDetails\n\nLast."
    )
    assert [(h.level, h.title) for h in document.headings] == [(1, "Pump review"), (1, "What happened"), (2, "Details")]
    assert all(document.text[h.start : h.end] == h.title for h in document.headings)
    assert document.title == "Pump review"
    assert document.fields == {}


def test_properties():
    made = word()
    made.core_properties.title, made.core_properties.author = "Pump failure review", "A. Officer"
    made.add_paragraph("Text.")
    document = open_word(made)
    assert document.title == "Pump failure review"
    assert (document.title, document.fields) == ("Pump failure review", {})


def test_bold_line_is_a_heading_below_the_styled_one():
    made = word()
    made.add_heading("Review", 1)
    for text in ("Root cause", "Actions"):
        made.add_paragraph().add_run(text).bold = True
        made.add_paragraph("Text.")
    made.add_paragraph().add_run("A bold sentence is no heading.").bold = True
    mixed = made.add_paragraph()
    mixed.add_run("Bold").bold = True
    mixed.add_run(" and not")
    off = made.add_paragraph().add_run("Not bold")
    off.bold = False
    assert [(h.level, h.title) for h in open_word(made).headings] == [(1, "Review"), (2, "Root cause"), (2, "Actions")]


def test_outline_level_and_inherited_styles():
    made = word()
    style = made.styles.add_style("House heading", 1)
    style.base_style = made.styles["Heading 2"]
    made.add_paragraph("By style", style="House heading")
    paragraph = made.add_paragraph("By outline")
    paragraph._p.get_or_add_pPr().append(parse_xml(f'<w:outlineLvl {nsdecls("w")} w:val="2"/>'))
    body = made.add_paragraph("Body")
    body._p.get_or_add_pPr().append(parse_xml(f'<w:outlineLvl {nsdecls("w")} w:val="9"/>'))
    assert [(h.level, h.title) for h in open_word(made).headings] == [(2, "By style"), (3, "By outline")]


def test_numbering_set_and_taken_away():
    made = word()
    item = made.add_paragraph("own number")
    item._p.get_or_add_pPr().get_or_add_numPr().get_or_add_numId().val = 5
    none = made.add_paragraph("taken away", style="List Bullet")
    none._p.get_or_add_pPr().get_or_add_numPr().get_or_add_numId().val = 0
    assert open_word(made).text == "- own number\n\ntaken away"


def test_what_paragraphs_alone_would_miss():
    made = word()
    single = made.add_table(1, 1)
    single.cell(0, 0).text = "Boxed"
    body = made.element.body
    w = nsdecls("w")
    for xml in (
        f"<w:sdt {w}><w:sdtContent><w:p><w:r><w:t>Control</w:t></w:r></w:p></w:sdtContent></w:sdt>",
        f"<w:p {w}><w:ins><w:r><w:t>New</w:t></w:r></w:ins><w:del><w:r><w:delText>Old</w:delText></w:r></w:del>"
        "<w:r><w:tab/><w:t>a</w:t><w:noBreakHyphen/><w:t>b</w:t><w:br/><w:t>c</w:t></w:r></w:p>",
        f'<w:p {w} xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"><w:r><w:t>Around</w:t>'
        "<mc:AlternateContent><mc:Choice><w:txbxContent><w:p><w:r><w:t>In the box</w:t></w:r></w:p></w:txbxContent>"
        "</mc:Choice><mc:Fallback><w:txbxContent><w:p><w:r><w:t>Twice</w:t></w:r></w:p></w:txbxContent></mc:Fallback>"
        "</mc:AlternateContent></w:r></w:p>",
    ):
        body.insert(len(body) - 1, parse_xml(xml))
    assert open_word(made).text == "Boxed\n\nControl\n\nNew\ta-b\nc\n\nAround\n\nIn the box"


def test_password_or_old_format():
    with pytest.raises(UnreadableFile, match="password") as error:
        read(Path("a.docx"), b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600))
    assert "without a password" in error.value.remedy


@pytest.mark.parametrize("data", [b"no archive", saved(docx.Document())[:3000]])
def test_damaged(data):
    with pytest.raises(UnreadableFile, match="damaged"):
        read(Path("a.docx"), data)


def archive(**parts):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in parts.items():
            made.writestr(name.replace("__", "/") + ".xml", content)
    return stream.getvalue()


def test_other_archive():
    with pytest.raises(UnreadableFile, match="no Word document"):
        read(Path("a.docx"), archive(xl__workbook="<x/>"))


def test_zip_bomb():
    with pytest.raises(UnreadableFile, match="zip bomb") as error:
        read(Path("a.docx"), archive(word__document=bytes(30 * 2**20)))
    assert "30 MB" in error.value.reason


def test_text_that_nobody_sees_is_left_out_and_told():
    made = word()
    paragraph = made.add_paragraph("The valve froze. ")
    paragraph.add_run("vanished ").font.hidden = True
    paragraph.add_run("tiny ").font.size = docx.shared.Pt(1)
    paragraph.add_run("white ").font.color.rgb = docx.shared.RGBColor(255, 255, 255)
    paragraph.add_run("shown").font.hidden = False
    table = made.add_table(1, 2)
    table.cell(0, 0).paragraphs[0].add_run("Issue").font.color.rgb = docx.shared.RGBColor(255, 255, 255)
    table.cell(0, 1).text = "Owner"
    document = open_word(made)
    assert document.text == "The valve froze. shown\n\nIssue | Owner"
    assert document.warnings == ("Hidden text was left out (20 characters).",)


def test_white_text_on_a_shade_is_seen():
    made = word()
    paragraph = made.add_paragraph()
    paragraph.add_run("Findings").font.color.rgb = docx.shared.RGBColor(255, 255, 255)
    paragraph._p.get_or_add_pPr().append(parse_xml(f'<w:shd {nsdecls("w")} w:val="clear" w:fill="1F3864"/>'))
    document = open_word(made)
    assert document.text == "Findings"
    assert document.warnings == ()
