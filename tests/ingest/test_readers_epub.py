"""E-books."""

import io
import zipfile
from pathlib import Path

import pytest

from ingest.errors import UnreadableFile
from ingest.readers import read

CONTAINER = (
    '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
    '<rootfile full-path="OEBPS/book.opf"/></rootfiles></container>'
)
PACKAGE = """<?xml version="1.0"?><package xmlns="http://www.idpf.org/2007/opf">
<metadata xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:opf="http://www.idpf.org/2007/opf"><dc:title>Lessons of
the pumps</dc:title><dc:creator>A. Officer</dc:creator><dc:creator>B. Boss</dc:creator><dc:creator/>
<dc:date opf:event="modification">2023-01-01</dc:date><dc:date>2021-03</dc:date></metadata><manifest>
<item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>
<item id="b" href="text/two%20b.xhtml" media-type="application/xhtml+xml"/>
<item id="a" href="text/one.xhtml" media-type="application/xhtml+xml"/>
<item id="blank" href="blank.xhtml" media-type="application/xhtml+xml"/>
<item id="gone" href="../../gone.xhtml" media-type="application/xhtml+xml"/>
<item id="cover" href="cover.jpg" media-type="image/jpeg"/></manifest>
<spine><itemref idref="cover"/><itemref idref="nav"/><itemref idref="a"/><itemref idref="blank"/><itemref idref="gone"/>
<itemref idref="none"/><itemref idref="b"/></spine></package>"""
PAGE = """<?xml version="1.0"?><!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.1//EN" "http://www.w3.org/xhtml11.dtd">
<html xmlns="http://www.w3.org/1999/xhtml"><head><title/><script src="x.js"/></head><body>{}</body></html>"""
PARTS = {
    "META-INF/container.xml": CONTAINER,
    "OEBPS/book.opf": PACKAGE,
    "OEBPS/nav.xhtml": PAGE.format("<p>Contents</p>"),
    "OEBPS/text/one.xhtml": PAGE.format('<h1>What happened</h1><p>It<br/>froze.</p><a id="x"/><p>A &amp; b.</p>'),
    "OEBPS/text/two b.xhtml": PAGE.format("<h1>Lessons</h1><table><tr><td>a</td><td>b</td></tr></table>"),
    "OEBPS/blank.xhtml": PAGE.format('<img src="x.png"/>'),
}


def book(**changed):
    stream = io.BytesIO()
    parts = {**PARTS, **{key.replace("__", "/"): value for key, value in changed.items()}}
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in parts.items():
            if content:
                made.writestr(name, content)
    return read(Path("book.epub"), stream.getvalue())


def test_book():
    document = book()
    assert document.text == "What happened\n\nIt\nfroze.\n\nA & b.\n\nLessons\n\na | b"
    assert document.page_names == ("chapter 1", "chapter 2")
    assert document.page_starts == (0, document.text.index("Lessons"))
    assert [(h.level, h.title) for h in document.headings] == [(1, "What happened"), (1, "Lessons")]
    assert all(document.text[h.start : h.end] == h.title for h in document.headings)
    assert document.title == "Lessons of the pumps"
    assert document.fields == {
        "title": "Lessons of the pumps", "author": "A. Officer, B. Boss", "published": "2021-03",
    }  # fmt: skip


def encryption(path):
    return (
        '<e xmlns:enc="http://www.w3.org/2001/04/xmlenc#"><enc:CipherData>'
        f'<enc:CipherReference URI="{path}"/></enc:CipherData></e>'
    )


def test_protected_book():
    with pytest.raises(UnreadableFile, match="protected against copying"):
        book(**{"META-INF__encryption.xml": encryption("OEBPS/text/two%20b.xhtml")})
    assert book(**{"META-INF__encryption.xml": encryption("OEBPS/font.otf")}).text == book().text


def test_no_book():
    with pytest.raises(UnreadableFile, match="no e-book"):
        book(**{"META-INF__container.xml": ""})


def test_entities_are_refused():
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaa">]>' + PACKAGE.split("?>")[1].replace("Lessons of", "&a;")
    with pytest.raises(UnreadableFile, match="declares XML entities"):
        book(**{"OEBPS__book.opf": bomb})


def test_real_book(shared):
    path = shared / "documents" / "format-samples" / "r2r.epub"
    document = read(path, path.read_bytes())
    assert document.fields["author"] == "Eric Weiner"
    assert len(document.text) > 50_000
    assert document.text[document.page_starts[0] :].startswith("Copyright")
