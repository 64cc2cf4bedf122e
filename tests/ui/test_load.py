"""Simulated people at the page: what is counted and measured."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from eval.load import load
from ingest.errors import ServerError, UsageError
from tests.ui.browser import served
from tests.ui.fake_library import FakeAssistant, FakeLibrary
from ui.web.app import create_app
from ui.web.settings import ServeSettings


@pytest.fixture(scope="module")
def assistant(tmp_path_factory: pytest.TempPathFactory) -> FakeAssistant:
    return FakeAssistant(FakeLibrary(tmp_path_factory.mktemp("library")), delay=0.1)


@pytest.fixture(scope="module")
def address(assistant: FakeAssistant) -> str:
    return served(create_app(assistant.library, assistant, ServeSettings()))  # type: ignore[arg-type]


def test_answers_and_pages_are_timed(address: str) -> None:
    found = load(address, ["What went wrong?"], people=4, seconds=6, pause=0.5)
    assert not found.errors
    assert found.questions >= 8
    assert len(found.first) == len(found.whole) == found.questions
    assert len(found.pages) > 2 * found.questions
    told = found.to_json()
    # The assistant takes a tenth of a second to its first sentence, and three more to the end.
    assert 200 < told["first_ms"]["p50"] < told["answer_ms"]["p50"]
    assert told["answer_ms"]["p50"] >= 400


def test_questions_name_records_of_the_library(address: str, assistant: FakeAssistant) -> None:
    assistant.asked.clear()
    assert not load(address, ["What about {title}?"], people=4, seconds=4, pause=0.2).errors
    titles = {row.title for row in assistant.library.browse().rows}
    assert {question for question, *_ in assistant.asked} == {f"What about {title}?" for title in titles}


def test_what_fails_is_counted(address: str) -> None:
    found = load(address, ["A broken model?"], people=2, seconds=1, pause=0.3)
    assert found.errors["no answer"] == found.questions > 0
    assert found.to_json()["first_ms"] == {"p50": None, "p95": None}


def test_the_folder_is_indexed_meanwhile(address: str, tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("# A pump\n\nIt leaked.\n")
    with pytest.raises(UsageError, match="not indexed"):
        load(address, ["Why?"], people=1, seconds=0.1, pause=0.1, folder=str(tmp_path / "missing"))
    found = load(address, ["Why?"], people=1, seconds=0.5, pause=0.1, folder=str(tmp_path))
    assert found.indexed["state"] in ("running", "done", "failed")


@pytest.mark.parametrize("host", ["192.0.2.1", "lessons.example", "10.0.0.1"])
def test_other_machines_are_not_loaded(host: str) -> None:
    with pytest.raises(UsageError, match="not this machine"):
        load(f"http://{host}:7860", ["Why?"], people=1, seconds=1, pause=1)


def test_a_server_that_is_not_there_is_named(unused_port: int) -> None:
    with pytest.raises(ServerError, match="Nothing answers"):
        load(f"http://127.0.0.1:{unused_port}", ["Why?"], people=1, seconds=1, pause=1)


@pytest.fixture
def unused_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])
