"""Who sends a request: by session cookie or password, by a trusted proxy's word, or by a visitor's cookie."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from hashlib import sha256
from http.cookies import Morsel

from starlette.requests import Request

from ui.web.access_log import note
from ui.web.forwarded import address_of
from ui.web.passwords import Passwords
from ui.web.people import OWNER, People, Person
from ui.web.refusal import Refused
from ui.web.sessions import Sessions
from ui.web.settings import ServeSettings

SESSION = "lessons_session"
VISITOR = "lessons_visitor"
_YEAR = 365 * 24 * 3600
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
_BASIC = {"WWW-Authenticate": 'Basic realm="lessons"'}


@dataclass(frozen=True, slots=True)
class Visit:
    """The person, the id under which the person's history is kept, and a cookie that is to be set, if any.

    `person_id` is `user:` and the name or `visitor:` and a digest: nobody comes in by knowing it.
    """

    person: Person
    person_id: str
    cookie: str | None = None


class Identity:
    """Tells who sends a request. Where nobody has to sign in, `sessions` is None."""

    def __init__(
        self, settings: ServeSettings, people: People, sessions: Sessions | None, passwords: Passwords
    ) -> None:
        self._settings = settings
        self._people = people
        self._sessions = sessions
        self._passwords = passwords

    def check_header(self, request: Request) -> None:
        """Raises `Refused` (403) for a header that names a person and does not come from a trusted proxy."""
        header = self._settings.user_header
        if header and header in request.headers and not request.state.from_proxy:
            raise Refused(403, f"Only a trusted proxy may send {header}.", "Add its address to trusted_proxies.")

    async def of(self, request: Request) -> Visit:
        """Raises `Refused`: 401 for somebody who is not signed in, 403 for somebody who may not use the server."""
        if not self._settings.has_sign_in:
            return self._visitor(request)
        person = self._named_by_proxy(request) if self._settings.user_header else await self._signed_in(request)
        return Visit(person, f"user:{person.name}")

    def _visitor(self, request: Request) -> Visit:
        address = address_of(request.client.host) if request.client else None
        if "x-forwarded-for" in request.headers and not (address and address.is_loopback):
            raise Refused(
                403,
                "A proxy lets others reach this server, and nothing says who may use it.",
                "Run: lessons people add NAME --role admin",
            )
        token = request.cookies.get(VISITOR, "")
        if _TOKEN.fullmatch(token):
            return Visit(OWNER, _visitor_id(token))
        if wants_page(request):
            token = secrets.token_urlsafe(32)
            cookie = cookie_header(VISITOR, token, secure=self.is_secure(request), max_age=_YEAR)
            return Visit(OWNER, _visitor_id(token), cookie)
        return Visit(OWNER, f"visitor:{address or 'unknown'}")

    def _named_by_proxy(self, request: Request) -> Person:
        names = request.headers.getlist(self._settings.user_header or "")
        if not names or not request.state.from_proxy:
            raise Refused(401, "You are not signed in.", "Open this server by your organisation's address for it.")
        person = self._people.signed_in_elsewhere(names[0]) if len(names) == 1 else None
        if person is None:
            note("unknown person", ", ".join(names), client_of(request))
            raise Refused(403, "You are signed in, but may not use lessons.", "Ask an administrator of lessons.")
        return person

    async def _signed_in(self, request: Request) -> Person:
        if (token := request.cookies.get(SESSION)) and (person := self.of_session(token)):
            return person
        if not request.scope["path"].startswith("/api/"):
            raise Refused(401, "You are not signed in.", "Sign in at /sign-in.")
        given = request.headers.get("authorization")
        if given is None:
            raise Refused(401, "You are not signed in.", "Send your name and password by HTTP Basic.", _BASIC)
        person = await self._passwords.basic(given, client_of(request))
        if person is None:
            raise Refused(401, "The name or the password is not right.", "Check both.", _BASIC)
        return person

    def of_session(self, token: str) -> Person | None:
        """The person of a session, which ends when the people file no longer says what it said at its start."""
        session = self._sessions.of(token) if self._sessions else None
        if session is None:
            return None
        person = self._people.get(session.name)
        if person is None or self._people.mark(session.name) != session.mark:
            assert self._sessions
            self._sessions.end(token)
            return None
        return person

    def is_secure(self, request: Request) -> bool:
        """Whether a cookie may be sent back by https only."""
        secure = self._settings.secure_cookies
        return request.scope["scheme"] == "https" if secure is None else secure


def wants_page(request: Request) -> bool:
    """Whether a browser asks for a page, and not a program for data."""
    is_page = request.method in ("GET", "HEAD") and not request.scope["path"].startswith(("/api/", "/gradio_api/"))
    return is_page and "text/html" in request.headers.get("accept", "")


def client_of(request: Request) -> str:
    """The address a request comes from, as the trusted proxies say."""
    return request.client.host if request.client else ""


def note_refusal(request: Request, status: int) -> None:
    """Log that a request is not answered, and to whom."""
    person = getattr(request.state, "person", OWNER)
    note(f"refused {status}", person.name, client_of(request), f"{request.method} {request.scope['path']}")


def cookie_header(name: str, value: str, *, secure: bool, max_age: int | None = None) -> str:
    """The value of a `Set-Cookie` header; with a `max_age` of 0 s the cookie is taken back."""
    morsel: Morsel[str] = Morsel()
    morsel.set(name, value, value)
    morsel.update({"path": "/", "httponly": "true", "samesite": "Lax"})
    if secure:
        morsel["secure"] = "true"
    if max_age is not None:
        morsel["max-age"] = str(max_age)
    return morsel.OutputString()


def _visitor_id(token: str) -> str:
    return f"visitor:{sha256(token.encode()).hexdigest()[:32]}"
