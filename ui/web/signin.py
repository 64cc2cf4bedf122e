"""Signing in and out: a page that needs no script."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from markupsafe import Markup
from starlette.requests import Request

from ingest.errors import BadSettings
from ui.web.access_log import note
from ui.web.identity import SESSION, Identity, client_of, cookie_header
from ui.web.passwords import Passwords
from ui.web.people import People
from ui.web.refusal import Refused
from ui.web.sessions import Sessions

WRONG = "The name or the password is not right."
_LOCAL = re.compile(r"/(?![/\\])[^\x00-\x20\\\x7f]*")
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "X-Frame-Options": "DENY",
}
_PAGE = Markup(
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Sign in · lessons</title>'
    '<meta name="viewport" content="width=device-width, initial-scale=1">'
    '<meta name="color-scheme" content="light dark"><link rel="icon" href="/favicon.ico">'
    '<link rel="stylesheet" href="/ui/signin.css"></head><body><main>'
    "<header><p>lessons</p></header><h1>Sign in</h1>{problem}"
    '<form method="post" action="/sign-in"><input type="hidden" name="next" value="{next}">'
    '<label for="name">Name</label>'
    '<input id="name" name="name" value="{name}" autocomplete="username" autocapitalize="none" spellcheck="false"'
    ' maxlength="64" required{name_focus}>'
    '<label for="password">Password</label>'
    '<input id="password" name="password" type="password" autocomplete="current-password" maxlength="1024" required'
    "{described}{password_focus}>"
    '<button type="submit">Sign in</button></form>'
    "<footer>If you have no account or forgot the password, ask an administrator of lessons.</footer>"
    "</main></body></html>"
)
_PROBLEM = Markup('<p class="problem" id="problem" role="alert">{}</p>')


def sign_in_routes(people: People, sessions: Sessions | None, identity: Identity, passwords: Passwords) -> APIRouter:
    """`/sign-in` and `/sign-out`; without `sessions` nobody signs in here, and both lead to the start page."""
    router = APIRouter(include_in_schema=False)

    @router.get("/sign-in")
    def form(next: str = "/") -> Response:  # noqa: A002
        there = local_path(next)
        return _to(there) if sessions is None else _page(there)

    @router.post("/sign-in")
    async def sign_in(request: Request) -> Response:
        given = dict(parse_qsl((await request.body()).decode(errors="replace"), keep_blank_values=True))
        there, name = local_path(given.get("next", "/")), given.get("name", "").strip()
        if sessions is None:
            return _to(there)
        address = client_of(request)
        try:
            mark = people.mark(name)  # before: the file may change meanwhile
            person = await passwords.verify(name, given.get("password", ""), address)
        except Refused as refused:
            note("sign-in refused", name, address)
            return _page(there, name, f"Too many attempts. {refused.remedy}", refused.status, refused.headers)
        except BadSettings:
            return _page(there, name, "Nobody can sign in just now. Ask an administrator.", 503)
        if person is None:
            return _page(there, name, WRONG, 401)
        sessions.end(request.cookies.get(SESSION, ""))
        note("signed in", person.name, address)
        cookie = cookie_header(SESSION, sessions.start(person.name, mark), secure=identity.is_secure(request))
        return _to(there, cookie)

    @router.post("/sign-out")
    def sign_out(request: Request) -> Response:
        if sessions is None:
            return _to("/")
        token = request.cookies.get(SESSION, "")
        note("signed out", sessions.name_of(token) or "", client_of(request))
        sessions.end(token)
        return _to("/sign-in", cookie_header(SESSION, "", secure=identity.is_secure(request), max_age=0))

    return router


def local_path(text: str) -> str:
    """A path of this server, as it is; `/` for an address of another, and for what is no path."""
    return text if _LOCAL.fullmatch(text) and not text.startswith("/sign-") else "/"


def _to(path: str, cookie: str | None = None) -> Response:
    response = RedirectResponse(path, 303)
    if cookie:
        response.headers.append("Set-Cookie", cookie)
    return response


def _page(
    there: str, name: str = "", problem: str = "", status: int = 200, headers: dict[str, str] | None = None
) -> Response:
    focus = Markup(" autofocus")
    page = _PAGE.format(
        next=there,
        name=name,
        problem=_PROBLEM.format(problem) if problem else "",
        described=Markup(' aria-describedby="problem"') if problem else "",
        name_focus="" if name else focus,
        password_focus=focus if name else "",
    )
    return HTMLResponse(page, status, headers=_HEADERS | (headers or {}))
