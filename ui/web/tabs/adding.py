"""Adding documents: files that are uploaded and folders on the server, indexed while the page goes on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends, Form, UploadFile
from fastapi.responses import HTMLResponse

from ingest.errors import LessonsError, NotAllowed, UsageError
from ingest.scan import Problem
from ui.web.desk import Desk, Desks, require
from ui.web.fill import fill
from ui.web.jobs import Jobs
from ui.web.uploads import Uploads

_LISTED = 200  # problems shown


def adding_routes(desks: Desks, jobs: Jobs, uploads: Uploads, private: Sequence[Path]) -> APIRouter:
    """The routes by which documents come into the library; `private` files and folders are never indexed."""
    router = APIRouter(include_in_schema=False)
    mine = Depends(desks)

    @router.get("/parts/adding", response_class=HTMLResponse)
    def adding(desk: Desk = mine) -> str:
        require(desk, "contributor")
        collections = [name for name, _ in desk.library.facet_counts({})["collection"]]
        return fill(
            "adding.html", desk.locale, collections=collections, may_index=desk.may("admin"), job=_job(desk, jobs)
        )

    @router.post("/uploads", response_class=HTMLResponse)
    def upload(files: list[UploadFile], collection: Annotated[str, Form(max_length=80)] = "", desk: Desk = mine) -> str:
        require(desk, "contributor")
        if not desk.sees_collection(uploads.collection_of(collection)):
            raise NotAllowed("This collection is closed to you.", "Choose another, or ask for its label.")
        jobs.check_free()
        kept, refused = _taken(uploads, files, collection)
        if kept:
            jobs.start(uploads.roots(), desk.person.name, kept)
        return _job(desk, jobs, refused)

    @router.post("/parts/index", response_class=HTMLResponse)
    def index(folder: Annotated[str, Form()], desk: Desk = mine) -> str:
        require(desk, "admin")
        if not folder.strip():
            raise UsageError("No folder was named.", "Name a folder on the server by its whole path.")
        path = Path(folder.strip()).expanduser()
        _check_folder(path, private)
        jobs.start([path], desk.person.name)
        return _job(desk, jobs)

    @router.get("/parts/job", response_class=HTMLResponse)
    def job(desk: Desk = mine) -> str:
        require(desk, "contributor")
        return _job(desk, jobs)

    @router.post("/parts/job/cancel", response_class=HTMLResponse)
    def cancel(desk: Desk = mine) -> str:
        job = jobs.current()
        require(desk, "contributor" if job and job.by == desk.person.name else "admin")
        jobs.cancel()
        return _job(desk, jobs)

    return router


def _check_folder(path: Path, private: Sequence[Path]) -> None:
    """Raises `NotAllowed` for what lies in a private folder, and for a folder that holds a private file."""
    path = path.resolve()
    for one in (each.resolve() for each in private):
        if path.is_relative_to(one) or (one.is_file() and one.is_relative_to(path)):
            raise NotAllowed(f"{path} holds what the server keeps of people.", "Index a folder without it.")


def _taken(uploads: Uploads, files: Sequence[UploadFile], collection: str) -> tuple[list[Path], list[Problem]]:
    """Keep the files; returns the paths of those kept, and what is wrong with the others."""
    kept, refused = list[Path](), list[Problem]()
    for file in files:
        try:
            kept.append(uploads.keep(file.filename or "", file.file, collection))
        except LessonsError as error:
            refused.append(Problem(file.filename or "a file without a name", error.reason, error.remedy))
    return kept, refused


def _job(desk: Desk, jobs: Jobs, refused: list[Problem] | None = None) -> str:
    """How far the job is. What could not be read is named to who gave it, and to those who may see all there is."""
    job, sees_paths = jobs.current(), desk.scope is None
    failed = job.report.failed if job and job.report else []
    given = [one for one in failed if job and one.path in job.given]
    may_know = sees_paths or (job and job.by == desk.person.name)
    return fill(
        "job.html",
        desk.locale,
        job=job,
        given=[replace(one, path=Path(one.path).name) for one in given] if may_know else [],
        failed=[one for one in failed if one not in given],
        refused=refused,
        listed=_LISTED,
        sees_paths=sees_paths,
    )
