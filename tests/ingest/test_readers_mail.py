"""Mail messages and what is attached to them."""

import io
from dataclasses import replace
from email.message import EmailMessage
from pathlib import Path
from types import SimpleNamespace

import docx
import pytest

from ingest.errors import UnreadableFile
from ingest.exchange import to_markdown
from ingest.metadata import metadata
from ingest.model import Document
from ingest.readers import msg, read
from ingest.recognise import recognise

REPLY = "Agreed.\n\n> On Monday Bo wrote:\n>> The pump failed.\n"


def message(subject="Pump failure", text=REPLY):
    made = EmailMessage()
    made["Subject"] = subject
    made["From"] = '"Ann Officer" <ann@project.example>'
    made["To"] = "Bo <bo@unit.example>"
    made["Date"] = "Sun, 14 Mar 2021 23:30:00 -0500"
    if text:
        made.set_content(text)
    return made


def eml(made):
    return read(Path("mail.eml"), made if isinstance(made, bytes) else made.as_bytes())


def word(text):
    made, stream = docx.Document(), io.BytesIO()
    made.add_heading("Findings", 1)
    made.add_paragraph(text)
    made.save(stream)
    return stream.getvalue()


HEAD = "Pump failure\n\nFrom: Ann Officer <ann@project.example>\nTo: Bo <bo@unit.example>\nDate: 2021-03-14 23:30-05:00"


def test_message():
    document = eml(message())
    assert document.text == f"{HEAD}\n\n{REPLY.rstrip()}"
    assert document.title == "Pump failure"
    assert document.fields == {
        "title": "Pump failure", "author": "Ann Officer", "to": "Bo <bo@unit.example>", "date": "2021-03-14",
    }  # fmt: skip
    assert (document.page_names, document.page_starts) == (("message",), (0,))
    assert [(h.title, h.start) for h in document.headings] == [("Pump failure", 0)]
    found = metadata(document, Path("mail.eml"))
    assert {"project", "unit"}.isdisjoint(found)
    assert (found["event_date"].value, found["owner"].value) == ("2021-03-14", "Ann Officer")


def test_plain_text_is_preferred_and_html_read_where_there_is_none():
    both = message()
    both.add_alternative("<p>in HTML</p>", subtype="html")
    assert eml(both).text == eml(message()).text
    alone = message(text="")
    alone.set_content("<h2>Cause</h2><p>Cold &amp; wet</p><script>x</script>", subtype="html")
    assert eml(alone).text == f"{HEAD}\n\nCause\n\nCold & wet"
    assert [heading.title for heading in eml(alone).headings] == ["Pump failure", "Cause"]
    blank = message(text=" \n")
    blank.add_alternative("<p>in HTML</p>", subtype="html")
    assert eml(blank).text.endswith("\n\nin HTML")


def test_attachments_are_further_pages():
    made = message()
    made.add_attachment(word("Ice in the valve."), maintype="application", subtype="x", filename="find\u00adings.docx")
    made.add_attachment(b"a picture", maintype="image", subtype="gif", filename="a.gif")
    made.add_attachment(b"broken", maintype="application", subtype="pdf", filename="b.pdf")
    made.add_attachment(b"logo", maintype="image", subtype="png", filename="logo.png", cid="<1@x>")
    document = eml(made)
    assert document.page_names == ("message", "attachment find\u00adings.docx")
    start = document.text.index("Findings")
    assert document.page_starts == (0, start)
    assert document.text[start:] == "Findings\n\nIce in the valve."
    assert (document.headings[1].title, document.headings[1].start) == ("Findings", start)
    assert document.warnings[0] == "The attachment a.gif was not read: There is no reader for .gif."
    assert document.warnings[1].startswith("The attachment b.pdf was not read: ")
    assert len(document.warnings) == 2


def test_attached_log_gives_records_beside_the_message():
    made = message()
    made.add_attachment(b"Title,Lesson\nValve,Grease it\n", maintype="text", subtype="csv", filename="log.csv")
    document = eml(made)
    assert [(each.fields["title"], each.fields.get("kind")) for each in document.records] == [
        ("Pump failure", "reference"), ("Valve", None),
    ]  # fmt: skip
    record = document.records[1]
    assert document.text[record.start : record.end] == "Valve\n\nLesson\nGrease it"
    assert document.headings == ()


NOTE = b"---\naccess: board\n---\nThe pump stopped.\n"
LOG = b'{"access": "board", "records": [{"title": "Valve", "lesson": "x"}, {"title": "Tent", "access": "legal"}]}'
EXPORT = to_markdown(
    replace(recognise(Document("The pump stopped."), Path("pump.md"))[0], access="board"), "The pump stopped.", ""
).encode()


def labels(made):
    return [each.access for each in recognise(eml(made), Path("mail.eml"))]


@pytest.mark.parametrize(
    ("text", "name", "data", "found"),
    [("See below.", "a.md", NOTE, ["board"]), ("Access: restricted", "a.md", NOTE, ["board; restricted"]),
     ("\n\n".join(["Text."] * 50), "a.txt", b"Access label: board\n\nThe pump stopped.", ["board"]),
     ("See below.", "a.json", LOG, ["board", "board", "legal; board"]),
     ("Access: restricted", "a.csv", b"title,lesson\nValve,Grease it\n", ["restricted", "restricted"]),
     ("See below.", "a.md", EXPORT, ["board"]), ("See below.", "a.md", b"The pump stopped.", [None])],
)  # fmt: skip
def test_what_closes_an_attachment_closes_the_message(text, name, data, found):
    made = message(text=text)
    made.add_attachment(data, maintype="application", subtype="x", filename=name)
    assert labels(made) == found
    outer = message("Fwd", "\n\n".join(["See below."] * 50))
    outer.add_attachment(made)
    parts = [label and set(label.split("; ")) for label in labels(outer)]
    expected = [label and set(label.split("; ")) for label in found]
    assert parts == (expected if len(found) == 1 else [expected[0], *expected])


def test_messages_in_messages_two_deep():
    made = message("one", "first")
    for subject in ("two", "three", "four"):
        outer = message(subject, subject)
        outer.add_attachment(made)
        made = outer
    document = eml(made)
    assert document.page_names == ("message", "attachment three", "attachment three, attachment two")
    assert "first" not in document.text
    assert document.warnings == ("The attachment one was not read: It is attached more than 2 messages deep.",)


def test_attached_message_file():
    made = message()
    inner = message("Inner", "Text.").as_bytes()
    made.add_attachment(inner, maintype="application", subtype="octet-stream", filename="inner.eml")
    document = eml(made)
    assert document.page_names == ("message", "attachment inner.eml")
    assert document.text.endswith("\n\nText.")


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"Subject: =?utf-8?q?Caf=C3=A9?=\n\nText.", "Café\n\nText."),
        (b"Date: soon\nTo: a@b\n\nText.", "To: a@b\n\nText."),
        (b"\nSubject: x\nContent-Type: text/plain; charset=cp1252\n\nna\xefve", "x\n\nnaïve"),
        (b"Subject: x\nContent-Type: text/plain; charset=none-such\n\nplain", "x\n\nplain"),
    ],
)
def test_odd_headers(raw, text):
    assert eml(raw).text == text


def test_header_that_the_standard_parser_stumbles_over(monkeypatch):
    def stumble(self, name):
        raise IndexError

    made = message()
    monkeypatch.setattr(EmailMessage, "__getitem__", stumble)
    assert eml(made.as_bytes()).title == "Pump failure"


def test_sender_without_a_name():
    assert eml(b"From: ann@project.example\n\nText.").fields == {"author": "ann"}


def test_no_message():
    with pytest.raises(UnreadableFile, match="no mail message"):
        eml(b"just text\n\nmore")
    with pytest.raises(UnreadableFile, match="no Outlook message"):
        read(Path("a.msg"), b"From: x\n\ntext")


class Properties:
    """The properties of an Outlook message, as `oxmsg` gives them."""

    body_encoding = "cp1252"

    def __init__(self, **values):
        self.values = {int(key[1:], 16): value for key, value in values.items()}

    def str_prop_value(self, key):
        value = self.values.get(key)
        return value if isinstance(value, str) else None

    def binary_prop_value(self, key):
        value = self.values.get(key)
        return value if isinstance(value, bytes) else None


def outlook(monkeypatch, body=None, attachments=(), **values):
    made = SimpleNamespace(
        body=body, subject="Pump\0 failure", sender="Ann <ann@x>", sent_date=None, attachments=attachments,
        properties=Properties(x0E04="Bo", **values),
    )  # fmt: skip
    monkeypatch.setattr("oxmsg.Message.load", lambda data: made)
    return msg.read_msg(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "a.msg")


@pytest.mark.parametrize(
    ("body", "values", "text"),
    [
        ("Plain\r\nlines\r\n", {"x1013": b"<p>x</p>"}, "Plain\nlines"),
        (" ", {"x1013": "<p>na\xefve</p>".encode("cp1252")}, "naïve"),
        (None, {"x1013": "<p>older</p>"}, "older"),
    ],
)
def test_outlook_body(monkeypatch, body, values, text):
    document = outlook(monkeypatch, body, **values)
    assert document.text == f"Pump failure\n\nFrom: Ann <ann@x>\nTo: Bo\n\n{text}"


def test_outlook_attachments(monkeypatch):
    def enclosed(name, data, mime="text/plain", **values):
        return SimpleNamespace(
            file_name=name, file_bytes=data, mime_type=mime, properties=Properties(**values),
            _storage=SimpleNamespace(storages=()),
        )  # fmt: skip

    attachments = (
        enclosed("a.txt", b"In a file."),
        enclosed(None, b"Short name.", x3704="B.TXT"),
        enclosed(None, None),
        enclosed("logo.png", b"x", "image/png", x3712="1@x"),
    )
    document = outlook(monkeypatch, "Body", attachments)
    assert document.page_names == ("message", "attachment a.txt", "attachment B.TXT")
    assert document.text.endswith("Body\n\nIn a file.\n\nShort name.")
    assert document.warnings == (
        "The attachment without a name was not read: There is no reader for a file without a suffix.",
    )


def test_outlook_message_inside_another(monkeypatch):
    storage = SimpleNamespace(name="__substg1.0_3701000D")
    inner = SimpleNamespace(
        file_name="Inner", file_bytes=None, mime_type=None, properties=Properties(),
        _storage=SimpleNamespace(storages=(storage,)),
    )  # fmt: skip
    opened = []

    def properties(given, properties_header_offset):
        opened.append((given, properties_header_offset))
        return Properties(x0E04="Cy")

    monkeypatch.setattr("oxmsg.properties.Properties", properties)
    monkeypatch.setattr("oxmsg.Message.body", "Inner text")
    monkeypatch.setattr("oxmsg.Message.subject", "Inner")
    monkeypatch.setattr("oxmsg.Message.sender", None)
    monkeypatch.setattr("oxmsg.Message.sent_date", None)
    monkeypatch.setattr("oxmsg.Message.attachments", ())
    document = outlook(monkeypatch, "Body", (inner,))
    assert document.text.endswith("Body\n\nInner\n\nTo: Cy\n\nInner text")
    assert opened == [(storage, 24)]


def test_real_outlook_message(shared):
    path = shared / "documents" / "format-samples" / "haystack_sample.msg"
    document = read(path, path.read_bytes())
    assert document.page_names[:3] == (
        "message", "attachment sample_pdf_1.pdf, page 1", "attachment sample_pdf_1.pdf, page 2",
    )  # fmt: skip
    assert document.fields["date"] == "2025-02-17"
    assert document.text[document.page_starts[1] :].startswith("A sample PDF file")
