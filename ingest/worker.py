"""A process that reads files for another: `python -m ingest.worker MEMORY_MB PARENT`, started by `ingest.pool`.

A request is a line of JSON on standard input. An answer is one or more frames on standard output, each four bytes of
length and then JSON: `{"beat": 1}` while a scan is read page by page, at the end `{"reading": …}` or
`{"failed": [reason, remedy]}`. A first frame, `{"ready": 1}`, tells that it can read now. Whatever a document holds,
this process opens no connection, starts no program but LibreOffice and writes nothing outside its temporary folder:
Python's audit hook refuses it.
"""

from __future__ import annotations

import json
import os
import shutil
import struct
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

from ingest.errors import UnreadableFile
from ingest.prepare import READING, read_file
from ingest.readers.ocr import PAGE_READ

_CONNECTS = frozenset({"socket.connect", "socket.bind", "socket.sendto", "socket.getaddrinfo", "urllib.Request"})
_STARTS = frozenset({
    "subprocess.Popen", "os.system", "os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn", "os.startfile",
})  # fmt: skip
_CHANGES = frozenset({
    "os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.link", "os.symlink", "os.truncate", "os.chmod", "os.chown",
    "shutil.rmtree", "shutil.move", "shutil.copyfile",
})  # fmt: skip
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


def main() -> None:
    """Answer requests until standard input ends."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not come between the frames
    limit_memory(int(sys.argv[1]))
    threading.Thread(target=_end_with_parent, args=(int(sys.argv[2]),), daemon=True).start()
    sys.dont_write_bytecode = True
    sys.addaudithook(_guard(lambda: _send(answers, {"beat": 1})))
    _send(answers, {"ready": 1})
    for line in sys.stdin.buffer:
        _send(answers, _answer(json.loads(line)))


def limit_memory(megabytes: int) -> None:
    """Let this process hold at most so much data; where the system has no such limit, nothing happens."""
    try:
        import resource
    except ImportError:  # Windows
        return
    resource.setrlimit(resource.RLIMIT_DATA, (megabytes * 1_000_000,) * 2)


def _answer(request: dict[str, Any]) -> dict[str, Any]:
    path = Path(request["path"])
    try:
        taxonomy = request["taxonomy"] and Path(request["taxonomy"])
        root = request["root"] and Path(request["root"])
        reading = read_file(path, path.read_bytes(), request["mtime_ns"], taxonomy, root)
        return {"reading": READING.dump_python(reading, mode="json")}
    except UnreadableFile as error:
        if isinstance(error.__cause__, MemoryError):
            os._exit(1)  # the caller says what a death means; a process that ran out of memory is of no more use
        return {"failed": [error.reason, error.remedy]}
    except MemoryError:
        os._exit(1)
    except OSError as error:
        return {"failed": [f"The file cannot be read: {error.strerror}.", "Check that you may read it."]}


def _send(answers: BinaryIO, answer: dict[str, Any]) -> None:
    frame = json.dumps(answer).encode()
    answers.write(struct.pack(">I", len(frame)) + frame)
    answers.flush()


def _guard(beat: Callable[[], None]) -> Callable[[str, tuple[Any, ...]], None]:
    """The audit hook."""
    own = os.path.realpath(tempfile.gettempdir())
    office = {os.path.realpath(found) for name in ("soffice", "libreoffice") if (found := shutil.which(name))}

    def outside(path: object) -> bool:
        if not isinstance(path, (str, bytes, os.PathLike)):
            return False  # a descriptor, which was opened under this guard
        name = os.fsdecode(path)
        return name != os.devnull and not os.path.realpath(name).startswith(own + os.sep)

    def forbidden(event: str, arguments: tuple[Any, ...]) -> str:
        if event == "open":
            path, mode, flags = arguments
            writes = any(letter in (mode or "") for letter in "wax+") or (flags or 0) & _WRITES
            return "write a file" if writes and outside(path) else ""
        if event in _CHANGES:
            return "change a file" if outside(_named(event, arguments)) else ""
        if event in _STARTS:
            program = arguments[0] if event == "subprocess.Popen" else None
            return "" if program and os.path.realpath(os.fsdecode(program)) in office else "start a program"
        return "use the network" if event in _CONNECTS else ""

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event == PAGE_READ:
            beat()
        elif attempt := forbidden(event, arguments):
            raise PermissionError(f"The reader of this document tried to {attempt}.")

    return hook


def _named(event: str, arguments: tuple[Any, ...]) -> object:
    """The path that is to be changed; `shutil.rmtree` gives a name and the descriptor of its folder."""
    path, folder = arguments[0], arguments[-1]
    descriptors = Path("/proc/self/fd")
    if event in ("os.remove", "os.rmdir") and folder >= 0 and descriptors.exists():
        return (descriptors / str(folder)).readlink() / path
    return path


def _end_with_parent(parent: int) -> None:
    """A parent that was killed closes no pipe of a reader that hangs."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)


if __name__ == "__main__":
    main()
