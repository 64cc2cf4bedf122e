"""Outlook messages: the same message in Microsoft's container."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, cast

from ingest.errors import UnreadableFile
from ingest.model import Document
from ingest.readers.archive import OLE
from ingest.readers.mail import Attachment, Mail, html_body, mail_document, text_body
from ingest.readers.plain import decode

if TYPE_CHECKING:
    from oxmsg import Message
    from oxmsg.attachment import Attachment as Enclosed
    from oxmsg.properties import Properties
    from oxmsg.storage import Storage

_EMBEDDED_HEADER = 24  # bytes before the properties of a message inside another; in a file of its own there are 32
_EMBEDDED = "__substg1.0_3701000D"
_HTML = 0x1013
_CONTENT_ID = 0x3712
_SHORT_NAME = 0x3704
_DISPLAY_NAME = 0x3001
_DISPLAY_CC = 0x0E03
_DISPLAY_TO = 0x0E04


def read_msg(data: bytes, name: str) -> Document:
    """A `.msg` file. Raises `UnreadableFile`."""
    return mail_document(parse_msg(data))


def parse_msg(data: bytes) -> Mail:
    """The message in a `.msg` file. Raises `UnreadableFile` if it is none."""
    from oxmsg import Message

    if not data.startswith(OLE):
        raise UnreadableFile("The file is no Outlook message.", "Give it the suffix of its real format.")
    return _mail(Message.load(data))


def _mail(message: Message) -> Mail:
    own = message.properties
    plain = _clean(message.body)
    body = [text_body(plain)] if plain.strip() else [html_body(html)] if (html := _html(own)) else []
    return Mail(
        subject=" ".join(_clean(message.subject).split()),
        sender=" ".join(_clean(message.sender).split()),
        to=_clean(own.str_prop_value(_DISPLAY_TO)).strip(),
        cc=_clean(own.str_prop_value(_DISPLAY_CC)).strip(),
        sent=message.sent_date,
        body=body,
        attachments=[found for enclosed in message.attachments for found in _attachments(enclosed)],
    )


def _html(properties: Properties) -> str:
    """The HTML body, by its declared code page as far as that is true."""
    data = properties.binary_prop_value(_HTML)
    if data:
        return decode(data, properties.body_encoding)
    return _clean(properties.str_prop_value(_HTML))


def _attachments(enclosed: Enclosed) -> Iterator[Attachment]:
    """The file or message enclosed; pictures that the text shows are left out."""
    from oxmsg import Message
    from oxmsg.properties import Properties

    class Embedded(Message):
        @property
        def properties(self) -> Properties:
            return Properties(self._storage, properties_header_offset=_EMBEDDED_HEADER)

    own = enclosed.properties
    name = enclosed.file_name or own.str_prop_value(_SHORT_NAME) or own.str_prop_value(_DISPLAY_NAME)
    name = " ".join(_clean(name).split()) or "without a name"
    inner = next((each for each in cast("Storage", enclosed._storage).storages if each.name == _EMBEDDED), None)
    if inner is not None:
        yield Attachment(name, lambda: _mail(Embedded(inner)))
    elif not ((enclosed.mime_type or "").startswith("image/") and own.str_prop_value(_CONTENT_ID)):
        yield Attachment(name, enclosed.file_bytes or b"")


def _clean(text: str | None) -> str:
    return (text or "").replace("\0", "").replace("\r\n", "\n").replace("\r", "\n")
