"""Old office formats, through LibreOffice."""

import io
import os
import shutil
import sys
from pathlib import Path

import docx
import openpyxl
import pptx
import pytest

from ingest.errors import UnreadableFile
from ingest.readers import legacy, read

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
OFFICE = """#!{python}
import os, pathlib, shutil, sys, time, urllib.parse
given = sys.argv[1:]
profile = next(each for each in given if each.startswith("-env:UserInstallation=")).partition("=")[2]
user = pathlib.Path(urllib.parse.unquote(urllib.parse.urlsplit(profile).path), "user")
assert "DisableMacrosExecution" in (user / "registrymodifications.xcu").read_text()
assert "ooInetHTTPProxyName" in (user / "registrymodifications.xcu").read_text()
assert os.environ["http_proxy"] == os.environ["https_proxy"] == "http://127.0.0.1:9"
assert os.environ["HOME"] == os.environ["XDG_CACHE_HOME"] == str(user.parent.parent)
assert "--headless" in given
source, out = pathlib.Path(given[-1]), pathlib.Path(given[given.index("--outdir") + 1])
assert source.read_bytes().startswith(b"\\xd0\\xcf")
target = given[given.index("--convert-to") + 1]
pathlib.Path({seen!r}).write_text(str(source.parent))
{then}
out.mkdir()
shutil.copy({folder!r} + "/made." + target, out / (source.stem + "." + target))
"""


@pytest.fixture
def office(tmp_path, monkeypatch):
    """Puts a stand-in for LibreOffice on the path; what it prints last is what it was called with."""

    def install(then="", name="soffice"):
        script = tmp_path / "bin" / name
        script.parent.mkdir()
        seen, folder = str(tmp_path / "seen"), str(tmp_path)
        script.write_text(OFFICE.format(python=sys.executable, seen=seen, folder=folder, then=then))
        script.chmod(0o755)
        monkeypatch.setenv("PATH", str(script.parent))
        return tmp_path

    return install


def saved(made):
    stream = io.BytesIO()
    made.save(stream)
    return stream.getvalue()


def made(suffix):
    if suffix == ".doc":
        word = docx.Document()
        word.add_paragraph("Old text.")
        return "docx", saved(word)
    if suffix == ".ppt":
        deck = pptx.Presentation()
        deck.slides.add_slide(deck.slide_layouts[0]).shapes.title.text = "Old text."
        return "pptx", saved(deck)
    book = openpyxl.Workbook()
    book.active.append(["Old text."])
    return "xlsx", saved(book)


@pytest.mark.skipif(os.name == "nt", reason="the stand-in is a script")
@pytest.mark.parametrize(("suffix", "name"), [(".doc", "soffice"), (".ppt", "libreoffice"), (".xls", "soffice")])
def test_converted_and_read(office, suffix, name):
    folder = office(name=name)
    target, data = made(suffix)
    (folder / f"made.{target}").write_bytes(data)
    assert read(Path(f"report{suffix.upper()}"), OLE + bytes(100)).text == "Old text."
    assert not Path((folder / "seen").read_text()).exists()


@pytest.mark.parametrize(("suffix", "target"), [(".doc", ".docx"), (".ppt", ".pptx"), (".xls", ".xlsx")])
def test_without_libreoffice(tmp_path, monkeypatch, suffix, target):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UnreadableFile, match="LibreOffice, which is not installed") as error:
        read(Path(f"a{suffix}"), OLE)
    assert error.value.remedy == f"Install LibreOffice, or save the file as {target}."


@pytest.mark.skipif(os.name == "nt", reason="the stand-in is a script")
@pytest.mark.parametrize(
    ("then", "said"),
    [
        ("sys.exit('no export filter')", "could not convert it (no export filter)"),
        ("sys.exit(0)", "could not convert it (it says nothing)"),
        ("time.sleep(60)", "did not convert it within 2 seconds"),
    ],
)
def test_conversion_that_fails(office, monkeypatch, then, said):
    folder = office(then)
    monkeypatch.setattr(legacy, "_MOST_SECONDS", 2)
    with pytest.raises(UnreadableFile) as error:
        read(Path("a.doc"), OLE)
    assert said in error.value.reason
    assert ".docx" in error.value.remedy
    assert not Path((folder / "seen").read_text()).exists()


@pytest.mark.skipif(not (shutil.which("soffice") or shutil.which("libreoffice")), reason="LibreOffice is not installed")
def test_real_libreoffice(shared):
    path = shared / "documents" / "format-samples" / "r2r.doc"
    document = read(path, path.read_bytes())
    assert len(document.text) > 1000
    assert "\ufffd" not in document.text


def test_what_is_no_office_file_is_not_given_to_libreoffice(office):
    office()
    with pytest.raises(UnreadableFile, match=r"no \.doc file"):
        read(Path("a.doc"), b"\xd0\xcf\x11\xe0 and then something else")


@pytest.mark.parametrize("suffix", [".doc", ".xls", ".ppt"])
def test_a_web_page_under_an_office_suffix_never_reaches_libreoffice(office, suffix):
    folder = office()
    page = b"<html><head><link rel=stylesheet href='http://192.0.2.1/x.css'></head><body><p>Old text.</p></body></html>"
    assert read(Path(f"a{suffix}"), page).text == "Old text."
    assert not (folder / "seen").exists()
