"""Who may use the web server, asked once for every request, before anything else is.

The gate puts the `Person` and the id of the person's history into the request's state and refuses the rest.
"""

from __future__ import annotations

from urllib.parse import quote, urlsplit

from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ingest.errors import BadSettings
from ui.web.access_log import logger
from ui.web.bodies import Body, most_of
from ui.web.gradio_routes import API, Conversations, check_route
from ui.web.identity import SESSION, VISITOR, Identity, Visit, client_of, note_refusal, wants_page
from ui.web.pace import LINES, QUESTIONS, REQUESTS, Pace, place_of
from ui.web.refusal import Refused
from ui.web.settings import ServeSettings

_READS = frozenset({"GET", "HEAD", "OPTIONS"})
_ASKS = frozenset({"/api/ask", "/api/brief", "/parts/brief", "/gradio_api/queue/join"})
_OPEN = frozenset({"/sign-in", "/healthz", "/favicon.ico", "/manifest.json", "/pwa_icon"})


class Gate:
    """ASGI middleware. `Forwarded` has to stand before it; pages and streams pass through it untouched.

    Paths are the scope's own, by which the app routes: `request.url` is put together with what the Host header says.
    """

    def __init__(self, app: ASGIApp, settings: ServeSettings, identity: Identity, pace: Pace) -> None:
        self._app = app
        self._settings = settings
        self._identity = identity
        self._pace = pace
        self._conversations = Conversations()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        else:
            await self._answer(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope)
        try:
            visit = await self._admit(request)
            body = Body(request, receive, most_of(request.scope["path"], self._settings.most_upload_mb))
            if visit:
                await self._conversations.check(request, body, visit.person_id)
        except Refused as refused:
            await self._refuse(request, refused)(scope, receive, send)
        except ClientDisconnect:
            return
        else:
            await self._pass_on(self._without_header(scope), body, send, visit)

    async def _admit(self, request: Request) -> Visit | None:
        """Who comes in; None for what is open to everybody. Raises `Refused`."""
        path = request.scope["path"]
        check_route(request.method, path)
        self._identity.check_header(request)
        _check_site(request)
        if _is_open(request.method, path):
            self._pace.count(REQUESTS, place_of(client_of(request)))
            return None
        try:
            visit = await self._identity.of(request)
        except Refused:
            self._pace.count(REQUESTS, place_of(client_of(request)))
            raise
        except BadSettings as error:
            logger.error("%s", error)
            raise Refused(503, "Who may use lessons cannot be read just now.", "Ask an administrator.") from error
        request.state.person, request.state.person_id = visit.person, visit.person_id
        asks = request.method == "POST" and path in _ASKS
        self._pace.count(QUESTIONS if asks else REQUESTS, visit.person_id)
        return visit

    def _without_header(self, scope: Scope) -> Scope:
        """The request as the app sees it, without the header that names a person."""
        dropped = (self._settings.user_header or "").lower().encode()
        return {**scope, "headers": [pair for pair in scope["headers"] if pair[0] != dropped]}

    async def _pass_on(self, scope: Scope, body: Body, send: Send, visit: Visit | None) -> None:
        started = False

        async def send_in_bounds(message: Message) -> None:
            nonlocal started
            if body.exceeded and not started:
                return  # what the app makes of a body that broke off
            if message["type"] == "http.response.start":
                started = True
                if visit and visit.cookie:
                    MutableHeaders(scope=message).append("Set-Cookie", visit.cookie)
            await send(message)

        try:
            await self._app(scope, body, send_in_bounds)
        except Refused:
            if not body.exceeded or started:
                raise
        if body.exceeded and not started:
            await self._refuse(Request(scope), body.exceeded)(scope, body, send)

    def _refuse(self, request: Request, refused: Refused) -> Response:
        path, address = request.scope["path"], client_of(request)
        is_page = wants_page(request)
        if refused.status == 401 and is_page and self._settings.takes_passwords:
            query = request.scope["query_string"].decode("latin-1")
            return RedirectResponse(f"/sign-in?next={quote(f'{path}?{query}' if query else path, safe='/')}", 303)
        if self._pace.allows(LINES, place_of(address)):
            note_refusal(request, refused.status)
        if is_page:
            return PlainTextResponse(f"{refused}\n", refused.status, headers=refused.headers)
        return refused.response(with_detail=path.startswith(API))


def _is_open(method: str, path: str) -> bool:
    return path in _OPEN or path.startswith("/ui/") or (method, path) == ("POST", "/sign-out")


def _host_in(origin: str) -> str:
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return ""


def _check_site(request: Request) -> None:
    """Raises `Refused` (403) for a change that another site's page asks a browser for."""
    if request.method in _READS:
        return
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if site is not None:
        same = site.lower() in ("same-origin", "none")
    elif origin is not None:
        hosts = {request.headers.get("host"), request.headers.get("x-forwarded-host")}
        same = _host_in(origin) in hosts
    else:
        same = not {SESSION, VISITOR} & request.cookies.keys()
    if not same:
        raise Refused(403, "The request comes from another site.", "Use the page that this server serves.")
