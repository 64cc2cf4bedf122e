"""Sessions on the server's side."""

import sqlite3
import stat
from contextlib import contextmanager

import pytest

from index.beside import beside
from ui.web.sessions import FILE, Session, Sessions


class Clock:
    now = 1_000_000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def sessions(tmp_path, clock):
    return Sessions(tmp_path, hours=12, clock=clock)


def test_a_session_starts_survives_a_restart_and_ends(sessions, tmp_path, clock):
    token = sessions.start("anna", "mark")
    assert len(token) == 43
    assert sessions.name_of(token) == "anna"
    again = Sessions(tmp_path, hours=12, clock=clock)
    assert again.of(token) == Session("anna", "mark")
    again.end(token)
    assert sessions.name_of(token) is None
    assert sessions.name_of("") is None


def test_all_sessions_of_a_person_end(sessions):
    tokens = [sessions.start("anna"), sessions.start("anna"), sessions.start("bo")]
    sessions.end_all("anna")
    assert [sessions.name_of(token) for token in tokens] == [None, None, "bo"]


def test_a_session_ends_without_use(sessions, clock):
    token = sessions.start("anna")
    for _ in range(3):
        clock.now += 11 * 3600
        assert sessions.name_of(token) == "anna"
    clock.now += 12 * 3600 + 1
    assert sessions.name_of(token) is None


def test_a_session_ends_after_a_week_in_any_case(sessions, clock):
    token, start = sessions.start("anna"), clock.now
    while clock.now < start + 7 * 24 * 3600:
        assert sessions.name_of(token) == "anna"
        clock.now += 6 * 3600
    clock.now += 1
    assert sessions.name_of(token) is None


def test_the_file_holds_no_token_is_its_owners_and_does_not_grow(sessions, tmp_path, clock):
    path = tmp_path / FILE
    token = sessions.start("anna")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert token.encode() not in path.read_bytes()
    clock.now += 8 * 24 * 3600
    sessions.start("bo")
    database = sqlite3.connect(path)
    assert database.execute("SELECT name FROM sessions").fetchall() == [("bo",)]
    database.close()


def test_a_file_that_others_could_read_is_closed_to_them(tmp_path):
    (tmp_path / FILE).touch(0o644)
    Sessions(tmp_path)
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600


def test_a_session_goes_on_where_nothing_can_be_written(sessions, clock, monkeypatch):
    @contextmanager
    def read_only(path, schema):
        with beside(path, schema) as database:
            database.execute("PRAGMA query_only = 1")
            yield database

    token = sessions.start("anna")
    monkeypatch.setattr("ui.web.sessions.beside", read_only)
    clock.now += 3600
    assert sessions.name_of(token) == "anna"
