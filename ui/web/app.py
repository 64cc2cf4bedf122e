"""The web app: the page with its tabs, the documents and the HTTP API under one roof."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.staticfiles import StaticFiles

from ingest.errors import LessonsError
from ingest.settings import IngestSettings
from ui.web.api import api_routes, say_error, say_invalid
from ui.web.desk import Desks
from ui.web.documents import DocumentRefused, document_routes, say_refused
from ui.web.forwarded import Forwarded
from ui.web.gate import Gate
from ui.web.head import Head
from ui.web.identity import Identity
from ui.web.jobs import Jobs
from ui.web.pace import Pace
from ui.web.passwords import Passwords
from ui.web.people import People
from ui.web.refusal import Refused, say_refusal
from ui.web.security import SecurityHeaders
from ui.web.server import serve
from ui.web.sessions import Sessions
from ui.web.settings import ServeSettings
from ui.web.signin import sign_in_routes
from ui.web.tabs.adding import adding_routes
from ui.web.tabs.ask import ask_routes
from ui.web.tabs.brief import brief_routes
from ui.web.tabs.contribute import contribute_routes
from ui.web.tabs.health import health_routes
from ui.web.tabs.library import library_routes
from ui.web.uploads import Uploads

if TYPE_CHECKING:
    from assistant.assistant import Assistant
    from index.library import Library

__all__ = ["create_app", "serve"]

STATIC = Path(__file__).parent / "static"
_MOST_FILES = 100_000  # uploads kept
_THIS_MACHINE = ("127.0.0.1", "localhost", "[::1]", "::1")


def create_app(
    library: Library, assistant: Assistant, settings: ServeSettings, ingest: IngestSettings | None = None
) -> FastAPI:
    """The app to serve: the page at `/`, its parts, `/documents/…`, `/api/…`, `/docs`, `/openapi.json`, `/healthz`."""
    ingest = ingest or IngestSettings()
    jobs = Jobs(library.folder, library.settings, ingest)
    uploads = Uploads(library.folder, min(settings.most_upload_mb, ingest.max_file_mb) * 1_000_000, _MOST_FILES)
    desks = Desks(library, assistant, settings)
    private = [library.folder, *([settings.people] if settings.people else [])]

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        try:
            yield
        finally:
            jobs.close()
            desks.close()

    # FastAPI's own pages load Swagger UI from another host.
    app = FastAPI(title="lessons", docs_url=None, redoc_url=None, lifespan=lifespan)
    app.add_exception_handler(LessonsError, say_error)
    app.add_exception_handler(RequestValidationError, say_invalid)
    app.add_exception_handler(DocumentRefused, say_refused)
    app.add_exception_handler(Refused, say_refusal)
    for router in (
        api_routes(desks),
        document_routes(desks),
        ask_routes(desks),
        brief_routes(desks, ingest),
        library_routes(desks, uploads),
        adding_routes(desks, jobs, uploads, private),
        contribute_routes(desks),
        health_routes(desks),
    ):
        app.include_router(router)
    app.mount("/ui", StaticFiles(directory=STATIC))
    app.add_middleware(
        Head, **{name: (STATIC / f"{name}.html").read_text(encoding="utf-8") for name in ("head", "body")}
    )
    _guard(app, library, settings)
    _mount_page(app, desks, settings)
    return app


def _guard(app: FastAPI, library: Library, settings: ServeSettings) -> None:
    """Sign-in, and the middleware in whose order a request passes it from the last added to the first."""
    people, pace = People(settings.people), Pace()
    sessions = Sessions(library.folder, settings.session_hours) if settings.takes_passwords else None
    passwords = Passwords(people, pace)
    identity = Identity(settings, people, sessions, passwords)
    app.include_router(sign_in_routes(people, sessions, identity, passwords))
    app.add_middleware(Gate, settings=settings, identity=identity, pace=pace)
    if settings.is_local or settings.allowed_hosts:
        # Otherwise a web page could reach the documents by giving its own host name this machine's address.
        hosts = (*_THIS_MACHINE, *settings.allowed_hosts)
        app.add_middleware(TrustedHostMiddleware, allowed_hosts=hosts, www_redirect=False)
    app.add_middleware(SecurityHeaders)
    app.add_middleware(Forwarded, trusted=settings.trusted_proxies, kept=settings.user_header)


def _mount_page(app: FastAPI, desks: Desks, settings: ServeSettings) -> None:
    import gradio as gr

    from ui.web.chat import page
    from ui.web.theme import theme

    gr.mount_gradio_app(
        app,
        page(desks, settings.examples),
        path="/",
        theme=theme(),
        favicon_path=str(STATIC / "icon.svg"),
        footer_links=[],
        run_history=False,
        show_error=False,
        ssr_mode=False,
        max_file_size="1b",
    )
