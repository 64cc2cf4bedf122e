"""What a reverse proxy says of a request: believed of the proxies that are trusted, and of nobody else."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any, cast

from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware


class Forwarded:
    """ASGI middleware, to be outermost: sets the client and the scheme as a trusted proxy names them.

    `scope["state"]["from_proxy"]` says whether the peer is one of `trusted` (networks in CIDR); any other's
    `Forwarded` and `X-Forwarded-…` headers are dropped, except one that is to name the person (`kept`), which is for
    the gate to judge.
    """

    def __init__(self, app: ASGIApp, trusted: Sequence[str], kept: str | None = None) -> None:
        self._networks = [ip_network(one) for one in trusted]
        self._kept = (kept or "").lower().encode()
        self._app = cast("ASGIApp", ProxyHeadersMiddleware(cast("Any", app), list(trusted)))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        host, port = scope.get("client") or ("", 0)
        peer = address_of(host)
        trusted = peer is not None and any(peer in network for network in self._networks)
        state = {**scope.get("state", {}), "from_proxy": trusted}
        client = (str(peer) if peer else host, port)
        headers = scope["headers"] if trusted else [pair for pair in scope["headers"] if not self._is_said(pair[0])]
        await self._app({**scope, "client": client, "headers": headers, "state": state}, receive, send)

    def _is_said(self, name: bytes) -> bool:
        return name != self._kept and (name == b"forwarded" or name.startswith(b"x-forwarded-"))


def address_of(text: str) -> IPv4Address | IPv6Address | None:
    """An address, that of IPv4 also where it is written as one of IPv6 (`::ffff:10.0.0.1`); None for what is none."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address
