"""How much a request may send."""

from __future__ import annotations

from starlette.requests import ClientDisconnect, Request
from starlette.types import Message, Receive

from ui.web.refusal import Refused

MOST = 1_000_000  # bytes of a request's body
MOST_PLAN = 20_000_000


def most_of(path: str, most_upload_mb: int) -> int:
    """How many bytes a request to this path may send."""
    if path == "/uploads" or path.startswith("/uploads/"):
        return most_upload_mb * 1_000_000
    return MOST_PLAN if path == "/parts/brief" else MOST


class Body:
    """A request's body as the app receives it; `exceeded` once more has come than may.

    Raises `Refused` (413) at once for a declared length that is too great, and from the call that receives too much.
    """

    def __init__(self, request: Request, receive: Receive, most: int) -> None:
        self._receive = receive
        self._left = most
        self._refused = Refused(
            413, f"The request is larger than {most / 1e6:,g} MB.", "Send less, or in several requests."
        )
        self._ready: list[Message] = []
        self.exceeded: Refused | None = None
        declared = request.headers.get("content-length", "0")
        if not declared.isdecimal() or int(declared) > most:
            raise self._refused

    async def __call__(self) -> Message:
        if self._ready:
            return self._ready.pop(0)
        message = await self._receive()
        self._left -= len(message.get("body", b""))
        if self._left < 0:
            self.exceeded = self._refused
            raise self._refused
        return message

    async def whole(self) -> bytes:
        """All of it; the app receives it afterwards all the same. Raises `ClientDisconnect` when it breaks off."""
        messages = [await self()]
        while messages[-1].get("more_body"):
            messages.append(await self())
        if messages[-1]["type"] == "http.disconnect":
            raise ClientDisconnect
        self._ready = messages
        return b"".join(message.get("body", b"") for message in messages)
