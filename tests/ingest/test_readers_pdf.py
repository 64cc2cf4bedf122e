"""PDF: offsets that find their place on the page again, headings, properties, and files that cannot be read."""

import io
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from pypdf import PdfReader, PdfWriter
from pypdf.generic import RectangleObject
from reportlab.lib.pagesizes import A4
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from ingest.errors import NotInLibrary, UnreadableFile
from ingest.readers import ocr, read
from ingest.readers.pdf_pages import boxes, picture, rendered

with_ocr = pytest.mark.skipif(not ocr.available(), reason="the extra `ocr` is not installed")
HELVETICA = ("Helvetica", 11)


def make(*pages, size=A4, title=None, author=None, outline=()):
    """A PDF; a page is a list of lines (text, font, size), spaced as a text is."""
    stream = io.BytesIO()
    canvas = Canvas(stream, pagesize=size, invariant=True)
    canvas.setTitle(title or "untitled")
    canvas.setAuthor(author or "")
    for number, page in enumerate(pages, 1):
        y = size[1] - 72
        for line in page:
            text, font, points = (line, *HELVETICA) if isinstance(line, str) else line
            canvas.setFont(font, points)
            y -= points * 1.6
            canvas.drawString(72, y, text)
        for key, (at, label, level) in enumerate(outline):
            if at == number:
                canvas.bookmarkPage(str(key))
                canvas.addOutlineEntry(label, str(key), level)
        canvas.showPage()
    canvas.save()
    return stream.getvalue()


def rewritten(data, change):
    """The PDF after `change(writer)`."""
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(data)))
    change(writer)
    stream = io.BytesIO()
    writer.write(stream)
    return stream.getvalue()


def pdf(data):
    return read(Path("report.pdf"), data)


TWO = make(["The pump failed at noon.", "Nobody had checked the valve."], ["Check the valve daily."])


def test_pages_and_offsets():
    document = pdf(TWO)
    assert [line.strip() for line in document.text.splitlines()] == [
        "The pump failed at noon.",
        "Nobody had checked the valve.",
        "Check the valve daily.",
    ]
    assert document.text[document.page_starts[1] :].startswith("Check the valve")
    assert document.page_of(0) == 1
    assert document.page_of(document.page_starts[1] - 1) == 1
    assert document.page_of(document.page_starts[1]) == 2
    assert document.headings == ()
    assert document.title == ""


def test_page_without_text_is_named():
    document = pdf(make(["First."], [], ["Third."], [], []))
    (warning,) = document.warnings
    assert warning.startswith("There is no text on page 2, 4–5. ")
    assert len(document.page_starts) == 5
    assert document.text[document.page_starts[2] :].startswith("Third.")


@pytest.mark.parametrize(("installed", "remedy"), [(True, "300 dpi"), (False, "pip install 'lessons[ocr]'")])
def test_a_document_without_any_text_is_refused(installed, remedy, monkeypatch):
    monkeypatch.setattr(ocr, "available", lambda: installed)
    with pytest.raises(UnreadableFile, match=r"no text on any page \(1–3\)") as error:
        pdf(make([], [], []))
    assert remedy in error.value.remedy


def scan(*lines, stamp="", share=1.0, page=(300, 200)):
    """A page that is a picture of the lines, over `share` of its width, with a stamp in its text layer."""
    stream = io.BytesIO()
    canvas = Canvas(stream, pagesize=page)
    for number, (text, points) in enumerate(lines, 1):
        canvas.setFont("Helvetica", points)
        canvas.drawString(20, page[1] - 22 * number, text)
    canvas.showPage()
    canvas.save()
    image = ImageReader(rendered(stream.getvalue(), 1, 150))
    stream = io.BytesIO()
    canvas = Canvas(stream, pagesize=page)
    canvas.drawImage(image, 0, 0, page[0] * share, page[1])
    canvas.setFont("Helvetica", 6)
    canvas.drawString(20, 4, stamp)
    canvas.save()
    return stream.getvalue()


def joined(*files):
    writer = PdfWriter()
    for data in files:
        writer.append(io.BytesIO(data))
    stream = io.BytesIO()
    writer.write(stream)
    return stream.getvalue()


SCAN = [("The strainer was full of leaves.", 10), ("ROOT CAUSE", 16), ("Nobody had looked at it.", 10)]


@with_ocr
def test_scanned_page_is_read_by_ocr():
    data = joined(make(["The pump failed at noon, and nobody heard the alarm."]), scan(*SCAN), make(["Check it."]))
    document = pdf(data)
    second = document.text[document.page_starts[1] : document.page_starts[2]]
    assert [line for line in second.splitlines() if line] == [text for text, _ in SCAN]
    assert document.warnings == ("Pages read by OCR: 2.",)
    assert [heading.title for heading in document.headings] == ["ROOT CAUSE"]
    assert document.text[document.page_starts[2] :].startswith("Check it.")


@with_ocr
def test_nothing_is_highlighted_on_a_page_read_by_ocr():
    data = scan(*SCAN, stamp="The copy of 2021")
    text = pdf(data).text
    quote = "strainer was full"
    at = text.index(quote)
    assert boxes(data, 1, at, at + len(quote), quote) == []
    assert boxes(data, 1, 0, 3, text[:3]) != [], "the stamp happens to begin with the same word"


@with_ocr
def test_a_stamp_on_a_picture_is_not_the_text_of_the_page():
    document = pdf(scan(*SCAN, stamp="Downloaded 2021-03-04 by J. Smith"))
    assert "strainer was full of leaves" in document.text
    assert document.warnings == ("Pages read by OCR: 1.",)


@with_ocr
def test_a_text_layer_that_says_what_the_picture_shows_is_kept():
    data = scan(stamp="Lessons from the pump failure")
    document = pdf(data)
    assert document.text.strip() == "Lessons from the pump failure"
    assert document.warnings == ()
    assert len(boxes(data, 1, 0, 7, "Lessons")) == 1


@pytest.mark.parametrize(("share", "stamp"), [(0.5, "Figure 3"), (1.0, "A long text over a picture. " * 6)])
def test_text_beside_or_over_a_picture_is_no_scan(share, stamp, monkeypatch):
    monkeypatch.setattr(ocr, "available", lambda: False)
    document = pdf(scan(*SCAN, stamp=stamp, share=share))
    assert document.text.strip() == stamp.strip()
    assert document.warnings == ()


def test_without_the_extra_scanned_pages_are_named_with_the_remedy(monkeypatch):
    monkeypatch.setattr(ocr, "available", lambda: False)
    document = pdf(joined(make(["The pump failed."]), scan(*SCAN), scan(*SCAN, stamp="Copy 3")))
    (warning,) = document.warnings
    assert warning.startswith("There is no text on page 2–3.")
    assert "pip install 'lessons[ocr]'" in warning
    with pytest.raises(UnreadableFile, match="no text on any page"):
        pdf(scan(*SCAN, stamp="Copy 3"))


@with_ocr
def test_a_text_layer_of_unknown_signs_is_read_by_ocr(monkeypatch):
    monkeypatch.setattr("ingest.readers.pdf.page_text", lambda chars: "\ufffd\ue012" * 40)
    document = pdf(make(["The pump failed at noon.", "Nobody had looked at it.", "The strainer was blocked."]))
    assert document.text.splitlines()[:3] == [
        "The pump failed at noon.",
        "Nobody had looked at it.",
        "The strainer was blocked.",
    ]


@pytest.mark.parametrize(
    ("labels", "names"),
    [
        ([(0, 1, "/r"), (2, 3, "/D")], ("page i", "page ii", "page 1", "page 2")),
        ([(0, 3, "/D")], ()),
        ([(0, 1, "/D"), (2, 3, "/D")], ()),
    ],
)
def test_page_labels_name_the_pages(labels, names):
    def change(writer):
        for first, last, style in labels:
            writer.set_page_label(first, last, style=style)

    document = pdf(rewritten(make(["a b c d e"], ["f g h"], ["i j k"], ["l m n"]), change))
    assert document.page_names == names
    if names:
        assert document.place_of(document.text.index("f g h")) == "page ii"


def test_no_pages():
    with pytest.raises(UnreadableFile, match="damaged or no PDF"):
        pdf(rewritten(TWO, lambda writer: [writer.remove_page(0), writer.remove_page(0)]))


def test_password():
    locked = rewritten(TWO, lambda writer: writer.encrypt("secret", algorithm="RC4-128"))
    with pytest.raises(UnreadableFile, match="password") as error:
        pdf(locked)
    assert "copy without a password" in error.value.remedy


def test_owner_password_alone_does_not_lock():
    open_to_all = rewritten(TWO, lambda writer: writer.encrypt("", owner_password="own", algorithm="RC4-128"))
    assert pdf(open_to_all).text == pdf(TWO).text


@pytest.mark.parametrize("data", [TWO[:200], b"%PDF-1.7\nnothing", b"<html>no PDF</html>"])
def test_damaged(data):
    with pytest.raises(UnreadableFile, match="damaged"):
        pdf(data)


def test_properties():
    document = pdf(make(["Text."], title="Pump failure review", author="A. Officer"))
    assert document.title == "Pump failure review"
    assert (document.title, document.fields) == ("Pump failure review", {})


@pytest.mark.parametrize("junk", ["Microsoft Word - aar.doc", "untitled", "report_final.pdf", "My report.docx", "x7"])
def test_property_that_is_no_title(junk):
    document = pdf(make([("Pump failure", "Helvetica-Bold", 20), "The pump failed.", "It was off."], title=junk))
    assert document.title == "Pump failure"
    assert "title" not in document.fields


def test_damaged_properties_do_not_cost_the_file(monkeypatch):
    def fail(*args, **kwargs):
        raise ValueError("bad catalogue")

    monkeypatch.setattr("pypdf.PdfReader", fail)
    document = pdf(TWO)
    assert "pump" in document.text
    assert "bad catalogue" in document.warnings[0]


BODY = ["The crew began at dawn and found that the pump was already off and cold.", "Nobody had told them of it."]


def test_headings_by_size_bold_number_and_capitals():
    document = pdf(
        make(
            [
                ("Pump review", "Helvetica-Bold", 20),
                *BODY,
                ("What happened", "Helvetica-Bold", 15),
                *BODY,
                ("Detection", "Helvetica-Bold", 11),
                *BODY,
                "2.1 Root cause",
                *BODY,
                "RECOMMENDATIONS",
                *BODY,
                "1. Check the valve",
                "2. Check the pump",
                "Page 1 of 3",
                ("12", "Helvetica-Bold", 20),
            ]
        )
    )
    assert [(heading.level, heading.title) for heading in document.headings] == [
        (1, "Pump review"),
        (2, "What happened"),
        (3, "Detection"),
        (4, "2.1 Root cause"),
        (3, "RECOMMENDATIONS"),
    ]
    assert all(document.text[h.start : h.end] == h.title for h in document.headings)
    assert document.title == "Pump review"


def test_what_stands_out_and_is_no_heading():
    label = ("Location: Sea Registration:", "Helvetica-Bold", 11)
    document = pdf(
        make(
            [
                ("A heading so long that it cannot but go on in the", "Helvetica", 16),
                ("next line", "Helvetica", 16),
                *BODY,
                *[("This paragraph is set in print so large it stands out", "Helvetica", 14)] * 3,
                *BODY,
                label,
                *BODY,
                ("Bold one", "Helvetica-Bold", 11),
                ("Bold two", "Helvetica-Bold", 11),
                *BODY,
                "3. Ask the people that",
                "were on the ship",
                *BODY,
                ("tiny", "Helvetica-Bold", 6),
                *BODY,
            ]
        )
    )
    assert [heading.title for heading in document.headings] == ["A heading so long that it cannot but go on in the"]
    assert document.title == "A heading so long that it cannot but go on in the next line"


def test_running_heads_and_feet_are_blanked_where_they_stood():
    def page(number):
        body = [f"The {'inlet outlet'.split()[number - 1]} has a fault of kind {kind}." for kind in "abcdef"]
        return ["Pump review", *body, f"Pump review, page {number}"]

    document = pdf(make(page(1), page(2)))
    assert document.text.count("Pump review") == 1
    assert document.text.startswith("Pump review")
    assert document.text.count("has a fault") == 12
    whole = pdf(make(page(1)))
    assert whole.text.count("Pump review") == 2
    assert document.page_starts == (0, len(whole.text)), "offsets hold"


def test_running_head_is_no_heading():
    pages = [[("Annual report", "Helvetica-Bold", 16), *BODY, ("Lesson", "Helvetica-Bold", 16), *BODY]] * 3
    assert {heading.title for heading in pdf(make(*pages)).headings} == {"Lesson"}


def test_outline_gives_the_levels():
    pages = [["Overview", *BODY, "Causes", *BODY], ["Valve", *BODY, "Actions", *BODY]]
    outline = [(1, "Overview", 0), (1, "Causes", 0), (2, "Valve", 1), (2, "Actions", 0), (2, "Not in the text", 0)]
    document = pdf(make(*pages, outline=outline))
    assert [(heading.level, heading.title) for heading in document.headings] == [
        (1, "Overview"),
        (1, "Causes"),
        (2, "Valve"),
        (1, "Actions"),
    ]


def test_controls_keep_their_place():
    from ingest.readers.pdf_pages import _CLEAN, page_text

    class Page:
        raw = None

        def count_chars(self):
            return len(codes)

    codes = [*map(ord, "exam\x02ple IO\x02470\r\nx\ry"), 0, 0xFFFE, 0xD83D, 0x1F600, 0x2028, 0xFFFFFFFF]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pypdfium2.raw.FPDFText_GetUnicode", lambda raw, index: codes[index])
        text = page_text(Page())
    assert text == "exam\xadple IO-470 \nx\ny\ufffd-\ufffd\U0001f600\n\ufffd"
    assert len(text) == len(codes)
    assert "\t".translate(_CLEAN) == " "


def ink(png):
    """Left, top, right, bottom of what is dark, in fractions."""
    image = Image.open(io.BytesIO(png)).convert("L")
    dark = image.point(lambda value: 255 if value < 128 else 0).getbbox()
    assert dark
    left, top, right, bottom = dark
    return left / image.width, top / image.height, right / image.width, bottom / image.height


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
@pytest.mark.parametrize("crop", [None, (50, 600, 400, 800)])
def test_box_is_where_the_ink_is(rotation, crop):
    def change(writer):
        page = writer.pages[0]
        page.rotate(rotation)
        if crop:
            page.cropbox = RectangleObject(crop)

    data = rewritten(make(["HIGHLIGHT"]), change)
    text = pdf(data).text.strip()
    (box,) = boxes(data, 1, 0, len(text), text)
    left, top, right, bottom = ink(picture(data, 1, 1000))
    slack = 0.02
    assert box.left - slack <= left <= right <= box.right + slack
    assert box.top - slack <= top <= bottom <= box.bottom + slack
    assert box.right - box.left < (right - left) + 2 * slack
    assert box.bottom - box.top < (bottom - top) + 3 * slack


def test_line_drawn_upwards_is_one_box():
    stream = io.BytesIO()
    canvas = Canvas(stream, pagesize=A4)
    canvas.translate(300, 300)
    canvas.rotate(90)
    canvas.drawString(0, 0, "UPWARDS")
    canvas.save()
    (box,) = boxes(stream.getvalue(), 1, 0, 7, "UPWARDS")
    left, top, right, bottom = ink(picture(stream.getvalue(), 1, 1000))
    assert box.left - 0.02 <= left <= right <= box.right + 0.02
    assert box.top - 0.02 <= top <= bottom <= box.bottom + 0.02


def test_one_box_a_line():
    document = pdf(TWO)
    start, end = document.text.index("failed"), document.text.index("checked")
    first, second = boxes(TWO, 1, start, end, document.text[start:end])
    assert first.left > second.left
    assert first.top < second.top
    assert first.bottom - first.top == pytest.approx(second.bottom - second.top, abs=0.005)


def test_line_broken_inside_a_word_has_two_boxes():
    data = make(["They had to exam-", "ine the valve."])
    text = pdf(data).text
    found = boxes(data, 1, 0, len(text) - 1, text[:-1])
    assert len(found) == 2


def test_second_page_by_offset_in_document():
    document = pdf(TWO)
    start = document.text.index("valve daily")
    at = start - document.page_starts[1]
    assert len(boxes(TWO, 2, at, at + len("valve daily"), "valve daily")) == 1


PAGE = pdf(TWO).text[: pdf(TWO).page_starts[1] - 1]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(start=st.integers(0, 60), length=st.integers(1, 30), expected=st.text(max_size=30))
def test_boxes_only_for_the_very_text(start, length, expected):
    here = PAGE[start : start + length]
    end = start + len(here)
    assert boxes(TWO, 1, start, end, expected) == [] or expected == here
    assert bool(boxes(TWO, 1, start, end, here)) == bool(here.strip())


@pytest.mark.parametrize(("start", "end"), [(-3, 0), (0, 2), (0, 5), (400, 403)])
def test_offsets_that_do_not_fit_the_text(start, end):
    assert boxes(TWO, 1, start, end, "The") == []


@pytest.mark.parametrize("page", [0, 3])
def test_page_that_is_not_there(page):
    assert boxes(TWO, page, 0, 3, "The") == []
    with pytest.raises(NotInLibrary, match=f"no page {page}"):
        picture(TWO, page, 100)


def test_picture_size():
    wide = Image.open(io.BytesIO(picture(TWO, 1, 300)))
    assert wide.format == "PNG"
    assert wide.width == 300
    tall = Image.open(io.BytesIO(picture(make(["x"], size=(100, 2000)), 1, 1000)))
    assert tall.height == 10_000


def test_page_that_cannot_be_opened_is_named(monkeypatch):
    from pypdfium2 import PdfiumError, PdfPage

    real = PdfPage.get_textpage
    turns = iter([False, True])

    def open_page(page):
        if next(turns):
            raise PdfiumError("broken page")
        return real(page)

    monkeypatch.setattr(PdfPage, "get_textpage", open_page)
    document = pdf(TWO)
    assert document.warnings == ("Pages that could not be opened: 2.",)
    assert "Nobody" in document.text
    assert len(document.page_starts) == 2


def test_threads_do_not_disturb_each_other():
    def work(number):
        return pdf(TWO).text == expected and len(boxes(TWO, 1, 0, 8, "The pump")) == 1

    expected = pdf(TWO).text
    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(work, range(40)))
