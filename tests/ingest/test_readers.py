"""What every reader promises: a document, or `UnreadableFile` with a remedy; and it holds for the real files."""

import shutil
from itertools import pairwise
from pathlib import Path

import pytest

from ingest.errors import UnreadableFile
from ingest.readers import READERS, media_type, read, supported

DOCUMENTS = Path(__file__).parents[3] / "shared" / "data" / "documents"
OFFICE = shutil.which("soffice") or shutil.which("libreoffice")
OLD = () if OFFICE else (".doc", ".ppt", ".xls")
REAL = sorted(path for path in DOCUMENTS.rglob("*") if supported(path) and path.suffix not in OLD)


@pytest.mark.parametrize("suffix", [*READERS, ".PDF"])
def test_zero_bytes(suffix):
    path = Path(f"a{suffix}")
    assert supported(path)
    assert media_type(path) != "application/octet-stream"
    with pytest.raises(UnreadableFile, match="0 bytes") as error:
        read(path, b"")
    assert error.value.remedy


@pytest.mark.parametrize("suffix", [".xyz", ""])
def test_unknown_format(suffix):
    path = Path(f"a{suffix}")
    assert not supported(path)
    assert media_type(path) == "application/octet-stream"
    with pytest.raises(UnreadableFile, match=r"no reader.*\.pdf \.md"):
        read(path, b"text")


@pytest.mark.parametrize("suffix", sorted(READERS))
def test_wrong_content(suffix):
    picture = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40
    with pytest.raises(UnreadableFile) as error:
        read(Path(f"a{suffix}"), picture)
    assert error.value.reason
    assert error.value.remedy


@pytest.mark.parametrize("suffix", [".md", ".txt", ".html", ".csv", ".jsonl", ".json"])
def test_blank_content(suffix):
    with pytest.raises(UnreadableFile):
        read(Path(f"a{suffix}"), b" \n \n")


def test_any_parser_error_names_its_cause(monkeypatch):
    def broken(data, name):
        raise KeyError("xref")

    monkeypatch.setitem(READERS, ".pdf", broken)
    with pytest.raises(UnreadableFile, match="KeyError: 'xref'") as error:
        read(Path("a.pdf"), b"x")
    assert isinstance(error.value.__cause__, KeyError)


def test_text_can_be_stored_as_utf8(monkeypatch):
    document = read(Path("a.json"), rb'[{"title": "bad \ud800 half", "lesson": "x \udfff"}]')
    document.text.encode()
    document.records[0].fields["title"].encode()
    assert document.text.startswith("bad \ufffd half")


@pytest.mark.skipif(not REAL, reason="the shared documents are not here")
@pytest.mark.parametrize("path", REAL, ids=lambda path: path.name[:40])
def test_real_file(path):
    document = read(path, path.read_bytes())
    text = document.text
    assert len(text) > 100
    assert "\r" not in text
    text.encode()
    assert all(before < after < len(text) for before, after in pairwise(document.page_starts))
    headings = [*document.headings, *(heading for record in document.records for heading in record.headings)]
    assert [heading.start for heading in headings] == sorted(heading.start for heading in headings)
    for heading in headings:
        line = text[heading.start : heading.end]
        assert "\n" not in line
        assert line == heading.title or path.suffix == ".md"
        assert 1 <= heading.level <= 6
    if path.suffix == ".md":
        assert document.headings or "decide is down" in path.name or path.name == "README.md"


@pytest.mark.skipif(not REAL, reason="the shared documents are not here")
def test_real_headings():
    path = next(path for path in REAL if path.name == "2022-09-06-utoronto-500.pdf")
    document = read(path, path.read_bytes())
    titles = {heading.title: heading.level for heading in document.headings}
    sections = ["Overview", "What Happened", "Resolution", "What Went Well?", "Action Items", "Timeline"]
    assert {titles[title] for title in sections} == {2}
    assert titles["UToronto Hub is throwing 500 errors when users try to login"] == 1
    assert "Yuvi Panda" not in titles


def test_no_text_holds_what_would_end_it_in_the_catalogue():
    assert "\0" not in read(Path("a.txt"), b"The pump" + b"\0" + b" stopped. " * 50).text
