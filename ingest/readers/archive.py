"""Zip archives and the XML in them, looked over before a library opens them. Nothing is ever unpacked to disk."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from typing import TYPE_CHECKING
from xml.parsers import expat

from ingest.errors import UnreadableFile

if TYPE_CHECKING:
    from lxml.etree import _Element

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""How the container of the old office formats, and of a document with a password, begins."""

_MOST_BYTES = 400 * 2**20  # unpacked
_MOST_ENTRIES = 20_000
_MOST_RATIO = 200  # unpacked to packed; ordinary files stay under 30
_SMALL = 20 * 2**20  # unpacked: too little to do harm, whatever its ratio
_DEFLATE_RATIO = 1032  # the most that the algorithm can reach
_CHUNK = 2**16
_LONGEST_PROLOG = 16  # chunks before the root element
_ENCRYPTED = 1  # flag


def open_archive(data: bytes, what: str, suffix: str) -> zipfile.ZipFile:
    """The archive in `data`, checked. `what` names the format for messages ("Word document"), `suffix` its own.

    Raises `UnreadableFile` for what is no archive, is locked, or would unpack to an absurd size.
    """
    if data.startswith(OLE):
        raise UnreadableFile(
            f"The {what} is protected by a password or in an older format.",
            f"Open it in the program it was made with and save a copy as {suffix} without a password.",
        )
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise UnreadableFile(
            f"The file is damaged or not a {what}: {error}.",
            f"Open it in the program it was made with and save it again as {suffix}.",
        ) from error
    parts = archive.infolist()
    if any(part.flag_bits & _ENCRYPTED for part in parts):
        raise UnreadableFile(f"The {what} is protected by a password.", "Save a copy without a password.")
    unpacked, packed = sum(part.file_size for part in parts), sum(part.compress_size for part in parts)
    if len(parts) > _MOST_ENTRIES:
        _bomb(what, f"holds {len(parts):,} files")
    if unpacked > _MOST_BYTES or (unpacked > _SMALL and unpacked > _MOST_RATIO * packed):
        _bomb(what, f"unpacks to {unpacked / 2**20:,.0f} MB from {packed / 2**20:.1f} MB")
    if any(_lies(data, part) for part in parts):
        _bomb(what, "unpacks to more than it says")
    return archive


def open_office(data: bytes, what: str, folder: str, suffix: str) -> zipfile.ZipFile:
    """The same for an Office Open XML file, whose content is in `folder`; its XML must not declare a document type.

    The standard forbids such declarations, and they are how entities are made to expand without end.
    """
    archive = open_archive(data, what, suffix)
    names = archive.namelist()
    if not any(name.startswith(folder) for name in names):
        raise UnreadableFile(f"The file is no {what}.", "Give it the suffix of its real format.")
    for name in names:
        if _declares_type(archive, name):
            raise UnreadableFile(
                f"The {what} declares XML entities in {name}, as an attack does.",
                "If you trust it, open it in the program it was made with and save it again.",
            )
    return archive


def parse_xml(data: bytes) -> _Element:
    """The root of an XML document; no entity is expanded and nothing is fetched.

    Raises `UnreadableFile` if it declares entities, `lxml.etree.XMLSyntaxError` if it is broken.
    """
    from lxml import etree

    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    root = etree.fromstring(data, parser)
    declared = root.getroottree().docinfo.internalDTD
    if declared is not None and declared.entities():
        raise UnreadableFile(
            "The file declares XML entities, as an attack does.",
            "If you trust it, open it in the program it was made with and save it again.",
        )
    return root


def _bomb(what: str, how: str) -> None:
    raise UnreadableFile(
        f"The {what} {how}, as a zip bomb does.",
        "If you trust it, open it, remove what is not text and save it again.",
    )


def _lies(data: bytes, part: zipfile.ZipInfo) -> bool:
    """Whether a part unpacks to more than its header says: `zipfile` unpacks it all before it cuts it off."""
    if part.compress_type == zipfile.ZIP_STORED:
        return part.file_size > part.compress_size
    if part.compress_type != zipfile.ZIP_DEFLATED:
        return True  # no office format uses another, and what it would unpack to cannot be bounded
    if part.compress_size * _DEFLATE_RATIO <= _SMALL:
        return False
    name, extra = struct.unpack_from("<HH", data, part.header_offset + 26)
    start = part.header_offset + 30 + name + extra
    packed, size, inflate = memoryview(data)[start : start + part.compress_size], 0, zlib.decompressobj(-15)
    left: bytes | memoryview = b""
    for at in range(0, len(packed), _CHUNK):
        left = packed[at : at + _CHUNK]
        while left and size <= part.file_size:
            size += len(inflate.decompress(left, _CHUNK * 16))
            left = inflate.unconsumed_tail
    return size > part.file_size


class _Seen(Exception):
    """The parser met a document type or the root element."""


def _declares_type(archive: zipfile.ZipFile, name: str) -> bool:
    """Whether a part is XML with a document type; what is not XML stops the parser at once."""

    def declared(*_: object) -> None:
        raise _Seen("type")

    def root(*_: object) -> None:
        raise _Seen("root")

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler, parser.StartElementHandler = declared, root
    try:
        with archive.open(name) as stream:
            for _ in range(_LONGEST_PROLOG):
                parser.Parse(stream.read(_CHUNK))
    except _Seen as seen:
        return str(seen) == "type"
    except expat.ExpatError:
        return False
    return archive.getinfo(name).file_size > _LONGEST_PROLOG * _CHUNK
