"""Which of Gradio's own routes are served, and whose a conversation is.

The ask page needs few of them. The rest take or serve files, fetch what a caller names, call functions by name or tell
of the program, and are answered as if they were not there.
"""

from __future__ import annotations

import json
import re
from collections import OrderedDict
from typing import Any

from starlette.requests import Request

from ui.web.bodies import Body
from ui.web.refusal import Refused

API = "/gradio_api/"
HEARTBEAT = f"{API}heartbeat/"
_HEARTBEAT = re.compile(f"{HEARTBEAT}[^/]+")
_MOST = 10_000  # conversations whose owner is remembered
_SERVED = {
    ("GET", f"{API}queue/data"),
    ("POST", f"{API}queue/join"),
    ("POST", f"{API}cancel"),
    ("POST", f"{API}reset"),
    ("GET", f"{API}app_id"),  # asked after the connection broke
}
_REFUSED_PAGES = frozenset({"config", "login", "logout", "monitoring", "svelte"})


def check_route(method: str, path: str) -> None:
    """Raises `Refused` (404) for one of Gradio's routes that the page does not need."""
    beats = method == "GET" and bool(_HEARTBEAT.fullmatch(path))
    is_api = f"{path}/".startswith(API)
    first, _, rest = path.lstrip("/").partition("/")
    is_page = first in _REFUSED_PAGES or (first == "pwa_icon" and rest)  # an icon of any size one asks for
    if is_page or (is_api and not beats and (method, path) not in _SERVED):
        raise Refused(404, "There is nothing here.")


class Conversations:
    """Binds each of Gradio's sessions to the person who first uses it; the last 10,000 are remembered."""

    def __init__(self) -> None:
        self._owners: OrderedDict[str, str] = OrderedDict()

    async def check(self, request: Request, body: Body, person_id: str) -> None:
        """Raises `Refused`: 403 for another person's session, 400 for a request that names none, or two."""
        path = request.scope["path"]
        if not path.startswith(API):
            return
        if path.startswith(HEARTBEAT):
            self._bind(path.removeprefix(HEARTBEAT), person_id)
        elif path == f"{API}queue/data":
            named = request.query_params.getlist("session_hash")
            self._bind(named[0] if len(named) == 1 else None, person_id)
        elif path in (f"{API}queue/join", f"{API}cancel"):
            self._bind(_session_in(await body.whole()), person_id)
        elif path == f"{API}reset" and (session := _session_in(await body.whole())) is not None:
            self._bind(session, person_id)

    def _bind(self, session: str | None, person_id: str) -> None:
        if not session or len(session) > 100:
            raise Refused(400, "The request names no conversation.", "Load the page again.")
        if self._owners.setdefault(session, person_id) != person_id:
            raise Refused(403, "This conversation is another person's.", "Load the page again.")
        self._owners.move_to_end(session)
        if len(self._owners) > _MOST:
            self._owners.popitem(last=False)


def _session_in(body: bytes) -> str | None:
    try:
        said = json.loads(body, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        raise Refused(400, "The request's body is not proper JSON.") from None
    session = said.get("session_hash") if isinstance(said, dict) else None
    return session if isinstance(session, str) else None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object without a name that is there twice, of which another reader might take the other."""
    read = dict(pairs)
    if len(read) < len(pairs):
        raise ValueError("a name is there twice")
    return read
