"""Our style sheets and scripts in the page as it is served; Gradio would add them once it has started, in no order."""

from __future__ import annotations

import re

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_HEAD, _BODY = re.compile(rb"<head[^>]*>"), re.compile(rb"<body[^>]*>")


class Head:
    """ASGI middleware that begins the head and the body of the page at `/` with some HTML.

    Style sheets that stand in the body come after those that Gradio adds to the head, and hold where both speak.
    """

    def __init__(self, app: ASGIApp, head: str, body: str) -> None:
        self._app = app
        self._added = {_HEAD: head.encode(), _BODY: body.encode()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] != "/" or scope["method"] != "GET":
            await self._app(scope, receive, send)
            return
        plain = [(name, value) for name, value in scope["headers"] if name != b"accept-encoding"]
        start: Message = {}
        body = b""

        async def add(message: Message) -> None:
            nonlocal start, body
            if message["type"] == "http.response.start":
                start = message
                return
            if message["type"] != "http.response.body":
                await send(message)
                return
            body += message.get("body", b"")
            if message.get("more_body"):
                return
            if Headers(scope=start).get("content-type", "").startswith("text/html"):
                for tag, html in self._added.items():
                    if found := tag.search(body):
                        body = body[: found.end()] + html + body[found.end() :]
                MutableHeaders(scope=start)["content-length"] = str(len(body))
            await send(start)
            await send({"type": "http.response.body", "body": body})

        await self._app({**scope, "headers": plain}, receive, add)
