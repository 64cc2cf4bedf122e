"""Hostile archives and XML are refused before a library opens them."""

import io
import struct
import zipfile
from pathlib import Path

import docx
import openpyxl
import pptx
import pytest

from ingest.errors import UnreadableFile
from ingest.readers import archive, read

SUFFIXES = [".docx", ".pptx", ".pptm", ".xlsx", ".xlsm", ".odt", ".odp", ".ods", ".epub"]
LAUGHS = (
    '<?xml version="1.0"?><!-- a comment --><!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>'
    '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">&b;</worksheet>'
)


def packed(parts, method=zipfile.ZIP_DEFLATED):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as made:
        for name, content in parts.items():
            made.writestr(name, content)
    return stream.getvalue()


def office(suffix):
    stream = io.BytesIO()
    if suffix == ".docx":
        word = docx.Document()
        word.add_paragraph("Text.")
        word.save(stream)
    elif suffix == ".pptx":
        deck = pptx.Presentation()
        deck.slides.add_slide(deck.slide_layouts[0]).shapes.title.text = "Text."
        deck.save(stream)
    else:
        book = openpyxl.Workbook()
        book.active.append(["Text."])
        book.save(stream)
    return stream.getvalue()


def changed(data, name, change):
    with zipfile.ZipFile(io.BytesIO(data)) as made:
        parts = {part: made.read(part) for part in made.namelist()}
    return packed({**parts, name: change(parts.get(name, b""))})


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_bomb(suffix):
    data = packed({"word/a.xml": bytes(30 * 2**20), "ppt/a": "", "xl/a": "", "content.xml": ""})
    with pytest.raises(UnreadableFile, match=r"unpacks to 30 MB.*zip bomb"):
        read(Path(f"a{suffix}"), data)


def test_too_much_in_all(monkeypatch):
    monkeypatch.setattr(archive, "_MOST_BYTES", 1000)
    with pytest.raises(UnreadableFile, match="zip bomb"):
        read(Path("a.docx"), packed({"word/a": bytes(range(250)) * 5}, zipfile.ZIP_STORED))


def test_too_many_files(monkeypatch):
    monkeypatch.setattr(archive, "_MOST_ENTRIES", 2)
    with pytest.raises(UnreadableFile, match="holds 3 files, as a zip bomb does"):
        read(Path("a.odt"), packed({"a": "", "b": "", "c": ""}))


def shrunk(data, name, size):
    """The archive with a false unpacked size in both headers of a part."""
    with zipfile.ZipFile(io.BytesIO(data)) as made:
        true = made.getinfo(name).file_size
    return data.replace(struct.pack("<I", true), struct.pack("<I", size))


def test_size_that_lies():
    data = shrunk(packed({"word/a.xml": bytes(24 * 2**20)}), "word/a.xml", 3_000_000)
    with pytest.raises(UnreadableFile, match="more than it says"):
        read(Path("a.docx"), data)
    honest = packed({"word/a.xml": bytes(range(256)) * 80 + bytes(2**19)})
    assert archive.open_archive(honest, "x", ".x").namelist() == ["word/a.xml"]


def test_big_parts_that_do_not_lie():
    import random

    noise = random.Random(1).randbytes(200_000)
    assert archive.open_archive(packed({"media": noise}), "x", ".x").read("media") == noise


@pytest.mark.parametrize("method", [zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
def test_other_compression(method):
    with pytest.raises(UnreadableFile, match="more than it says"):
        archive.open_archive(packed({"a": "b"}, method), "x", ".x")


def test_password():
    data = bytearray(packed({"content.xml": "x"}))
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(mark) + offset] |= 1
    with pytest.raises(UnreadableFile, match="password"):
        read(Path("a.odt"), bytes(data))


@pytest.mark.parametrize(
    ("suffix", "part"),
    [
        (".docx", "word/document.xml"),
        (".docx", "docProps/core.xml"),
        (".pptx", "ppt/slides/slide1.xml"),
        (".xlsx", "xl/worksheets/sheet1.xml"),
        (".xlsx", "xl/unusual.bin"),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_entities(suffix, part, encoding):
    data = changed(office(suffix), part, lambda _: LAUGHS.replace(' version="1.0"', ' version="1.0"').encode(encoding))
    with pytest.raises(UnreadableFile, match=f"declares XML entities in {part}"):
        read(Path(f"a{suffix}"), data)


def test_document_type_behind_a_long_comment():
    data = changed(office(".xlsx"), "xl/a.xml", lambda _: b"<!--" + b" " * 2**21 + b"-->" + LAUGHS[21:].encode())
    with pytest.raises(UnreadableFile, match="declares XML entities"):
        read(Path("a.xlsx"), data)


@pytest.mark.parametrize("suffix", [".docx", ".pptx", ".xlsx"])
def test_other_parts_do_no_harm(suffix):
    """Pictures, a name that leaves the archive, and a plain XML part."""
    data = changed(office(suffix), "../../escape.txt", lambda _: b"\x89PNG not xml")
    data = changed(data, "customXml/item1.xml", lambda _: b"<?xml version='1.0'?><!-- c --><x/>")
    assert read(Path(f"a{suffix}"), data).text == "Text."


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_other_archive(suffix):
    with pytest.raises(UnreadableFile) as error:
        read(Path(f"a{suffix}"), packed({"a.txt": "text"}))
    assert "suffix of its real format" in error.value.remedy


def test_outside_entities_are_not_fetched(tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("secret")
    root = archive.parse_xml(f'<!DOCTYPE x SYSTEM "{secret.as_uri()}"><x>text</x>'.encode())
    assert root.text == "text"
    with pytest.raises(UnreadableFile, match="entities"):
        archive.parse_xml(f'<!DOCTYPE x [<!ENTITY e SYSTEM "{secret.as_uri()}">]><x>&e;</x>'.encode())
