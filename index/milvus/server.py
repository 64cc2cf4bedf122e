"""A connection to Milvus: calls limited in time, and failures told as what the reader can do about them."""

from __future__ import annotations

import logging
import os
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from ingest.errors import LibraryError

OPEN, READ, WRITE, PREPARE = 10.0, 30.0, 120.0, 120.0
"""Seconds for a connection, for a question, for a batch of rows, and for making or loading a collection."""
STARTING, PAUSE = 90.0, 0.2  # seconds for a server that has just started to load what it holds, and between questions
RECONNECT = {"grpc.use_local_subchannel_pool": 1, "grpc.max_reconnect_backoff_ms": 1000}
"""Else a server that was down stays so for its clients for up to two minutes after it is back."""
NOT_LOADED = 101
UNREACHABLE = 2
TOO_BUSY = (8, 9)


class Server:
    """Milvus at an address, for as long as it is not closed."""

    def __init__(self, address: str, token: str) -> None:
        self.address = re.sub(r"^(\w+://)?.*@", r"\1", address)  # without a user and password
        if not re.match(r"https?://\S", address):
            given = f", not {self.address!r}" if address else ""
            raise LibraryError(
                f"The engine milvus needs the address of a server{given}.",
                'Set it: address = "http://HOST:19530" under [index] in lessons.toml, or LESSONS_ADDRESS.',
            )
        self._secrets = [secret for secret in (token, address if address != self.address else "") if secret]
        self._api = _pymilvus()
        self.client: Any = None
        with self.explaining("connecting"):
            # Its own connection: one that is shared is never closed.
            self.client = self._api.MilvusClient(
                address, token=token, timeout=OPEN, dedicated=True, grpc_options=RECONNECT
            )
            self.version = str(self.client.get_server_version(timeout=OPEN))

    @property
    def name(self) -> str:
        """Of the server and its version, for people."""
        number = self.version.rpartition("-")[2] if self.is_lite else self.version.lstrip("v")
        return f"{'milvus-lite' if self.is_lite else 'milvus'} {number}"

    @property
    def is_lite(self) -> bool:
        """Whether it is the re-implementation of Milvus that runs inside a Python process."""
        return "lite" in self.version and not self.version.startswith("v")

    @property
    def has_words(self) -> bool:
        """Whether it can search words by BM25."""
        numbers = re.findall(r"\d+", self.version)
        return self.is_lite or [int(number) for number in numbers[:2]] >= [2, 5]

    def ask(self, method: str, collection: str, *args: Any, timeout: float = READ, **kwargs: Any) -> Any:
        """Call a method of the client on a collection. Raises `LibraryError`.

        A server that has just started takes half a minute to load a collection: it is waited for.
        """
        deadline = time.monotonic() + STARTING
        with self.explaining(method):
            while True:
                try:
                    return getattr(self.client, method)(collection, *args, timeout=timeout, **kwargs)
                except self._api.MilvusException as error:
                    if error.code != NOT_LOADED or time.monotonic() > deadline:
                        raise
                self._load(collection)
                time.sleep(PAUSE)

    def make(self, collection: str, schema: Any, indexes: Mapping[str, Mapping[str, Any]]) -> frozenset[str]:
        """Make what is missing of a collection and of the indexes of its fields, and load it.

        Returns the names of its fields: another version may have made it.
        """
        if not self.ask("has_collection", collection):
            try:
                self.ask("create_collection", collection, schema=schema, consistency_level="Strong", timeout=PREPARE)
            except LibraryError:
                if not self.ask("has_collection", collection):  # else: another process was faster
                    raise
        fields = frozenset(field["name"] for field in self.ask("describe_collection", collection)["fields"])
        lacking = fields - set(self.ask("list_indexes", collection))
        for field, parameters in indexes.items():
            if field in lacking:
                wanted = self.client.prepare_index_params()
                wanted.add_index(field, index_name=field, **parameters)
                self.ask("create_index", collection, wanted, timeout=PREPARE, sync=False)
        with self.explaining("load_collection"):
            self._load(collection)
        return fields

    def written(self, collection: str) -> int:
        """When this process last wrote to a collection, by the server's clock; 0 if it does not tell."""
        from pymilvus.client.ts_utils import get_collection_ts

        handler, config = self.client._handler, self.client._config
        return int(get_collection_ts(collection, handler.server_address, config.db_name))

    @contextmanager
    def explaining(self, doing: str) -> Iterator[None]:
        """Raise what the client and the network raise as `LibraryError`."""
        import grpc

        try:
            yield
        except (self._api.MilvusException, grpc.RpcError, grpc.FutureTimeoutError) as error:
            raise self._explained(doing, error) from error

    def close(self) -> None:
        self.client.close()

    def _load(self, collection: str) -> None:
        """Have it loaded, if it is not already, perhaps several times over; the first question waits for it."""
        if self.client.get_load_state(collection, timeout=READ)["state"].name == "NotLoad":
            self.client.load_collection(collection, timeout=PREPARE, _async=True)

    def _explained(self, doing: str, error: BaseException) -> LibraryError:
        import grpc

        code, detail = getattr(error, "code", None), getattr(error, "message", "")
        cause, known = error.__cause__, {error}
        while cause and cause not in known:  # the client raises errors from themselves
            known.add(cause)
            cause = cause.__cause__
        for one in known:
            if isinstance(one, grpc.RpcError):  # the client says "cannot connect" where the server said why
                code, detail = one.code(), one.details()
        detail = " ".join(str(detail).split())
        status = grpc.StatusCode
        if code in (status.UNAUTHENTICATED, status.PERMISSION_DENIED) or re.search(r"\bauth", detail):
            return LibraryError(
                f"Milvus at {self.address} does not accept the token.",
                "Set LESSONS_TOKEN to USER:PASSWORD or an API key of a user who may read and write.",
            )
        if code in (UNREACHABLE, status.UNAVAILABLE):
            return LibraryError(
                f"No Milvus server answers at {self.address}.",
                "Start it or correct the address, then try again; nothing is lost.",
            )
        if code == status.DEADLINE_EXCEEDED or "timeout" in detail.casefold():
            return LibraryError(
                f"Milvus at {self.address} took too long ({doing}).", "Look at its load and its log, then try again."
            )
        if code in TOO_BUSY:
            return LibraryError(
                f"Milvus at {self.address} refuses requests ({doing}): {self._public(detail)}",
                "Give it more memory or disk, or wait; then try again.",
            )
        return LibraryError(
            f"Milvus at {self.address} failed ({doing}): {self._public(detail)}",
            "Its log says more. lessons doctor tells whether it holds what it should.",
        )

    def _public(self, detail: str) -> str:
        """The detail without secrets, and no longer than a message should be."""
        for secret in self._secrets:
            detail = detail.replace(secret, "…")
        return detail if len(detail) <= 300 else f"{detail[:300]}…"


def _pymilvus() -> Any:
    """The client's package. It would read settings from `.env` files around it, and log what is raised anyway."""
    before = os.environ.get("PYTHON_DOTENV_DISABLED")
    os.environ["PYTHON_DOTENV_DISABLED"] = "1"
    try:
        import pymilvus
    except ImportError as error:
        raise LibraryError("The client of Milvus is not installed.", "pip install 'lessons[milvus]'") from error
    finally:
        if before is None:
            del os.environ["PYTHON_DOTENV_DISABLED"]
        else:
            os.environ["PYTHON_DOTENV_DISABLED"] = before
    for name in ("pymilvus", "pymilvus.milvus_client"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    return pymilvus
