"""The demo as a user starts it: a real process, a real port, real requests."""

import json
import os
import re
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from threading import Timer
from urllib.request import Request, urlopen

LESSONS = Path(sys.executable).with_name("lessons")


@contextmanager
def demo(library):
    """`lessons demo` on a free port: what it printed before it was ready, and its address."""
    command = [str(LESSONS), "demo", "--port", "0", "--library", str(library)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ | {"COLUMNS": "200"})
    deadline = Timer(240, process.kill)
    deadline.start()
    assert process.stdout is not None
    try:
        said, address = "", None
        while address is None:
            line = process.stdout.readline()
            assert line, f"the server ended: {said}"
            said += line
            address = re.search(r"http://127\.0\.0\.1:\d+", line)
        yield said, address[0]
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(30)
        deadline.cancel()
        process.stdout.close()


def get(address, body=None):
    data = json.dumps(body).encode() if body else None
    with urlopen(Request(address, data, {"Content-Type": "application/json"}), timeout=60) as response:
        return response.read().decode()


def test_the_demo_indexes_once_and_answers_on_its_page(tmp_path):
    with demo(tmp_path / "library") as (said, address):
        assert re.match(r"\d+ added", said)
        assert json.loads(get(f"{address}/healthz")) == {"status": "ok"}
        answer = json.loads(get(f"{address}/api/ask", {"question": "When should generators be refuelled?"}))
        assert answer["verdict"] == "answered"
        assert "data-fresh" in get(address)
    with demo(tmp_path / "library") as (said, address):
        assert said.startswith("0 added, 0 changed, 0 renamed, 0 removed")
        assert json.loads(get(f"{address}/api/status"))["lessons"] > 60
