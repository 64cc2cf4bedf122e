"""Library: all records and documents to browse and filter, a record with where each field comes from, and removal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query
from fastapi.responses import HTMLResponse
from starlette.requests import Request

from assistant.contradicting import contradicting
from index.columns import FACETS, Order
from index.filters import NAMES, check_filters
from index.hit import LessonView
from ui.web.desk import Desk, Desks, require
from ui.web.fill import fill
from ui.web.uploads import Uploads

PAGE = 25
_SHOWN = 8  # values of a facet before one asks for more
_ORDERS: Mapping[Order, str] = {
    "best": "Best match", "newest": "Newest first", "oldest": "Oldest first", "title": "By title", "id": "By number",
}  # fmt: skip
_METHODS: Mapping[str, str] = {
    "native": "from the source’s own field", "frontmatter": "from the front matter", "label": "stated in the text",
    "heading": "from a heading", "filename": "from the file’s name", "folder": "from its folder",
    "text": "read from the text",
}  # fmt: skip
_FIELDS = (
    "outcome", "kind", "maturity", "event_date", "written_date", "unit", "project", "phase", "severity", "owner",
    "collection", "access", "url", "supersedes", "superseded_by",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Told:
    """A field of a record: its value, how it was found, and where it stands in the source, if it does."""

    name: str
    value: str
    how: str
    start: int | None
    end: int | None


def library_routes(desks: Desks, uploads: Uploads) -> APIRouter:
    """The routes of the Library tab."""
    router = APIRouter(include_in_schema=False)
    mine = Depends(desks)

    @router.get("/parts/library", response_class=HTMLResponse)
    def library(
        request: Request,
        words: Annotated[str, Query(max_length=300)] = "",
        order: Order | None = None,
        at: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
        view: str = "",
        record: str = "",
        add: str = "",
        desk: Desk = mine,
    ) -> str:
        if record:
            return _record(desk, record)
        if add and desk.may("contributor"):
            return fill("adding_place.html", desk.locale)
        if view == "documents":
            return _documents(desk, uploads, words, at)
        filters = {name: value for name, value in request.query_params.items() if name in NAMES and value}
        return _records(desk, filters, words, order or ("best" if words.strip() else "newest"), at)

    @router.delete("/documents/{source_id}", response_class=HTMLResponse)
    def remove(
        source_id: int,
        words: Annotated[str, Query(max_length=300)] = "",
        at: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
        desk: Desk = mine,
    ) -> str:
        require(desk, "admin")
        path = desk.library.source(source_id).path
        desks.remove(path)
        if uploads.holds(Path(path)):
            uploads.remove(Path(path))
        return _documents(desk, uploads, words, at)

    return router


def _records(desk: Desk, filters: dict[str, str], words: str, order: Order, at: int) -> str:
    check_filters(filters)
    page = desk.library.browse(filters, words, order, at, PAGE)

    def address(**changed: str) -> str:
        asked = {"tab": "library", "words": words, "order": order, **filters, **changed}
        return "/?" + urlencode({name: value for name, value in asked.items() if value})

    return fill(
        "library.html",
        desk.locale,
        page=page,
        per_page=PAGE,
        facets={name: values for name, values in desk.library.facet_counts(filters, words).items() if values},
        names=FACETS,
        shown=_SHOWN,
        filters=filters,
        words=words,
        order=order,
        orders={name: label for name, label in _ORDERS.items() if words or name != "best"},
        address=address,
        may_add=desk.may("contributor"),
    )


def _record(desk: Desk, lesson_id: str) -> str:
    record = desk.library.get(lesson_id)
    return fill(
        "record.html",
        desk.locale,
        record=record,
        told=list(_told(record)),
        sections=[(section, _text(record, section)) for section in record.sections if _text(record, section).strip()],
        near=desk.library.neighbours(lesson_id),
        conflicts=contradicting(desk.library, record.lesson_id) if not record.archived else (),
        marks=desk.feedback.counts([record.lesson_id]).get(record.lesson_id),
        name=Path(record.source).name,
    )


def _told(record: LessonView) -> Iterator[Told]:
    for name in _FIELDS:
        value = record.fields.get(name)
        if value:
            found = record.provenance.get(name, {})
            how = _METHODS.get(found.get("method", ""), "told by what it holds")
            yield Told(name, str(value), how, found.get("start"), found.get("end"))
    for name in ("topics", "causes"):
        for tag in record.fields[name]:
            how = "suggested by the text" if tag["method"] == "text" else _METHODS[tag["method"]]
            yield Told(name.removesuffix("s"), tag["name"], how, tag["start"], tag["end"])
    for action in record.fields["actions"]:
        who = ", ".join(filter(None, (action["role"], action["due"], action["state"])))
        yield Told("action", action["text"], who, None, None)


def _text(record: LessonView, section: Mapping[str, object]) -> str:
    """A section's text without its heading."""
    start, end = int(str(section["start"])) - record.start, int(str(section["end"])) - record.start
    return record.text[start:end].strip().lstrip("#* ").removeprefix(str(section["heading"])).strip(":*#= \n-")


def _documents(desk: Desk, uploads: Uploads, words: str, at: int) -> str:
    page = desk.library.documents(at, PAGE, words)
    return fill(
        "documents.html",
        desk.locale,
        page=page,
        per_page=PAGE,
        words=words,
        may_remove=desk.may("admin"),
        may_add=desk.may("contributor"),
        names={row.path: Path(row.path).name for row in page.rows},
        uploaded={row.path for row in page.rows if uploads.holds(Path(row.path))},
    )
