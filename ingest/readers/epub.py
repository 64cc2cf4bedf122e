"""E-books: the documents of the spine in their order, each read as a web page."""

from __future__ import annotations

import posixpath
import re
import zipfile
from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import unquote

from ingest.errors import UnreadableFile
from ingest.model import Document
from ingest.readers.archive import open_archive, parse_xml
from ingest.readers.html import read_html
from ingest.readers.writer import Writer

if TYPE_CHECKING:
    from lxml.etree import _Element

_OPF = "{http://www.idpf.org/2007/opf}"
_DC = "{http://purl.org/dc/elements/1.1/}"
_CONTAINER = "META-INF/container.xml"
_ROOT = "{urn:oasis:names:tc:opendocument:xmlns:container}rootfile"
_CIPHER = "{http://www.w3.org/2001/04/xmlenc#}CipherReference"
_PAGES = frozenset({"application/xhtml+xml", "text/html"})
_CLOSED = re.compile(  # HTML knows no `<title/>` and would take all that follows for the title
    rb"<(?!(?:area|base|br|col|embed|hr|img|input|link|meta|source|track|wbr)[\s/])"
    rb"([A-Za-z][\w:-]*)((?:\s[^<>]*?)?)/>"
)


def read_epub(data: bytes, name: str) -> Document:
    """An `.epub` file; title, author and date are those of its package. Raises `UnreadableFile`."""
    archive = open_archive(data, "e-book", ".epub")
    names = set(archive.namelist())
    if _CONTAINER not in names:
        raise UnreadableFile("The file is no e-book.", "Give it the suffix of its real format.")
    root = next(parse_xml(archive.read(_CONTAINER)).iter(_ROOT)).get("full-path", "")
    package = parse_xml(archive.read(root))
    chapters = [path for path in _spine(package, posixpath.dirname(root)) if path in names]
    if _encrypted(archive, names) & set(chapters):
        raise UnreadableFile("The e-book is protected against copying.", "Get a copy without protection.")
    writer = Writer()
    for path in chapters:
        chapter = read_html(_CLOSED.sub(rb"<\1\2></\1>", archive.read(path)), path)
        if chapter.text.strip():
            writer.append(chapter, f"chapter {writer.pages + 1}")
    fields = _fields(package)
    return writer.document(fields.get("title", ""), fields)


def _spine(package: _Element, folder: str) -> Iterator[str]:
    """The paths of the book's documents in reading order, its table of contents left out."""
    items = {item.get("id"): item for item in package.iter(_OPF + "item")}
    for reference in package.iter(_OPF + "itemref"):
        item = items.get(reference.get("idref"))
        if item is None or item.get("media-type") not in _PAGES or "nav" in item.get("properties", "").split():
            continue
        yield posixpath.normpath(posixpath.join(folder, unquote(item.get("href", ""))))


def _encrypted(archive: zipfile.ZipFile, names: set[str]) -> set[str]:
    """The paths that are encrypted: often only fonts."""
    if "META-INF/encryption.xml" not in names:
        return set()
    listed = parse_xml(archive.read("META-INF/encryption.xml")).iter(_CIPHER)
    return {unquote(reference.get("URI", "")) for reference in listed}


def _fields(package: _Element) -> dict[str, str]:
    """What the package says of the book."""

    def values(tag: str) -> list[_Element]:
        return [each for each in package.iter(_DC + tag) if each.text and each.text.strip()]

    def text(*elements: _Element) -> str:
        return ", ".join(" ".join((each.text or "").split()) for each in elements)

    dates = [each for each in values("date") if each.get(_OPF + "event") != "modification"]
    found = {"title": text(*values("title")[:1]), "author": text(*values("creator")), "published": text(*dates[:1])}
    return {key: value for key, value in found.items() if value}
