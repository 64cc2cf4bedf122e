"""Real Milvus servers on loopback, for tests.

The C++ server of the package `milvus` listens on all interfaces, so it runs in a network namespace of its own that has
only a loopback; a process inside hands on what arrives at one loopback port outside. This module is that process too.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

PATIENCE = 180  # seconds for a server to start on a busy machine


class MilvusServer:
    """A server whose data is in `folder`; its address stays the same from one start to the next."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.folder.mkdir(parents=True, exist_ok=True)
        self.port = _free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers; skips the test where it cannot."""
        with (self.folder / "output.txt").open("ab") as output:
            self._process = self._spawn(output.fileno())
        deadline = time.monotonic() + PATIENCE
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                tail = (self.folder / "output.txt").read_text("utf-8", "replace")[-500:]
                pytest.skip(f"{type(self).__name__} does not start here: {tail}")
            time.sleep(0.1)

    def kill(self) -> None:
        """End it as a power failure would, with all the processes it started."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)  # a session of its own: nobody else is in the group
            self._process.wait()
            if self._process.stdin:
                self._process.stdin.close()
            self._process = None

    def _spawn(self, output: int) -> subprocess.Popen[bytes]:
        raise NotImplementedError

    def _answers(self) -> bool:
        raise NotImplementedError

    def _this(self, before: list[str], arguments: list[str], output: int, *descriptors: int) -> subprocess.Popen[bytes]:
        """Start this module as a program, which ends when the tests do, however they end."""
        return subprocess.Popen(
            [*before, sys.executable, __file__, *arguments],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=output,
            pass_fds=descriptors,
            start_new_session=True,
            env={name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")},
        )


class MilvusLite(MilvusServer):
    """The re-implementation in Python, which has the functions of a current Milvus."""

    def _spawn(self, output: int) -> subprocess.Popen[bytes]:
        if find_spec("milvus_lite") is None:
            pytest.skip("milvus-lite is not installed: pip install milvus-lite==3.2.2")
        return self._this([], ["lite", str(self.folder / "data"), str(self.port)], output)

    def _answers(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


class Milvus2(MilvusServer):
    """The C++ server, version 2.3.5, in a network namespace of its own."""

    def _spawn(self, output: int) -> subprocess.Popen[bytes]:
        if find_spec("milvus") is None:
            pytest.skip("The server is not installed: pip install --no-deps milvus==2.3.5")
        self._ready.unlink(missing_ok=True)
        with socket.socket() as door:
            door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            door.bind(("127.0.0.1", self.port))
            door.listen()
            return self._this(_isolation(), ["real", str(self.folder), str(door.fileno())], output, door.fileno())

    def _answers(self) -> bool:
        return self._ready.exists()

    @property
    def _ready(self) -> Path:
        return self.folder / "ready"


@pytest.fixture(scope="session")
def milvus_lite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server that searches words."""
    yield from _running(MilvusLite(tmp_path_factory.mktemp("milvus-lite")))


@pytest.fixture(scope="session")
def milvus_2(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a real server, which does not."""
    yield from _running(Milvus2(tmp_path_factory.mktemp("milvus-2")))


def _running(server: MilvusServer) -> Iterator[str]:
    server.start()
    yield server.address
    server.kill()


def _isolation() -> list[str]:
    """The command that starts another in a network namespace; skips the test where that is not permitted."""
    for command in (["unshare", "--net"], ["unshare", "--map-root-user", "--net"]):
        if shutil.which("unshare") and subprocess.run([*command, "true"], capture_output=True).returncode == 0:
            return command
    pytest.skip("This machine permits no network namespace, and the server would listen on all interfaces.")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _loopback_up() -> None:
    """As `ip link set lo up`, which is not installed everywhere."""
    get_flags, set_flags, up = 0x8913, 0x8914, 0x1
    with socket.socket() as any_socket:
        request = fcntl.ioctl(any_socket, get_flags, struct.pack("16sh14x", b"lo", 0))
        flags = struct.unpack("16sh14x", request)[1]
        fcntl.ioctl(any_socket, set_flags, struct.pack("16sh14x", b"lo", flags | up))


async def _hand_on(door: socket.socket, port: int) -> None:
    async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(1 << 20):
                writer.write(data)
                await writer.drain()
        writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there, back = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            writer.close()
        else:
            await asyncio.gather(copy(reader, back), copy(there, writer))

    async with await asyncio.start_server(serve, sock=door) as server:
        await server.serve_forever()


def _run_real(folder: Path, door: socket.socket) -> None:
    from milvus import MilvusServer as Packaged
    from milvus import MilvusServerConfig

    _loopback_up()
    config = MilvusServerConfig(data_dir=str(folder))
    config.set("common.session.ttl", 10)  # seconds, of 30, for which a server that was killed counts as alive
    server = Packaged(config)
    server.start()
    threading.Thread(target=asyncio.run, args=[_hand_on(door, server.listen_port)], daemon=True).start()
    (folder / "ready").touch()
    sys.stdin.buffer.read()
    server.stop()


def _run_lite(folder: str, port: int) -> None:
    from milvus_lite.adapter.grpc.server import start_server_in_thread

    server, database, _ = start_server_in_thread(folder, port=port)  # which stops when nothing refers to it
    sys.stdin.buffer.read()
    server.stop(None).wait()
    database.close()


if __name__ == "__main__":
    if sys.argv[1] == "lite":
        _run_lite(sys.argv[2], int(sys.argv[3]))
    else:
        _run_real(Path(sys.argv[2]), socket.socket(fileno=int(sys.argv[3])))
