"""The web app: documents, HTTP API and ask page under one roof."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from fastapi import FastAPI
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.staticfiles import StaticFiles

from ingest.errors import LessonsError
from ui.web.api import api_routes, say_error
from ui.web.documents import DocumentRefused, document_routes, say_refused
from ui.web.security import SecurityHeaders
from ui.web.server import serve
from ui.web.settings import ServeSettings

if TYPE_CHECKING:
    from assistant.assistant import Assistant
    from index.library import Library

__all__ = ["create_app", "serve"]

STATIC = Path(__file__).parent / "static"


def create_app(library: Library, assistant: Assistant, settings: ServeSettings) -> FastAPI:
    """The app to serve: the ask page at `/`, `/documents/…`, `/api/…`, `/docs`, `/openapi.json` and `/healthz`."""
    # FastAPI's own pages load Swagger UI from another host.
    app = FastAPI(title="lessons", docs_url=None, redoc_url=None)
    app.add_exception_handler(LessonsError, say_error)
    app.add_exception_handler(DocumentRefused, say_refused)
    app.include_router(api_routes(library, assistant))
    app.include_router(document_routes(library))
    app.mount("/ui", StaticFiles(directory=STATIC))
    app.add_middleware(SecurityHeaders)
    if settings.is_local:
        # Otherwise a web page could reach the documents by giving its own host name this machine's address.
        app.add_middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost", "[::1]", "::1"])
    _mount_ask_page(app, library, assistant, settings)
    return app


def _mount_ask_page(app: FastAPI, library: Library, assistant: Assistant, settings: ServeSettings) -> None:
    import gradio as gr

    from ui.web.chat import ask_page
    from ui.web.theme import theme

    gr.mount_gradio_app(
        app,
        ask_page(library, assistant, settings.examples),
        path="/",
        theme=theme(),
        head_paths=STATIC / "head.html",
        favicon_path=str(STATIC / "icon.svg"),
        footer_links=[],
        run_history=False,
        show_error=False,
        ssr_mode=False,
        max_file_size="1b",
    )
