"""The app with the fake library, behind its gate, for tests of who may use it."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from unittest.mock import patch

from argon2 import PasswordHasher
from fastapi.testclient import TestClient
from starlette.responses import PlainTextResponse

from tests.ui.fake_library import FakeAssistant, FakeLibrary
from ui.web.app import create_app
from ui.web.people import hash_password
from ui.web.people_file import ROLES, Entry, Role, replace
from ui.web.settings import ServeSettings

HOST = "http://127.0.0.1"
PASSWORD = "correct horse battery"
QUICK = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)  # for tests of something else
HTML = {"Accept": "text/html,*/*"}


def add_person(path: Path, name: str, role: Role = "reader", labels: tuple[str, ...] = (), password: str = PASSWORD):
    assert role in ROLES
    replace(path, name, Entry(name, role, frozenset(labels), hash_password(name, password) if password else ""))


def app_of(folder: Path, *, with_page: bool = False, **settings):
    """The app; the ask page, which takes a second to make, is stood for by a line of text unless asked for."""
    assistant = FakeAssistant(FakeLibrary(folder))
    made = nullcontext() if with_page else patch("ui.web.app._mount_page", _mount_line)
    with made:
        return create_app(assistant.library, assistant, ServeSettings(**settings))  # type: ignore[arg-type]


def _mount_line(app, *_):
    app.mount("/", PlainTextResponse("the ask page"))


def client_of(app, peer: str = "127.0.0.1", base_url: str = HOST) -> TestClient:
    return TestClient(app, base_url=base_url, client=(peer, 50000), follow_redirects=False)


def sign_in(client: TestClient, name: str = "anna", password: str = PASSWORD, there: str = "/", **headers: str):
    """As a browser posts the form."""
    given = {"Sec-Fetch-Site": "same-origin"} | headers
    return client.post("/sign-in", data={"name": name, "password": password, "next": there}, headers=given)
