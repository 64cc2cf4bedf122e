"""Readers of other packages, found by the entry-point group `lessons.readers` and loaded when first needed."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import EntryPoint, entry_points

from ingest.errors import UnreadableFile
from ingest.model import Document

GROUP = "lessons.readers"


def installed() -> dict[str, Callable[[bytes, str], Document]]:
    """The readers of installed packages by suffix (".tex"); of several for one suffix the first by name holds."""
    readers: dict[str, Callable[[bytes, str], Document]] = {}
    for point in sorted(entry_points(group=GROUP), key=lambda point: point.value):
        readers.setdefault("." + point.name.lower().lstrip("."), _lazy(point))
    return readers


def _lazy(point: EntryPoint) -> Callable[[bytes, str], Document]:
    """A reader that imports its package when it is first called; whatever goes wrong in it is its package's fault."""
    package = point.dist.name if point.dist else point.value

    def reader(data: bytes, name: str) -> Document:
        try:
            document = point.load()(data, name)
        except UnreadableFile:
            raise
        except Exception as error:
            cause = " ".join(f"{type(error).__name__}: {error}".split())[:300]
            raise UnreadableFile(
                f"The reader {point.value} of the package {package} failed ({cause}).",
                f"If the file is sound, update {package} or uninstall it.",
            ) from error
        if not isinstance(document, Document):
            raise UnreadableFile(
                f"The reader {point.value} of the package {package} returned no document.",
                f"Update {package} or uninstall it.",
            )
        return document

    return reader
