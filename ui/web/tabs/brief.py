"""Brief: a plan is pasted or dropped, its tasks come back one by one with what was learned of each."""

from __future__ import annotations

import secrets
import tempfile
import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path, PurePath
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query, UploadFile
from fastapi.responses import HTMLResponse, Response, StreamingResponse
from markupsafe import Markup

from assistant.brief import MAX_TASKS, Brief, Task, TaskBrief, brief_tasks, tasks_of
from index.filters import parse_filters
from ingest.errors import NotInLibrary, UnreadableFile, UsageError
from ingest.pool import ReaderPool
from ingest.scan import File
from ingest.settings import IngestSettings
from ui.web import render
from ui.web.desk import Desk, Desks
from ui.web.download import DOCX, MARKDOWN, download
from ui.web.export import brief_to_docx, brief_to_markdown
from ui.web.fill import fill
from ui.web.turnstile import Turnstile

Done = Annotated[Sequence[int], Query(description="What is ticked, counted from 0 over the whole checklist.")]
LONGEST = 200_000  # characters of a plan
_KEPT = 200  # briefs that can be saved, the last made
_NEXT = Markup("<!--next-->")  # between the pieces of a streamed page; what is escaped cannot hold it


class _Briefs:
    """The briefs made last, so that what is saved is what was shown; each belongs to whoever made it."""

    def __init__(self) -> None:
        self._made: OrderedDict[str, tuple[str, str, Brief]] = OrderedDict()
        self._lock = threading.Lock()

    def keep(self, desk: Desk, title: str, brief: Brief) -> str:
        token = secrets.token_urlsafe(12)
        with self._lock:
            self._made[token] = desk.owner, title, brief
            if len(self._made) > _KEPT:
                self._made.popitem(last=False)
        return token

    def of(self, desk: Desk, token: str) -> tuple[str, Brief]:
        owner, title, brief = self._made.get(token, ("", "", Brief(())))
        sources = [source for item in brief.tasks for source in item.lessons]
        library = desk.library
        seen = all(library.has_source(one.source_id) and library.has_record(one.lesson_id) for one in sources)
        if not title or owner != desk.owner or not seen:
            raise NotInLibrary("This brief is no longer kept.", "Brief the plan again, then save it.")
        return title, brief


def brief_routes(desks: Desks, ingest: IngestSettings) -> APIRouter:
    """The routes of the Brief tab."""
    router = APIRouter(include_in_schema=False)
    mine = Depends(desks)
    briefs = _Briefs()
    reading = Turnstile(1, 2)  # each file has a process of its own that reads it

    @router.get("/parts/brief", response_class=HTMLResponse)
    def start(brief: str = "", desk: Desk = mine) -> str:
        return fill("brief.html", desk.locale, made=_made(desk, briefs, brief) if brief else "")

    @router.post("/parts/brief", response_class=HTMLResponse)
    def brief(
        plan: Annotated[str, Form(max_length=LONGEST)] = "",
        file: UploadFile | None = None,
        filters: Annotated[list[str] | None, Form()] = None,
        desk: Desk = mine,
    ) -> StreamingResponse:
        chosen = parse_filters(filters or [])
        title = "Pasted plan"
        if file is not None and file.filename:
            title = PurePath(file.filename).name
            with reading.enter(desk.owner):
                plan = f"{plan}\n\n{_text_of(title, file.file.read(), ingest)}"[:LONGEST]
        tasks = tasks_of(plan)
        if not tasks:
            raise UsageError("No task was found in this plan.", "Write one task a line, as a list or in sentences.")
        pieces = _stream(desk, title, tasks, chosen, briefs)
        first = next(pieces)  # where somebody has too much done already, that is said before the stream begins
        return StreamingResponse(chain([first], pieces), media_type="text/html; charset=utf-8")

    @router.get("/briefs/{token}.md")
    def markdown(token: str, done: Done = (), desk: Desk = mine) -> Response:
        title, made = briefs.of(desk, token)
        return download(brief_to_markdown(made, title, done).encode(), MARKDOWN, f"{title}.md")

    @router.get("/briefs/{token}.docx")
    def docx(token: str, done: Done = (), desk: Desk = mine) -> Response:
        title, made = briefs.of(desk, token)
        return download(brief_to_docx(made, title, done), DOCX, f"{title}.docx")

    return router


def _stream(desk: Desk, title: str, tasks: list[Task], filters: dict[str, str], briefs: _Briefs) -> Iterator[str]:
    """What the page shows, piece by piece: how many tasks, each of them, and how to save all."""
    made: list[TaskBrief] = []
    with desk.busy.enter(desk.owner):
        yield _head(desk, title, len(tasks), done=False) + _NEXT
        for item in brief_tasks(desk.library, tasks, desk.assistant.settings, filters):
            made.append(item)
            yield _task(desk, item, len(made)) + _NEXT
    yield _end(desk, made, briefs.keep(desk, title, Brief(tuple(made))))


def _made(desk: Desk, briefs: _Briefs, token: str) -> Markup:
    """A brief made before, or why it is not there."""
    try:
        title, brief = briefs.of(desk, token)
    except NotInLibrary as error:
        return render.problem(error.reason, error.remedy)
    tasks = (_task(desk, item, number) for number, item in enumerate(brief.tasks, 1))
    head = _head(desk, title, len(brief.tasks), done=True)
    return Markup().join([head, *tasks, _end(desk, brief.tasks, token)])


def _head(desk: Desk, title: str, count: int, *, done: bool) -> Markup:
    return fill("brief_head.html", desk.locale, title=title, count=count, most=MAX_TASKS, done=done)


def _task(desk: Desk, item: TaskBrief, number: int) -> Markup:
    return fill("brief_task.html", desk.locale, item=item, number=number)


def _end(desk: Desk, made: Sequence[TaskBrief], token: str) -> Markup:
    found = sum(bool(item.lessons) for item in made)
    return fill("brief_end.html", desk.locale, found=found, count=len(made), token=token)


def _text_of(name: str, data: bytes, settings: IngestSettings) -> str:
    """The text of a file, read in a process of its own. Raises `UnreadableFile`."""
    with tempfile.TemporaryDirectory(prefix="lessons-plan-") as folder:
        path = Path(folder) / f"plan{PurePath(name).suffix.lower()}"
        path.write_bytes(data)
        with ReaderPool(settings.model_copy(update={"readers": 1})) as pool:
            ((_, found),) = pool.read([File(path, len(data), path.stat().st_mtime_ns)])
    if isinstance(found, UnreadableFile):
        raise found
    return found.source.text
