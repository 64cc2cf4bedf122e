"""Text in pictures: what is read, in which order, and what users are told of it."""

import io
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image, ImageOps
from pypdfium2 import PdfDocument
from reportlab.pdfgen.canvas import Canvas

from ingest.errors import UnreadableFile
from ingest.readers import ocr
from ingest.readers.ocr import read_image, recognised, remarks
from ingest.readers.ocr_layout import Cell, Scanned, arranged

with_ocr = pytest.mark.skipif(not ocr.available(), reason="the extra `ocr` is not installed")

LINES = ["The cooling pump failed at noon.", "Nobody had checked the valve.", "Cost of the repair: 4,200 EUR"]


def picture(lines=LINES, size=12):
    """The lines as black letters on white, 150 dpi."""
    stream = io.BytesIO()
    canvas = Canvas(stream, pagesize=(260, 40 + 20 * len(lines)))
    canvas.setFont("Helvetica", size)
    for number, line in enumerate(lines):
        canvas.drawString(20, 20 * (len(lines) - number), line)
    canvas.save()
    return PdfDocument(stream.getvalue())[0].render(scale=150 / 72).to_pil().convert("RGB")


def saved(image, kind, **options):
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def lines_of(text):
    return [line for line in text.splitlines() if line]


@with_ocr
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF"])
def test_a_picture_is_read(kind):
    document = read_image(saved(picture(), kind), "scan")
    assert lines_of(document.text) == LINES
    assert document.page_starts == (0,)
    assert document.warnings == ("Pages read by OCR: 1.",)


@with_ocr
def test_each_frame_of_a_tiff_is_a_page():
    frames = [picture(["First page here."]), picture([""]), picture(["Third page here."]), picture(["Fourth one."])]
    frames = [frame.convert("1") for frame in frames]
    data = saved(frames[0], "TIFF", save_all=True, append_images=frames[1:], compression="group4")
    document = read_image(data, "scan.tif")
    assert len(document.page_starts) == 4
    assert document.text[document.page_starts[2] :].startswith("Third page")
    assert document.page_of(document.text.index("Fourth")) == 4
    assert document.warnings == ("Pages read by OCR: 1, 3–4.", "No text was found on page 2.")


@with_ocr
@pytest.mark.parametrize("angle", [90, 180, 270])
def test_a_page_that_lies_on_its_side_or_upside_down_is_turned(angle):
    assert lines_of(recognised(picture().rotate(angle, expand=True)).text) == LINES


@with_ocr
def test_a_photograph_is_turned_as_its_camera_says():
    exif = Image.Exif()
    exif[0x0112] = 8
    data = saved(ImageOps.exif_transpose(picture()).rotate(-90, expand=True), "JPEG", exif=exif)
    assert lines_of(read_image(data, "photo.jpg").text) == LINES


@with_ocr
def test_letters_on_nothing_are_read_as_on_white():
    black = Image.new("RGBA", picture().size, (0, 0, 0, 255))
    black.putalpha(ImageOps.invert(picture().convert("L")))
    assert lines_of(read_image(saved(black, "PNG"), "logo.png").text) == LINES


@with_ocr
def test_a_picture_without_text_is_refused():
    with pytest.raises(UnreadableFile, match="No text was found") as error:
        read_image(saved(Image.new("RGB", (300, 200), "blue"), "PNG"), "blue.png")
    assert "300 dpi" in error.value.remedy


def test_without_the_extra_the_remedy_names_it(monkeypatch):
    monkeypatch.setattr(ocr, "available", lambda: False)
    with pytest.raises(UnreadableFile, match="picture") as error:
        read_image(saved(picture(), "PNG"), "scan.png")
    assert "pip install 'lessons[ocr]'" in error.value.remedy


@pytest.mark.parametrize("data", [b"no picture", saved(picture(), "PNG")[:500], saved(picture(), "TIFF")[:300]])
def test_damaged(data, monkeypatch):
    monkeypatch.setattr(ocr, "available", lambda: True)
    with pytest.raises(UnreadableFile, match="damaged"):
        read_image(data, "scan.png")


def test_more_pixels_than_any_scan_has(monkeypatch):
    monkeypatch.setattr(ocr, "available", lambda: True)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    with pytest.raises(UnreadableFile, match="too many pixels"):
        read_image(saved(picture(), "PNG"), "scan.png")


@with_ocr
def test_one_engine_without_network_that_tells_of_each_page():
    code = """
import io, sys
from collections import Counter
events = Counter()
def hook(event, arguments):
    events[event] += 1
    if event.startswith(("socket.", "urllib.", "subprocess.")) and event != "socket.gethostname":
        raise PermissionError(event)
sys.addaudithook(hook)
from ingest.readers import ocr
text = ocr.read_image(sys.stdin.buffer.read(), "x").text
assert text.count("pump failed at noon") == 2, text
assert events[ocr.PAGE_READ] == 2
assert ocr._engine() is ocr._engine()
"""
    data = saved(picture(), "TIFF", save_all=True, append_images=[picture()])
    root = str(Path(__file__).parents[2])
    done = subprocess.run([sys.executable, "-c", code], input=data, cwd=root, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()


def test_pages_that_are_hard_to_read_are_named():
    sure, unsure = Scanned("", (), 0.97), Scanned("", (), 0.6)
    assert remarks({2: sure, 3: unsure, 4: unsure, 9: sure}) == [
        "Pages read by OCR: 2–4, 9.",
        "Hard to read, so words may be wrong: page 3–4.",
    ]
    assert remarks({}) == []


@with_ocr
def test_doubtful_lines_are_kept(monkeypatch):
    assert ocr._engine().text_score == 0.0

    class Unsure:
        """Reads the same whichever way the page is turned."""

        boxes = tuple([(0, top), (300, top), (300, top + 20), (0, top + 20)] for top in (0, 40))
        txts, scores = ("A smudged line", "A clear line"), (0.2, 0.9)

    monkeypatch.setattr(ocr, "_engine", lambda: lambda pixels: Unsure)
    read = recognised(picture())
    assert lines_of(read.text) == ["A smudged line", "A clear line"]
    assert read.confidence == pytest.approx((14 * 0.2 + 12 * 0.9) / 26)


def cell(text, left, top, width=None, height=20, slope=0.0):
    width = width or 10 * len(text)
    corners = [(left, top), (left + width, top), (left + width, top + height), (left, top + height)]
    return Cell([(x, y + slope * x) for x, y in corners], text, 0.9)


def prose(name, count, left, top):
    return [cell(f"{name}{number} is a line of running text", left, top + 30 * number, 330) for number in range(count)]


def first_words(scanned):
    return [line.split()[0] for line in lines_of(scanned.text)]


@pytest.mark.parametrize("slope", [0.0, 0.03, -0.03])
def test_columns_are_read_one_after_the_other(slope):
    cells = [
        *prose("a", 6, 0, 100),
        *prose("b", 6, 400, 105),
        *prose("c", 5, 0, 400),
        *prose("d", 5, 400, 400),
        cell("Title across the whole page", 50, 20, 600),
        cell("Middle heading across the page", 50, 330, 600),
    ]
    tilted = [Cell([(x, y + slope * x) for x, y in c.corners], c.text, c.score) for c in cells]
    assert first_words(arranged(tilted[::-1], 0.9)) == (
        ["Title"] + [f"a{n}" for n in range(6)] + [f"b{n}" for n in range(6)] + ["Middle"]
        + [f"c{n}" for n in range(5)] + [f"d{n}" for n in range(5)]
    )  # fmt: skip


def test_a_table_is_read_row_by_row():
    cells = [cell(f"{name}{row}", 150 * at, 40 * row) for row in range(6) for at, name in enumerate(["day", "event"])]
    assert lines_of(arranged(cells[::-1], 0.9).text) == [f"day{row} event{row}" for row in range(6)]


def test_paragraphs_are_parted_where_the_gap_is_large():
    tops = [0, 30, 60, 120, 150, 180]
    read = arranged([cell(f"line {number} of text", 0, top) for number, top in enumerate(tops)], 0.9)
    assert read.text == "".join(f"line {n} of text\n" + ("\n" if n == 2 else "") for n in range(6))
    assert [read.text[line.start : line.end] for line in read.lines] == lines_of(read.text)
    assert {line.height for line in read.lines} == {20}


def test_nothing_found_is_no_text():
    assert arranged([], 0.0) == Scanned("", (), 0.0)
