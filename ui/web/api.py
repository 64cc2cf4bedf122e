"""The HTTP API: the same questions, searches and counts as the command line, as JSON."""

from __future__ import annotations

import json
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, Response
from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from starlette.requests import Request

from assistant.brief import brief_plan, tasks_of
from assistant.tally import FIELDS, terms_of
from assistant.trends import SURVEYED
from assistant.trends import trends as survey
from index.filters import parse_filters
from ingest.encodable import encodable
from ingest.errors import (
    LessonsError,
    LibraryBusy,
    LibraryError,
    ModelError,
    NotAllowed,
    NotInLibrary,
    UnreadableFile,
    UsageError,
)
from ui.web.desk import Desk, Desks
from ui.web.identity import note_refusal
from ui.web.reference import reference_page

_STATUS: tuple[tuple[type[LessonsError], int], ...] = (
    (NotAllowed, 403),
    (NotInLibrary, 404),
    (LibraryBusy, 409),
    (UnreadableFile, 422),
    (UsageError, 422),
    (LibraryError, 503),
    (ModelError, 502),
)


FilterQuery = Annotated[list[str] | None, Query(alias="filter", description="`name=value`; may be repeated.")]


Text = Annotated[str, AfterValidator(encodable)]


class Question(BaseModel):
    """A question, filters such as `{"outcome": "failure"}`, and the earlier questions, oldest first.

    `ignore` names filters that are not to be read from the question's words: `["since"]`.
    """

    model_config = ConfigDict(extra="forbid")

    question: Text
    filters: dict[Text, Text] = Field(default_factory=dict)
    ignore: list[Text] = Field(default_factory=list, max_length=50)
    history: list[Annotated[Text, Field(max_length=10_000)]] = Field(default_factory=list, max_length=50)


class Plan(BaseModel):
    """A plan, ticket or test procedure as text, and filters."""

    model_config = ConfigDict(extra="forbid")

    plan: Annotated[Text, Field(max_length=200_000)]
    filters: dict[Text, Text] = Field(default_factory=dict)


async def say_error(request: Request, error: Exception) -> JSONResponse:
    """The exception handler for `LessonsError`: `reason` and `remedy`, with the status that fits."""
    assert isinstance(error, LessonsError)
    status = next((status for kind, status in _STATUS if isinstance(error, kind)), 500)
    if isinstance(error, NotAllowed):
        note_refusal(request, status)
    return JSONResponse({"reason": error.reason, "remedy": error.remedy}, status)


async def say_invalid(_: Request, error: Exception) -> Response:
    """The exception handler for a request of another form: what is wrong where, without what was sent."""
    assert isinstance(error, RequestValidationError)
    detail = [{name: each[name] for name in ("loc", "msg", "type")} for each in error.errors()]
    return Response(json.dumps({"detail": detail}), 422, media_type="application/json")


def api_routes(desks: Desks) -> APIRouter:
    """The routes under `/api`, the health check, and the page that describes them all."""
    router = APIRouter(tags=["api"])
    mine = Depends(desks)

    @router.post("/api/ask")
    def ask(body: Question, desk: Desk = mine) -> dict[str, Any]:
        """Answer a question; the keys are those of `lessons ask --json`."""
        with desk.busy.enter(desk.owner):
            return desk.assistant.ask(body.question, body.filters, body.history, body.ignore).to_json()

    @router.post("/api/brief")
    def brief(body: Plan, desk: Desk = mine) -> dict[str, Any]:
        """What was learned of each task of a plan; the keys are those of `lessons brief --json`."""
        with desk.busy.enter(desk.owner):
            return brief_plan(desk.library, tasks_of(body.plan), desk.assistant.settings, body.filters).to_json()

    @router.get("/api/search")
    def search(
        q: Annotated[str, Query(description="What to search for.")],
        k: Annotated[int, Query(ge=1, le=100, description="How many passages.")] = 10,
        filters: FilterQuery = None,
        desk: Desk = mine,
    ) -> dict[str, Any]:
        """Find passages; the keys are those of `lessons search --json`."""
        return desk.library.search(q, k, parse_filters(filters or [])).to_json()

    @router.get("/api/trends")
    def trends(
        by: Annotated[list[str] | None, Query(description=f"One of: {', '.join(FIELDS)}; may be repeated.")] = None,
        about: Annotated[str, Query(description="Words in one sentence; ` OR ` parts alternatives.")] = "",
        filters: FilterQuery = None,
        desk: Desk = mine,
    ) -> dict[str, Any]:
        """Count all records; the keys are those of `lessons trends --json`."""
        chosen = parse_filters(filters or [])
        return survey(desk.library, tuple(by or SURVEYED), chosen, terms_of(about)).to_json()

    @router.get("/api/gaps")
    def gaps(desk: Desk = mine) -> dict[str, Any]:
        """What was asked and not answered; the keys are those of `lessons gaps --json`."""
        return {"gaps": [gap.to_json() for gap in desk.gaps(date.today())]}

    @router.get("/api/status")
    def status(desk: Desk = mine) -> dict[str, Any]:
        """What the library holds; the keys are those of `lessons status --json`."""
        return desk.library.stats().to_json()

    @router.get("/healthz")
    def healthy() -> dict[str, str]:
        """Whether the server answers."""
        return {"status": "ok"}

    @router.get("/docs", include_in_schema=False)
    def reference(request: Request) -> HTMLResponse:
        return HTMLResponse(reference_page(request.app.openapi()))

    return router
