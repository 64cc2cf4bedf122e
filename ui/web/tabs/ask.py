"""Beside the conversation: those held before, the filters to choose from, and marks for answers."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query
from fastapi.responses import HTMLResponse, Response

from assistant.feedback import Reason
from ingest.errors import NotInLibrary
from ui.web.desk import Desk, Desks
from ui.web.download import DOCX, MARKDOWN, download
from ui.web.export import to_docx, to_markdown
from ui.web.fill import fill, macro
from ui.web.history import KeptTurn, readable

_RECENT, _SEARCHABLE = 50, 8  # conversations listed, and from how many on they can be searched
_LONGEST_NAME = 60  # characters of a file's name
_MOST_CHOICES = 200  # of a filter


def ask_routes(desks: Desks) -> APIRouter:
    """The routes that the Ask tab uses."""
    router = APIRouter(include_in_schema=False)
    mine = Depends(desks)

    @router.get("/parts/recent", response_class=HTMLResponse)
    def recent(search: Annotated[str, Query(max_length=200)] = "", desk: Desk = mine) -> str:
        return _recent(desk, search)

    @router.get("/parts/filters", response_class=HTMLResponse)
    def filters(desk: Desk = mine) -> str:
        facets = desk.library.facets()
        years = [(year, 0) for year, _ in sorted(facets.get("year", ()), reverse=True)]
        fields = [
            *(
                (name, name.capitalize(), "Any", facets.get(name, ())[:_MOST_CHOICES])
                for name in ("outcome", "unit", "project")
            ),
            ("since", "From year", "Any", years),
            ("until", "To year", "Any", years),
        ]
        return fill("filters.html", desk.locale, fields=fields)

    @router.delete("/conversations/{kept}", response_class=HTMLResponse)
    def forget(kept: str, desk: Desk = mine) -> str:
        desk.history.forget(desk.owner, kept)
        return _recent(desk)

    @router.delete("/conversations", response_class=HTMLResponse)
    def forget_all(desk: Desk = mine) -> str:
        desk.history.forget_all(desk.owner)
        return _recent(desk)

    @router.get("/conversations/{kept}.md")
    def markdown(kept: str, desk: Desk = mine) -> Response:
        title, turns = _kept(desk, kept)
        return download(to_markdown(turns, title).encode(), MARKDOWN, f"{title}.md")

    @router.get("/conversations/{kept}.docx")
    def docx(kept: str, desk: Desk = mine) -> Response:
        title, turns = _kept(desk, kept)
        return download(to_docx(turns, title), DOCX, f"{title}.docx")

    @router.post("/conversations/{kept}/{number}/feedback", response_class=HTMLResponse)
    def mark(
        kept: str,
        number: int,
        reason: Annotated[Reason, Form()],
        comment: Annotated[str, Form(max_length=2000)] = "",
        desk: Desk = mine,
    ) -> str:
        turns = desk.history.turns(desk.owner, kept)
        answer = turns[number].answer if 0 <= number < len(turns) else None
        if answer is None or not readable(turns[number], desk.library):
            raise NotInLibrary("There is no such answer.", "Ask again, then mark the new answer.")
        desk.feedback.note(answer, reason, comment, desk.left_with, date.today(), key=f"{kept}/{number}")
        desk.history.mark(desk.owner, kept, number, reason)
        return macro("answer.html", "marked", reason)

    return router


def _recent(desk: Desk, search: str = "") -> str:
    found = desk.history.conversations(desk.owner, _RECENT, search)
    if search and desk.scope:  # what is withheld cannot be looked for either
        found = [
            one for one in found if all(readable(turn, desk.library) for turn in desk.history.turns(desk.owner, one.id))
        ]
    return fill(
        "recent.html",
        desk.locale,
        conversations=found,
        search=search,
        searchable=_SEARCHABLE,
        person=desk.person,
    )


def _kept(desk: Desk, kept: str) -> tuple[str, list[KeptTurn]]:
    """A conversation's title, and those of its turns that the person may still see."""
    turns = [turn for turn in desk.history.turns(desk.owner, kept) if readable(turn, desk.library)]
    if not turns:
        raise NotInLibrary("Nothing of this conversation is open to you now.", "Ask again for what is there.")
    return " ".join(turns[0].question.split())[:_LONGEST_NAME], turns
