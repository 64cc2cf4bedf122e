"""What every response says to the browser: no third parties, no guessing of types, no framing, nothing kept."""

from __future__ import annotations

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# Gradio compiles its templates in the browser, hence 'unsafe-eval'; all sources are this server.
_PAGE = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self' data: blob:; worker-src 'self' blob:; "
    "object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'self'"
)
_DENIED = (
    "accelerometer", "autoplay", "camera", "display-capture", "encrypted-media", "geolocation", "gyroscope", "hid",
    "magnetometer", "microphone", "midi", "payment", "publickey-credentials-get", "screen-wake-lock", "serial", "usb",
    "xr-spatial-tracking",
)  # fmt: skip
_ALWAYS = {
    "Content-Security-Policy": _PAGE,
    "X-Content-Type-Options": "nosniff",
    # Not `no-referrer`: a form would then send the origin `null`, and could not be told from another site's.
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": ", ".join(f"{name}=()" for name in _DENIED),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Frame-Options": "SAMEORIGIN",
}
_HSTS = "max-age=31536000"
# Files of the program, the same for everybody; Gradio's assets carry a digest of what they hold in their names.
_PROGRAM = {"/assets/": "max-age=31536000, immutable", "/static/": "no-cache", "/ui/": "no-cache"}


class SecurityHeaders:
    """ASGI middleware that adds the headers a response does not set itself; streams pass through untouched.

    Leave of Gradio's for pages of other origins to read a response is taken back.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _ALWAYS.items():
                    headers.setdefault(name, value)
                if scope["scheme"] == "https":
                    headers.setdefault("Strict-Transport-Security", _HSTS)
                headers.setdefault("Cache-Control", _kept(scope["path"], message["status"]))
                for name in [name for name in headers if name.startswith("access-control-")]:
                    del headers[name]
            await send(message)

        await self.app(scope, receive, send_with_headers)


def _kept(path: str, status: int) -> str:
    """How long a browser may keep a response."""
    program = (kept for start, kept in _PROGRAM.items() if path.startswith(start) and status in (200, 304))
    return next(program, "no-store")
