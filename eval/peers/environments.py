"""An environment for each peer, made once and kept: peers are never requirements of this program."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from filelock import FileLock

from eval.peers.catalogue import Peer

STAMP = "requirements.txt"  # written last: what is cut short is made anew, and so is what has other requirements
MARK = "pyvenv.cfg"  # an environment has it; what lacks it is not ours to clear


class CannotRun(Exception):
    """Why a peer has no figures, in one line."""


class Environments:
    """Those below a folder. Peers of one recipe share theirs."""

    def __init__(self, folder: Path, say: Callable[[str], None] = lambda _: None) -> None:
        self.folder = folder.resolve()
        self._say = say
        self._failed: dict[Path, str] = {}

    def python(self, peer: Peer) -> Path:
        """The interpreter that runs the peer, installed if need be. Raises `CannotRun`, again without another try."""
        if peer.own:
            return Path(sys.executable)
        home = self.folder / peer.recipe.stem
        if home in self._failed:
            raise CannotRun(self._failed[home])
        self.folder.mkdir(parents=True, exist_ok=True)
        with FileLock(self.folder / f"{home.name}.lock"):
            wanted, stamp = "\n".join(peer.requirements), home / STAMP
            if home.exists() and any(home.iterdir()) and not (home / MARK).exists():
                raise CannotRun(f"{home} holds something else; name another folder for the environments")
            if not stamp.exists() or stamp.read_text(encoding="utf-8") != wanted:
                self._say(f"installing {', '.join(peer.requirements)}")
                try:
                    for command in steps(home, peer.requirements):
                        _call(command)
                except CannotRun as error:
                    self._failed[home] = str(error)
                    raise
                stamp.write_text(wanted, encoding="utf-8")
        return _python(home)


def steps(home: Path, requirements: Sequence[str]) -> list[list[str]]:
    """The commands that make an environment."""
    return [
        [sys.executable, "-m", "venv", "--clear", str(home)],
        [str(_python(home)), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *requirements],
    ]


def last_line(text: str) -> str:
    """The last line that says something: where Python and pip put the reason."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else ""


def _python(home: Path) -> Path:
    return home / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def _call(command: Sequence[str]) -> None:
    done = subprocess.run(
        command, check=False, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    if done.returncode:
        raise CannotRun(last_line(done.stdout) or f"{command[0]} ended with status {done.returncode}")
