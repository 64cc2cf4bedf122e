"""Readers that other packages bring."""

import json
import subprocess
import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from ingest.errors import UnreadableFile
from ingest.model import Document
from ingest.readers import plugins

READER = """
from ingest.errors import UnreadableFile
from ingest.model import Document, Heading

def read_tex(data, name):
    text = data.decode()
    if text == "locked":
        raise UnreadableFile("It is locked.", "Unlock it.")
    return Document(text, title=name, headings=(Heading(1, text, 0, len(text)),))

def broken(data, name):
    raise KeyError("x")

def nothing(data, name):
    return None
"""
ASK = """
import json, sys
from pathlib import Path
from ingest.errors import UnreadableFile
from ingest.readers import READERS, media_type, read, supported
path = Path("a" + sys.argv[1])
try:
    document = read(path, sys.argv[2].encode())
    said = [document.text, document.title, [heading.title for heading in document.headings]]
except UnreadableFile as error:
    said = [error.reason, error.remedy]
print(json.dumps([sys.argv[1] in READERS, supported(path), media_type(path), "lessons_tex" in sys.modules, said]))
"""


@pytest.fixture
def ask(tmp_path):
    """What a new process makes of a file where a package with readers is installed."""
    (tmp_path / "lessons_tex.py").write_text(READER)
    info = tmp_path / "lessons_tex-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: lessons-tex\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[lessons.readers]\n.tex = lessons_tex:read_tex\n.broken = lessons_tex:broken\n.gone = lessons_gone:read\n"
        ".nothing = lessons_tex:nothing\n"
    )

    def run(suffix, text):
        code = f"import sys\nsys.path[:0] = {[str(tmp_path), str(Path(__file__).parents[2])]!r}\n{ASK}"
        done = subprocess.run([sys.executable, "-c", code, suffix, text], capture_output=True, text=True, check=True)
        return json.loads(done.stdout)

    return run


def test_reader_of_another_package(ask):
    assert ask(".tex", "Pump") == [True, True, ask(".tex", "x")[2], True, ["Pump", "a.tex", ["Pump"]]]
    assert ask(".tex", "locked")[4] == ["It is locked.", "Unlock it."]


@pytest.mark.parametrize(
    ("suffix", "said"),
    [
        (".broken", "The reader lessons_tex:broken of the package lessons-tex failed (KeyError: 'x')."),
        (".gone", "The reader lessons_gone:read of the package lessons-tex failed (ModuleNotFoundError"),
        (".nothing", "The reader lessons_tex:nothing of the package lessons-tex returned no document."),
    ],
)
def test_broken_package_stops_only_its_files(ask, suffix, said):
    known, readable, media, _, (reason, remedy) = ask(suffix, "text")
    assert (known, readable, media) == (True, True, "application/octet-stream")
    assert reason.startswith(said)
    assert "lessons-tex" in remedy
    assert ask(".txt", "text")[3:] == [False, ["text", "", []]]


def test_suffixes_and_order(monkeypatch):
    points = [
        EntryPoint("TEX", "b:read", plugins.GROUP),
        EntryPoint(".tex", "tests.none:read", plugins.GROUP),
        EntryPoint(".Tar.GZ", "builtins:print", plugins.GROUP),
    ]
    monkeypatch.setattr(plugins, "entry_points", lambda group: points)
    found = plugins.installed()
    assert sorted(found) == [".tar.gz", ".tex"]
    with pytest.raises(UnreadableFile, match=r"b:read of the package b:read failed"):
        found[".tex"](b"", "")


def test_good_reader_in_this_process(monkeypatch):
    point = EntryPoint(".tex", "ingest.readers.plain:read_plain", plugins.GROUP)
    monkeypatch.setattr(plugins, "entry_points", lambda group: [point])
    assert plugins.installed()[".tex"](b"text", "a.tex") == Document("text")
    point = EntryPoint(".tex", "ingest.readers.html:visible_text", plugins.GROUP)
    monkeypatch.setattr(plugins, "entry_points", lambda group: [point])
    with pytest.raises(UnreadableFile, match="failed"):
        plugins.installed()[".tex"](b"text", "a.tex")
