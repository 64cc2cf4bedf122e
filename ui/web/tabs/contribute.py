"""Contribute: what nobody could answer yet, what readers objected to, and the way to add documents."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Form
from fastapi.responses import HTMLResponse

from assistant.feedback import Item, Settled
from assistant.needs import Needs
from ui.web.desk import Desk, Desks, require
from ui.web.fill import fill

_GAPS = 50


def contribute_routes(desks: Desks) -> APIRouter:
    """The routes of the Contribute tab."""
    router = APIRouter(include_in_schema=False)
    mine = Depends(desks)

    @router.get("/parts/contribute", response_class=HTMLResponse)
    def contribute(desk: Desk = mine) -> str:
        return _contribute(desk)

    @router.post("/parts/gaps/forget", response_class=HTMLResponse)
    def forget(questions: Annotated[list[str], Form()], desk: Desk = mine) -> str:
        require(desk, "reviewer")
        Needs(desk.library.folder, desk.labels).forget(questions)
        return _contribute(desk)

    @router.post("/parts/reviews/{number}", response_class=HTMLResponse)
    def settle(number: int, how: Annotated[Settled, Form()], desk: Desk = mine) -> str:
        require(desk, "reviewer")
        desk.feedback.settle(number, how, desk.labels)
        return _contribute(desk)

    return router


def _reviews(desk: Desk) -> list[Item]:
    """The objections to answers whose records the person may see now."""
    return [
        item
        for item in desk.feedback.open_items(desk.labels)
        if desk.scope is None or all(map(desk.library.has_record, item.lesson_ids))
    ]


def _contribute(desk: Desk) -> str:
    return fill(
        "contribute.html",
        desk.locale,
        gaps=desk.gaps(date.today())[:_GAPS],
        reviews=_reviews(desk) if desk.may("reviewer") else None,
        may_add=desk.may("contributor"),
        may_review=desk.may("reviewer"),
    )
