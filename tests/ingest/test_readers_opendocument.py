"""OpenDocument texts, presentations and spreadsheets."""

import io
import zipfile
from pathlib import Path

import pytest

from ingest.errors import UnreadableFile
from ingest.readers import read

NAMES = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{full}:1.0"'
    for name, full in (
        ("office", "office"), ("text", "text"), ("table", "table"), ("draw", "drawing"), ("meta", "meta"),
        ("presentation", "presentation"),
    )
)  # fmt: skip
META = (
    f'<office:document-meta {NAMES} xmlns:dc="http://purl.org/dc/elements/1.1/"><office:meta>'
    "<dc:title>Review of the pump</dc:title><meta:creation-date>2021-03-14T10:00:00</meta:creation-date>"
    "</office:meta></office:document-meta>"
)


def package(suffix, kind, body, **parts):
    content = f"<office:document-content {NAMES}><office:body><office:{kind}>{body}</office:{kind}></office:body>"
    parts = {"content.xml": content + "</office:document-content>"} | {
        key.replace("__", "/") + ".xml": value for key, value in parts.items()
    }
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as made:
        for name, text in parts.items():
            made.writestr(name, text)
    return read(Path(f"a{suffix}"), stream.getvalue())


def odt(body, **parts):
    return package(".odt", "text", body, **parts)


TEXT = """<text:tracked-changes><text:changed-region><text:deletion><text:p>Gone</text:p></text:deletion>
</text:changed-region></text:tracked-changes>
<text:h text:outline-level="1">What <text:span>happened</text:span></text:h>
<text:p>It<text:s text:c="2"/>froze<text:tab/>at<text:line-break/>noon<!-- no --><text:change/>.<text:note
><text:note-citation>1</text:note-citation><text:note-body><text:p>A footnote</text:p></text:note-body></text:note
><office:annotation><text:p>Comment</text:p></office:annotation></text:p><text:p/>
<text:table-of-content><text:index-body><text:p>What happened 1</text:p></text:index-body></text:table-of-content>
<text:section><text:h text:outline-level="9">Deep</text:h></text:section><text:h/>
<text:list><text:list-item><text:p>one</text:p><text:list><text:list-item><text:p>inner</text:p></text:list-item></text:list>
</text:list-item><text:list-item><text:p>two</text:p></text:list-item></text:list>
<text:list><text:list-item><text:p>other list</text:p></text:list-item></text:list>
<table:table><table:table-header-rows><table:table-row><table:table-cell><text:p>Issue</text:p></table:table-cell><table:table-cell>
<text:p>Owner</text:p></table:table-cell></table:table-row></table:table-header-rows><table:table-row><table:table-cell>
<text:p>Valve</text:p><text:p>stuck</text:p></table:table-cell><table:table-cell><table:table><table:table-row><table:table-cell>
<text:p>Deck</text:p></table:table-cell></table:table-row></table:table></table:table-cell></table:table-row></table:table>
<table:table><table:table-row><table:table-cell><text:p>Boxed</text:p></table:table-cell></table:table-row></table:table>
<text:p>Around<draw:frame><draw:text-box><text:p>In the box</text:p></draw:text-box></draw:frame></text:p>"""


def test_text():
    document = odt(TEXT, meta=META)
    assert document.text == (
        "What happened\n\nIt  froze\tat\nnoon.\n\nA footnote\n\nDeep\n\n- one\n  - inner\n- two\n\n- other list\n\n"
        "Issue | Owner\nValve stuck | Deck\n\nBoxed\n\nAround\n\nIn the box"
    )
    assert [(h.level, h.title) for h in document.headings] == [(1, "What happened"), (6, "Deep")]
    assert (document.title, document.fields) == ("Review of the pump", {"created": "2021-03-14"})


def test_text_without_properties():
    document = odt('<text:h text:outline-level="1">Review</text:h>')
    assert (document.title, document.fields) == ("Review", {})


def test_presentation():
    document = package(
        ".odp",
        "presentation",
        "<draw:page><draw:frame><draw:text-box><text:p>First</text:p></draw:text-box></draw:frame><draw:frame "
        'presentation:class="title"><draw:text-box><text:p>Pump</text:p><text:p>review</text:p></draw:text-box></draw:frame>'
        "<presentation:notes><draw:frame><draw:text-box><text:p>Ask.</text:p></draw:text-box></draw:frame>"
        "</presentation:notes></draw:page><draw:page/>"
        '<draw:page><draw:frame presentation:class="title"><draw:text-box><text:p>Actions</text:p></draw:text-box>'
        "</draw:frame><draw:g><draw:custom-shape><text:p>In a shape</text:p></draw:custom-shape></draw:g>"
        '<draw:frame presentation:class="title"/></draw:page>',
        meta=META,
    )
    assert document.text == "Pump review\n\nFirst\n\nNotes\nAsk.\n\nActions\n\nIn a shape"
    assert document.page_names == ("slide 1", "slide 3")
    assert [(h.level, h.title) for h in document.headings] == [(1, "Pump review"), (2, "Actions")]


def cell(text, attributes=""):
    return f"<table:table-cell {attributes}><text:p>{text}</text:p></table:table-cell>"


def row(*cells, attributes=""):
    return f"<table:table-row {attributes}>{''.join(cells)}</table:table-row>"


MILLION = 'table:number-columns-repeated="1000000"'


def test_spreadsheet():
    dated = cell("14.03.21", 'office:value-type="date" office:date-value="2021-03-14T00:00:00"')
    document = package(
        ".ods",
        "spreadsheet",
        f'<table:table table:name="Log">{row(*map(cell, ("Title", "What happened", "Lesson", "Date")))}'
        f"{row(*map(cell, ('Pump', 'It froze.', 'Heat it.')), dated, f'<table:table-cell {MILLION}/>')}"
        f"{row('<table:table-cell/>', attributes=MILLION.replace('columns', 'rows'))}</table:table>"
        f'<table:table table:name="Codes">{row(cell("x"), cell("y"), attributes=MILLION.replace("columns", "rows"))}'
        "</table:table>",
        meta=META,
    )
    first, codes = document.records
    assert first.fields == {"title": "Pump", "event_date": "2021-03-14"}
    assert document.text[first.start : first.end] == "Pump\n\nWhat happened\nIt froze.\n\nLesson\nHeat it."
    assert document.text[codes.start : codes.end] == "Codes\n\n" + "\n".join(["x | y"] * 1000)
    assert document.page_names == ("sheet Log", "sheet Codes")


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({"META-INF__manifest": "<m><encryption-data/></m>"}, "password"),
        ({"content": f"<office:document-content {NAMES}/>"}, "no OpenDocument text"),
        ({"content": '<!DOCTYPE x [<!ENTITY a "aaa">]><x>&a;</x>'}, "entities"),
    ],
)
def test_refused(parts, said):
    with pytest.raises(UnreadableFile, match=said):
        odt("<text:p>Text</text:p>", **parts)


def test_other_archive():
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as made:
        made.writestr("word/document.xml", "<x/>")
    with pytest.raises(UnreadableFile, match="no OpenDocument text"):
        read(Path("a.odt"), stream.getvalue())
