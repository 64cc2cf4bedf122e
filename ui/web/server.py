"""Running the web app on a port."""

from __future__ import annotations

import errno
import socket
from collections.abc import Callable
from contextlib import suppress

import uvicorn
from fastapi import FastAPI

from ingest.errors import ServerError

_FILES = 65_536


def serve(app: FastAPI, host: str, port: int, on_ready: Callable[[str], None]) -> None:
    """Serve until interrupted; `on_ready` is called with the address once requests are answered.

    Port 0 takes any free port. Raises `ServerError` when the address cannot be listened on.
    """
    _allow_many_files()
    with _listen(host, port) as listener:
        name = f"[{host}]" if ":" in host else host
        # What proxies say is for the app to judge (ui/web/forwarded.py).
        config = uvicorn.Config(
            app, log_level="warning", timeout_graceful_shutdown=2, ws="none", proxy_headers=False, server_header=False
        )
        _Server(config, lambda: on_ready(f"http://{name}:{listener.getsockname()[1]}")).run([listener])


def _allow_many_files() -> None:
    """Each thread has files of its own open in each view of the library; systems allow few until one asks."""
    with suppress(ImportError, OSError, ValueError):  # Windows has no such limit
        import resource

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = _FILES if hard == resource.RLIM_INFINITY else min(_FILES, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._on_ready()


def _listen(host: str, port: int) -> socket.socket:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise ServerError(f"The address {host} is not known to this machine.", "Try --host 127.0.0.1.") from error
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(128)
    except OSError as error:
        listener.close()
        taken = error.errno == errno.EADDRINUSE
        reason = "it is in use" if taken else (error.strerror or str(error)).lower()
        raise ServerError(
            f"Port {port} on {host} cannot be opened: {reason}.",
            f"Choose another: lessons serve --port {port + 1 if 1023 < port < 65535 else 8080}",
        ) from error
    return listener
