"""Two thousand broken, cut, spliced and hostile files: each is soon read or listed with a reason, within bounds."""

import io
import json
import os
import random
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

from ingest.readers import READERS

FILES = 2000 if os.environ.get("ALL_HOSTILE") else 700
SECONDS = 20
MEGABYTES = 1024
CHANCE = random.Random(1912)
SAYS = "The pump stopped because nobody had cleaned its filter. Clean it every morning."
BOMB = '<!DOCTYPE x [<!ENTITY a "lol">' + "".join(
    f'<!ENTITY {name} "{f"&{inner};" * 10}">' for inner, name in zip("abcdefghi", "bcdefghij", strict=True)
) + "]>"  # fmt: skip


def zipped(files, repeat=1):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content * repeat)
    return buffer.getvalue()


def seeds():
    """One sound file of each format that can be made here, by suffix."""
    import docx
    import openpyxl
    import pptx
    from PIL import Image
    from reportlab.pdfgen.canvas import Canvas

    def saved(document):
        buffer = io.BytesIO()
        document.save(buffer)
        return buffer.getvalue()

    word = docx.Document()
    word.add_heading("Pump", 1)
    word.add_paragraph(SAYS)
    word.add_table(3, 3).cell(0, 0).text = "Action"
    slides = pptx.Presentation()
    slides.slides.add_slide(slides.slide_layouts[5]).shapes.title.text = SAYS
    book = openpyxl.Workbook()
    for row in (["ID", "Event", "Recommendation"], ["L-1", SAYS, "Clean it."], ["L-2", "Dry", "Fill it."]):
        book.active.append(row)
    buffer = io.BytesIO()
    canvas = Canvas(buffer)
    for page in range(3):
        canvas.drawString(72, 700, f"Page {page}: {SAYS}")
        canvas.showPage()
    canvas.save()
    picture = io.BytesIO()
    Image.new("L", (60, 40), 255).save(picture, "PNG")
    record = {"id": "L-1", "title": "Pump", "driving_event": SAYS, "recommendation": "Clean it."}
    odt = {"mimetype": "application/vnd.oasis.opendocument.text", "content.xml": _ODT}
    return {
        ".pdf": buffer.getvalue(),
        ".docx": saved(word),
        ".pptx": saved(slides),
        ".xlsx": saved(book),
        ".odt": zipped(odt),
        ".epub": zipped(_EPUB),
        ".png": picture.getvalue(),
        ".md": f"---\ndate: 2021-03-04\n---\n# Pump\n\n## Cause\n\n{SAYS}\n\n- [ ] clean\n".encode(),
        ".txt": f"PUMP\n\n{SAYS}\n".encode(),
        ".html": f"<html><h1>Pump</h1><table><tr><td>{SAYS}</table></html>".encode(),
        ".csv": f'ID,Event,Recommendation\nL-1,"{SAYS}",Clean it.\n'.encode(),
        ".json": json.dumps([record]).encode(),
        ".jsonl": json.dumps(record).encode(),
        ".eml": f"Subject: Pump\nFrom: a@example.org\nDate: Mon, 1 Mar 2021 10:00:00 +0000\n\n{SAYS}\n".encode(),
        ".rtf": rf"{{\rtf1\ansi {SAYS}}}".encode(),
    }


_TEXT = " ".join(f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "text"))
_ODT = (
    f"<office:document-content {_TEXT}><office:body><office:text><text:p>{SAYS}</text:p></office:text></office:body>"
    "</office:document-content>"
)
_EPUB = {
    "mimetype": "application/epub+zip",
    "META-INF/container.xml": '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
    '<rootfile full-path="c.opf"/></rootfiles></container>',
    "c.opf": '<package xmlns="http://www.idpf.org/2007/opf"><manifest><item id="a" href="a.xhtml"/></manifest>'
    '<spine><itemref idref="a"/></spine></package>',
    "a.xhtml": f"<html><body><h1>Pump</h1><p>{SAYS}</p></body></html>",
}


def crafted():
    """Files that are meant to harm."""
    deep = 100_000
    outside = {"../../../../tmp/escaped": "x", "/etc/escaped": "x"}
    yield ".docx", zipped({"word/document.xml": "\0" * 1_000_000}, repeat=450)
    yield ".xlsx", zipped({f"xl/worksheets/sheet{number}.xml": "" for number in range(70_000)})
    yield ".odt", zipped({"content.xml": f"{BOMB}<x>&j;</x>"})
    yield ".odt", zipped({"content.xml": '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x>&a;</x>'})
    yield ".docx", zipped({"word/document.xml": f"{BOMB}<x>&j;</x>", "[Content_Types].xml": f"{BOMB}<x>&j;</x>"})
    yield ".epub", zipped(_EPUB | {"a.xhtml": f"{BOMB}<html><body>&j;</body></html>"} | outside)
    yield ".epub", zipped(_EPUB | {"c.opf": _EPUB["c.opf"].replace("a.xhtml", "../../../../etc/passwd")})
    yield ".pptx", zipped(outside)
    yield ".json", b"[" * deep
    yield ".json", b'{"a":' * deep
    yield ".jsonl", (b"[" * 5000 + b"\n") * 20
    yield ".html", b"<div>" * deep + SAYS.encode()
    yield ".html", f"<img src=http://192.0.2.1/x><iframe src=file:///etc/passwd></iframe><p>{SAYS}".encode()
    yield ".md", b"---\na: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]\n---\n# X\n\ny\n"
    yield ".md", b"---\na: !!python/object/apply:os.system [true]\n---\n# X\n\ny\n"
    yield ".md", b"#" * deep + b"\n" + b"> " * deep + b"x"
    yield ".md", b"**" * deep + b"[" * deep
    yield ".md", ("| a " * 3000 + "|\n").encode() * 40
    yield ".txt", b"A" * 3_000_000
    yield ".txt", b"a: b\n" * 200_000
    yield ".txt", ("\u202e\u0301" * 50_000).encode()
    yield ".csv", b"id,event\n" + b'"' * 200_001
    yield ".csv", b"," * 300_000 + b"\n" + b"x," * 300_000
    yield ".eml", b"--x\nContent-Type: multipart/mixed; boundary=x\n\n" * 3000
    yield ".rtf", b"{" * deep
    yield ".pdf", b"%PDF-1.7\n1 0 obj<</Type/Catalog/Pages 1 0 R>>endobj\ntrailer<</Root 1 0 R>>"


def mutated(data, others):
    """A copy of `data` with some kind of damage."""
    data = bytearray(data)
    kind = CHANCE.randrange(7)
    at = CHANCE.randrange(len(data))
    if kind == 0:
        for _ in range(CHANCE.randint(1, 40)):
            data[CHANCE.randrange(len(data))] = CHANCE.randrange(256)
    elif kind == 1:
        del data[at:]
    elif kind == 2:
        del data[at : at + CHANCE.randint(1, 2000)]
    elif kind == 3:
        data[at:at] = CHANCE.choice(others)[: CHANCE.randint(1, 4000)]
    elif kind == 4:
        data[at:at] = data[at : at + 300] * CHANCE.randint(2, 60)
    elif kind == 5:
        data[at : at + 4] = CHANCE.choice([b"\xff\xff\xff\xff", b"\x00\x00\x00\x00", b"<!--", b"9" * 4, b"\\u0000"])
    else:
        return CHANCE.choice(others)  # a sound file under the suffix of another format
    return bytes(data)


@pytest.fixture
def folder(tmp_path):
    sound = seeds()
    real = Path(__file__).parents[3] / "shared" / "data" / "documents"
    originals = list(sound.items())
    originals += [
        (path.suffix.lower(), path.read_bytes())
        for path in sorted(real.rglob("*"))
        if path.is_file() and path.suffix.lower() in READERS and path.stat().st_size < 150_000
    ][::4]
    others = [data for _, data in originals]
    place = tmp_path / "hostile"
    place.mkdir()
    harmful = [*crafted()]
    for number in range(FILES):
        if number < len(harmful):
            suffix, data = harmful[number]
        else:
            suffix, original = originals[number % len(originals)]
            data = mutated(original, others)
        (place / f"{number:04}{suffix}").write_bytes(data + (b"" if number < len(harmful) else b"\n"))
    return place


CHILD = f"""
import json, resource, sys
from pathlib import Path
from index.sync import sync
from ingest.settings import IngestSettings
from tests.fakes import a_library

with a_library(Path(sys.argv[2])) as library:
    report = sync(library, [Path(sys.argv[1])], IngestSettings(max_seconds={SECONDS}, max_memory_mb={MEGABYTES}))
    known, hits = list(library.known()), len(library.search("pump filter").hits)
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1000
print(json.dumps({{**report.to_json(), "known": known, "hits": hits, "peak": peak}}))
"""


def test_every_file_is_read_or_listed(folder, tmp_path):
    before = {path: path.stat().st_mtime_ns for path in folder.iterdir()}
    started = time.monotonic()
    command = [sys.executable, "-c", CHILD, folder, tmp_path / "library"]
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    same = {problem["path"] for problem in found["warnings"] if problem["reason"].startswith("The same content")}
    failed, indexed = {problem["path"] for problem in found["failed"]}, set(found["known"])
    assert indexed | failed | same == {str(path) for path in before}
    assert not indexed & failed
    assert all(problem["reason"] and problem["remedy"] for problem in found["failed"])
    assert found["hits"]
    assert len(indexed) > FILES / 4
    assert {path: path.stat().st_mtime_ns for path in folder.iterdir()} == before
    assert not Path("/etc/escaped").exists()
    assert not Path("/tmp/escaped").exists()
    assert found["peak"] < 1.2 * MEGABYTES  # of the largest reader
    assert time.monotonic() - started < FILES
    slow = [problem for problem in found["failed"] if "longer than" in problem["reason"]]
    assert len(slow) < FILES / 100, slow
