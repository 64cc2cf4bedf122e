"""The documents behind citations: the file itself, a page as a picture, and a passage in its surroundings.

Only ids from the catalogue lead to files, and a file is shown only while it is the one that was indexed.
"""

from __future__ import annotations

from bisect import bisect_right
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import quote

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Depends, Query
from fastapi.responses import PlainTextResponse, Response
from starlette.requests import Request

from ingest.errors import NotInLibrary
from ui.web.desk import Desk, Desks
from ui.web.surroundings import surroundings

if TYPE_CHECKING:
    from index.hit import LessonView, SourceView

_DRAWN = 2  # pages drawn at once; more wait without taking a thread from others
_PDF = "application/pdf"
_SURROUNDINGS = 4000  # characters shown on either side of a quote
_IMAGES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
_READABLE = ("text/", "application/json", "application/xml", "application/xhtml+xml", "image/svg+xml", "message/")
_PRIVATE = {"Cache-Control": "no-store"}
# Not for PDFs: Safari shows a sandboxed one blank, and no browser lets a PDF's scripts reach the site it came from.
_SANDBOX = {**_PRIVATE, "Content-Security-Policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'"}

Offset = Annotated[int, Query(ge=0, description="Character offset into the extracted text.")]


class DocumentRefused(Exception):
    """A document cannot be shown; `message` is for the person who asked for it."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


async def say_refused(_: Request, refused: Exception) -> Response:
    """The exception handler for `DocumentRefused`: plain words with its status."""
    assert isinstance(refused, DocumentRefused)
    return PlainTextResponse(refused.message, refused.status, headers=_SANDBOX)


def document_routes(desks: Desks) -> APIRouter:
    """The routes under `/documents`.

    They answer 404 for what is not there, or not open to the person, 403 for what is open in part only, and 409 for a
    file that changed.
    """
    router = APIRouter(prefix="/documents", tags=["documents"])
    mine = Depends(desks)
    drawing = CapacityLimiter(_DRAWN)

    @router.get("/{source_id}", response_class=Response)
    def original(source_id: int, desk: Desk = mine) -> Response:
        """The file as it was indexed."""
        source = _whole(desk, source_id)
        return _serve(source, _data(source))

    @router.get("/{source_id}/pages/{page}.png", response_class=Response)
    async def page_picture(
        source_id: int, page: int, width: Annotated[int, Query(ge=200, le=3000)] = 1200, desk: Desk = mine
    ) -> Response:
        """A page of a PDF as a picture; pages count from 1."""
        picture = await to_thread.run_sync(_picture, desk, source_id, page, width, limiter=drawing)
        return Response(picture, media_type="image/png", headers=_SANDBOX)

    @router.get("/{source_id}/pages/{page}/boxes")
    async def page_boxes(
        source_id: int, page: int, start: Offset, end: Offset, desk: Desk = mine
    ) -> dict[str, list[dict[str, float]]]:
        """Where `start:end` lies on a page: `boxes` of `left top right bottom`, fractions of the page's size."""
        return {"boxes": await to_thread.run_sync(_boxes, desk, source_id, page, start, end, limiter=drawing)}

    @router.get("/{source_id}/text")
    def passage(source_id: int, start: Offset, end: Offset, desk: Desk = mine) -> dict[str, Any]:
        """The text at `start:end` with what is before and after it, as indexed: also when the file is gone.

        `html` is the same to read; `reference` names the record and the place, to be quoted elsewhere.
        """
        source = _source(desk, source_id)
        if not start < end <= len(source.text):
            raise DocumentRefused(404, "This document has no such passage.")
        first, last = max(0, start - _SURROUNDINGS), min(len(source.text), end + _SURROUNDINGS)
        record = desk.library.record_at(source_id, start)
        page = bisect_right(source.page_starts, start) or None
        headings = {each["start"] for each in record.sections if each["heading"]} if record else set()
        return {
            "source_id": source_id,
            "title": record.title if record else source.title or Path(source.path).name,
            "name": Path(source.path).name,
            "lesson_id": record.lesson_id if record else None,
            "before": ("… " if first else "") + source.text[first:start],
            "quote": source.text[start:end],
            "after": source.text[end:last] + (" …" if last < len(source.text) else ""),
            "html": surroundings(source.text, (start, end), (first, last), headings),
            "reference": _reference(source, record, page, source.text[start:end]),
            "page": page,
            "pages": len(source.page_starts) if source.media_type == _PDF and source.whole else 0,
            "whole": source.whole,
        }

    return router


def _picture(desk: Desk, source_id: int, page: int, width: int) -> bytes:
    from ingest.readers import pdf_pages

    source = _whole(desk, source_id)
    _page_span(source, page)
    return pdf_pages.picture(_data(source), page, width)


def _boxes(desk: Desk, source_id: int, page: int, start: int, end: int) -> list[dict[str, float]]:
    from ingest.readers import pdf_pages

    source = _whole(desk, source_id)
    page_start, page_end = _page_span(source, page)
    start = max(start, page_start)
    # The line break that ends a page's text is the reader's; the page itself does not have it.
    quote = source.text[start : min(end, page_end)].rstrip()
    at = start - page_start
    boxes = pdf_pages.boxes(_data(source), page, at, at + len(quote), quote)
    return [{side: getattr(box, side) for side in ("left", "top", "right", "bottom")} for box in boxes]


def _reference(source: SourceView, record: LessonView | None, page: int | None, quoted: str) -> str:
    """`Title (id), unit, date. file, page 3: “quote”`."""
    fields = record.fields if record else {}
    name = f"{record.title} ({record.lesson_id})" if record else source.title
    about = ", ".join(filter(None, (name, fields.get("unit"), fields.get("event_date") or fields.get("written_date"))))
    place = f", page {page}" if page else ""
    return f"{about}. {Path(source.path).name}{place}: “{' '.join(quoted.split())}”"


def _whole(desk: Desk, source_id: int) -> SourceView:
    source = _source(desk, source_id)
    if not source.whole:
        raise DocumentRefused(403, "Parts of this document are not open to you. What is open is shown as text.")
    return source


def _source(desk: Desk, source_id: int) -> SourceView:
    try:
        return desk.library.source(source_id)
    except NotInLibrary as error:
        raise DocumentRefused(404, "The library holds no such document.") from error


def _data(source: SourceView) -> bytes:
    name = Path(source.path).name
    try:
        data = Path(source.path).read_bytes()
    except OSError as error:
        raise DocumentRefused(404, f"{name} is no longer where it was when it was indexed.") from error
    if sha256(data).hexdigest() != source.sha256:
        raise DocumentRefused(
            409, f"{name} has changed since it was indexed, so the quoted passage may not be in it. Index it again."
        )
    return data


def _page_span(source: SourceView, page: int) -> tuple[int, int]:
    if source.media_type != _PDF or not 1 <= page <= len(source.page_starts):
        raise DocumentRefused(404, "This document has no such page.")
    ends = (*source.page_starts[1:], len(source.text))
    return source.page_starts[page - 1], ends[page - 1]


def _serve(source: SourceView, data: bytes) -> Response:
    """PDFs and pictures as they are, anything a browser might run as plain text, the rest as a download."""
    name = Path(source.path).name
    disposition = f"inline; filename*=UTF-8''{quote(name)}"
    if source.media_type == _PDF:
        return Response(data, media_type=_PDF, headers={**_PRIVATE, "Content-Disposition": disposition})
    if source.media_type in _IMAGES:
        return Response(data, media_type=source.media_type, headers={**_SANDBOX, "Content-Disposition": disposition})
    if source.media_type.startswith(_READABLE):
        return PlainTextResponse(data, headers={**_SANDBOX, "Content-Disposition": disposition})
    download = disposition.replace("inline", "attachment", 1)
    return Response(data, media_type="application/octet-stream", headers={**_SANDBOX, "Content-Disposition": download})
