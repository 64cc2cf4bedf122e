"""Mail messages: the message is the first page, each attachment that can be read follows on pages of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import parseaddr, parsedate_to_datetime
from pathlib import Path
from typing import cast

from ingest.errors import UnreadableFile
from ingest.metadata import metadata, record_metadata
from ingest.model import Document, Record
from ingest.readers.html import read_html
from ingest.readers.plain import decode, headings
from ingest.readers.writer import Writer
from ingest.values import joined_access

DEEPEST = 2  # an attachment of the message is 1 deep, one of a message attached to it 2

_HEADERS = ("from", "to", "subject", "date", "received")


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file attached, as its bytes, or a message attached, as what reads it."""

    name: str
    data: bytes | Callable[[], Mail]


@dataclass(frozen=True, slots=True)
class Mail:
    """A message. Addresses are as written (`"A. Officer" <a@example.org>`), each text of the body is a document."""

    subject: str
    sender: str
    to: str
    cc: str
    sent: datetime | None
    body: Sequence[Document]
    attachments: Sequence[Attachment]


@dataclass(frozen=True, slots=True)
class _Noted:
    """What attachments gave rise to: warnings, and the labels of who may read them."""

    warnings: list[str] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)


def read_eml(data: bytes, name: str) -> Document:
    """An `.eml` file. Raises `UnreadableFile`."""
    return mail_document(parse_eml(data))


def mail_document(mail: Mail) -> Document:
    """The message and its attachments; the subject is the title. What closes an attachment closes all of it."""
    writer, noted = Writer(), _Noted()
    _write(writer, mail, "message", 1, noted)
    if writer.records:  # of which none is asked what the text around it says
        noted.labels.extend(label for text in mail.body for label in _labels(text))
    name, address = parseaddr(mail.sender)
    found = {
        "title": mail.subject,
        "author": name or address.partition("@")[0],
        "to": mail.to,
        "date": mail.sent.date().isoformat() if mail.sent else "",
    }
    if label := joined_access(noted.labels):
        found["access"] = label
        writer.records = [_closed(record, label) for record in writer.records]
    return writer.document(mail.subject, {key: value for key, value in found.items() if value}, noted.warnings)


def text_body(text: str) -> Document:
    """A body in plain text; quoted replies stay as they are."""
    text = text.strip("\n").rstrip()
    return Document(text, headings=headings(text))


def html_body(markup: str) -> Document:
    """A body in HTML."""
    return read_html(markup.encode("utf-8", "replace"), "")


def _labels(document: Document) -> Iterator[str]:
    """Who may read it, as it states for all of it."""
    yield from (lesson.access for lesson in document.lessons if lesson.access)
    whole = Document("", fields=document.fields) if document.records else document
    if stated := metadata(whole, Path()).get("access"):
        yield stated.value


def _closed(record: Record, label: str) -> Record:
    """A record with a label of its own, closed by another as well."""
    own = record_metadata(record.fields).get("access")
    return replace(record, fields={**record.fields, "access": joined_access((own.value, label))}) if own else record


def _write(writer: Writer, mail: Mail, page: str, depth: int, noted: _Noted) -> None:
    writer.page(page)
    if mail.subject:
        writer.heading(1, mail.subject)
    sent = mail.sent.isoformat(" ", "minutes") if mail.sent else ""
    lines = (("From", mail.sender), ("To", mail.to), ("Cc", mail.cc), ("Date", sent))
    if stated := "\n".join(f"{label}: {value}" for label, value in lines if value):
        writer.write(stated)
    for text in mail.body:
        if text.text.strip():
            writer.append(text)
            noted.labels.extend(_labels(text) if depth > 1 else ())
    for attachment in mail.attachments:
        where = f"attachment {attachment.name}"
        try:
            _attach(writer, attachment, where if depth == 1 else f"{page}, {where}", depth, noted)
        except UnreadableFile as error:
            noted.warnings.append(f"The attachment {attachment.name} was not read: {error.reason}")


def _attach(writer: Writer, attachment: Attachment, page: str, depth: int, noted: _Noted) -> None:
    from ingest.readers import read
    from ingest.readers.msg import parse_msg

    if depth > DEEPEST:
        raise UnreadableFile(f"It is attached more than {DEEPEST} messages deep.", "Save it as a file of its own.")
    path, data = Path(attachment.name), attachment.data
    parse = {".eml": parse_eml, ".msg": parse_msg}.get(path.suffix.lower())
    if not isinstance(data, bytes):
        _write(writer, data(), page, depth + 1, noted)
    elif parse:
        _write(writer, parse(data), page, depth + 1, noted)
    else:
        document = read(path, data)
        writer.append(document, page)
        noted.labels.extend(_labels(document))
        noted.warnings.extend(f"Attachment {attachment.name}: {warning}" for warning in document.warnings)


def parse_eml(data: bytes) -> Mail:
    """The message in an `.eml` file. Raises `UnreadableFile` if it has none of the headers that a message has."""
    message = message_from_bytes(data.lstrip(), policy=policy.default)
    if not any(header in message for header in _HEADERS):
        raise UnreadableFile("The file is no mail message.", "Give it the suffix of its real format.")
    return _mail(message)


def _mail(message: EmailMessage) -> Mail:
    body: list[Document] = []
    attachments: list[Attachment] = []
    for part in _leaves(message):
        kind = part.get_content_type()
        if part.get_content_maintype() == "message":
            attachments += _enclosed(part)
        elif kind in ("text/plain", "text/html") and not part.is_attachment() and not part.get_filename():
            text = decode(_payload(part), part.get_content_charset() or "")
            body.append(text_body(text) if kind == "text/plain" else html_body(text))
        elif (name := part.get_filename()) and not (kind.startswith("image/") and part["content-id"]):
            attachments.append(Attachment(" ".join(name.split()), _payload(part)))
    return Mail(
        subject=_header(message, "subject"),
        sender=_header(message, "from"),
        to=_header(message, "to"),
        cc=_header(message, "cc"),
        sent=_sent(_header(message, "date")),
        body=body,
        attachments=attachments,
    )


def _leaves(part: EmailMessage) -> Iterator[EmailMessage]:
    """The parts that hold something; of the same text in several formats the plain one."""
    if not part.is_multipart() or part.get_content_maintype() == "message":
        yield part
        return
    leaves = [leaf for child in part.iter_parts() for leaf in _leaves(cast(EmailMessage, child))]
    plain = part.get_content_subtype() == "alternative" and any(
        leaf.get_content_type() == "text/plain" and _payload(leaf).strip() for leaf in leaves
    )
    yield from (leaf for leaf in leaves if not (plain and leaf.get_content_type() == "text/html"))


def _enclosed(part: EmailMessage) -> Iterator[Attachment]:
    """The messages in a part that encloses some."""
    for inner in part.iter_parts():
        inner = cast(EmailMessage, inner)
        subject = part.get_filename() or _header(inner, "subject") or "message"
        yield Attachment(" ".join(subject.split()), lambda inner=inner: _mail(inner))  # type: ignore[misc]


def _payload(part: EmailMessage) -> bytes:
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""


def _header(message: EmailMessage, name: str) -> str:
    """A header as one line."""
    try:
        value = str(message[name] or "")
    except Exception:  # noqa: BLE001 - the standard parser stumbles over some headers that others send
        value = next((str(raw) for key, raw in message.raw_items() if key.lower() == name), "")
    return " ".join(value.split())


def _sent(value: str) -> datetime | None:
    try:
        return parsedate_to_datetime(value)
    except ValueError:
        return None
