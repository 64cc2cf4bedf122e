"""Conversations are kept for each person alone, come back as they were, and are gone once forgotten."""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assistant.answer import Answer, Cited, Claim, Conflict
from assistant.repeated import Repeated, Telling
from assistant.tally import Group, Tally
from ingest.errors import LessonsError, LibraryError, NotInLibrary
from tests.ui.kept_answers import answers_of_every_kind
from ui.web.history import FILE, History, KeptTurn, readable
from ui.web.kept import pack_answer, unpack_answer

CITED = Cited(
    1, "L-1", "Valve", "/docs/valve.md", 7, 3, "page 3", "Event", 0, 5, "It was", "2020", "failure", "observation",
    "lessons",
)  # fmt: skip
ANSWER = Answer("Why?", "factual", "answered", (Claim("The valve froze.", (1,), 1.0),), (CITED,))


@pytest.fixture
def history(tmp_path):
    return History(tmp_path)


def turn(question: str = "Why?", **values: object) -> KeptTurn:
    return replace(KeptTurn(question, answer=ANSWER), **values)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def answers(sample, tmp_path_factory):
    return answers_of_every_kind(sample, tmp_path_factory.mktemp("answers"))


def test_answers_of_every_kind_come_back_equal(answers, history, tmp_path):
    assert answers["fact"].caveats
    assert {claim.side for claim in answers["comparison"].claims} >= {"fuel", "water"}
    assert answers["years"].tally
    assert answers["years"].tally.by == "year"
    assert answers["years"].filters_read
    assert answers["repeats"].repeats
    assert answers["none"].nearest
    assert answers["plan"].verdict == "partial"
    assert answers["nothing counted"].tally
    assert answers["nothing counted"].tally.terms
    assert answers["conflict"].conflicts
    conversation = None
    for each in answers.values():
        conversation = history.add("ann", conversation, KeptTurn(each.question, {"since": "2015"}, ("unit",), each))
    assert conversation
    kept = History(tmp_path).turns("ann", conversation)
    assert [one.answer for one in kept] == list(answers.values())
    assert {(one.filters["since"], one.ignored) for one in kept} == {("2015", ("unit",))}


ANY = st.text(st.one_of(st.characters(), st.sampled_from("\x00\ud83d\ude00\ud800\udfff😀\u202e\ufffe\r\n\"'\\")))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_text_comes_back_as_it_was(tmp_path, data):
    texts = data.draw(st.lists(ANY, min_size=9, max_size=9))
    cited = replace(CITED, title=texts[0], quote=texts[1], source=texts[2], unit=texts[3])
    told = Telling(texts[4], texts[5], "", "")
    counted = Tally(
        "unit", {"unit": texts[6]}, ((texts[7],),), None, 1, 2, 0, 1, (Group(texts[3], 1, ("a",)),), ("a",),
        {"unit": texts[8]}, ((texts[2], texts[3]),), 1,
    )  # fmt: skip
    answer = Answer(
        texts[0], "factual", "partial", (Claim(texts[1], (1, 2), 0.5, texts[2], True),), (cited,), (cited,),
        (texts[3],), (Conflict("figure", texts[4], (cited, cited)),), (texts[5],), (texts[6],), texts[7],
        {texts[8]: texts[0]}, (texts[8],), counted, 3, 1, (Repeated((told, told)),), {texts[1]: 0.25},
    )  # fmt: skip
    kept = KeptTurn(texts[0], {texts[1]: texts[2]}, (texts[3],), answer, feedback=texts[4] or None)
    history = History(tmp_path)
    conversation = history.add("ann", None, kept)
    assert history.turns("ann", conversation) == [kept]
    assert history.conversations("ann")[0].title == texts[0]


def test_conversations_are_listed_newest_first_by_their_first_question(history):
    first = history.add("ann", None, turn("First?", at="2026-03-01T10:00:00+02:00"))
    second = history.add("ann", None, turn("Second?", at="2026-03-01T08:30:00+00:00"))
    assert history.add("ann", first, turn("And then?", at="2026-03-01T08:20:00Z")) == first
    assert len({first, second}) == 2
    assert min(len(first), len(second)) >= 16
    kept = history.conversations("ann")
    assert [(one.id, one.title, one.turns) for one in kept] == [(second, "Second?", 1), (first, "First?", 2)]
    assert kept[1].started == "2026-03-01T08:00:00.000000+00:00"
    assert kept[1].updated == "2026-03-01T08:20:00.000000+00:00"
    assert [one.id for one in history.conversations("ann", most=1)] == [second]


def test_nobody_reads_or_changes_what_is_anothers(history):
    anns = history.add("ann", None, turn())
    history.add("ann", anns, turn("And?"))
    assert history.conversations("bob") == []
    bobs = history.add("bob", anns, turn("Mine?"))
    assert bobs != anns
    history.replace_from("bob", anns, 0)
    assert history.forget("bob", anns) == 0
    assert history.forget_all("carl") == 0
    for wrong in (lambda: history.turns("bob", anns), lambda: history.mark("bob", anns, 0, "wrong")):
        with pytest.raises(NotInLibrary, match="no such conversation"):
            wrong()
    assert [one.question for one in history.turns("ann", anns)] == ["Why?", "And?"]
    assert [one.feedback for one in history.turns("ann", anns)] == [None, None]
    assert [one.question for one in history.turns("bob", bobs)] == ["Mine?"]


@pytest.mark.parametrize("unknown", ["", "nothing", "half a pair \ud800", "' OR 1 --"])
def test_a_conversation_that_is_not_there_is_said_so_and_a_new_one_begun(history, unknown):
    with pytest.raises(NotInLibrary):
        history.turns("ann", unknown)
    begun = history.add("ann", unknown, turn())
    assert begun not in ("", unknown)
    with pytest.raises(LessonsError):
        history.turns("ann", unknown)


def test_asking_again_replaces_the_later_turns(history):
    own = ""
    for question in ("One?", "Two?", "Three?"):
        own = history.add("ann", own, turn(question))
    history.replace_from("ann", own, 1)
    assert [one.question for one in history.turns("ann", own)] == ["One?"]
    assert history.add("ann", own, turn("Two, really?")) == own
    history.mark("ann", own, 1, "useful")
    assert [(one.question, one.feedback) for one in history.turns("ann", own)] == [
        ("One?", None),
        ("Two, really?", "useful"),
    ]
    history.mark("ann", own, 1, None)
    assert history.turns("ann", own)[1].feedback is None
    with pytest.raises(NotInLibrary):
        history.mark("ann", own, 2, "useful")
    history.replace_from("ann", own, 0)
    assert history.turns("ann", own) == []
    assert history.conversations("ann") == []
    assert history.add("ann", own, turn("Anew?")) == own
    assert history.conversations("ann")[0].title == "Anew?"


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("valve", True), ("VALVES", True), ("froz", True), ("frozen valve", False), ("alve", False), ("why", True),
        ("the valve", True), ("cafe", True), ("%", False), ("_", False), ("بئر", True), (" ", True),
        ("generator", True), ("generato", True), ("generators froze", True), ("zebra", False), ("\ud800", False),
    ],
)  # fmt: skip
def test_conversations_are_found_by_words_of_questions_and_answers(history, search, found):
    own = history.add("ann", None, turn("Why at the café, in بئر?"))
    history.add("ann", own, turn("Which generators?", answer=None))
    history.add("bob", None, turn("zebra"))
    assert [one.id for one in history.conversations("ann", search=search)] == ([own] if found else [])


def test_what_is_forgotten_is_gone_from_the_disk_too(history, tmp_path):
    secret = turn("Why did the secretphrase fail?", answer=replace(ANSWER, message="secretphrase"))
    gone, stays = history.add("ann", None, secret), history.add("bob", None, turn())
    assert b"secretphrase" in (tmp_path / FILE).read_bytes()
    assert history.forget("ann", gone) == 1
    assert history.forget("ann", gone) == 0
    assert not any(b"secretphrase" in path.read_bytes() for path in tmp_path.iterdir())
    assert history.conversations("ann") == []
    assert history.forget_all("bob") == 1
    with pytest.raises(NotInLibrary):
        history.turns("bob", stays)


def test_old_conversations_are_pruned(history):
    old = (datetime.now(UTC) - timedelta(days=31)).isoformat()
    past = history.add("ann", None, turn(at=old))
    history.add("ann", history.add("bob", None, turn(at=old)), turn())
    assert history.prune(30) == 2
    assert [len(history.conversations(person)) for person in ("ann", "bob")] == [1, 0]
    with pytest.raises(NotInLibrary):
        history.turns("ann", past)


def test_an_answer_of_another_version_is_none_and_no_error(history, tmp_path):
    own = history.add("ann", None, turn("Why?", filters={"unit": "JPL"}))
    unread: list[bytes] = [b"", b"\xff", b"[]", b"null", b"{}", b'{"question": 1}', b"[" * 100_000]
    unread.append((pack_answer(ANSWER) or b"").replace(b'"answered"', b'"guessed"'))
    for stored in unread:
        with closing(sqlite3.connect(tmp_path / FILE)) as database, database:
            database.execute("UPDATE turns SET answer = ?, ignored = ?", (stored, stored))
        (kept,) = history.turns("ann", own)
        assert (kept.question, kept.filters, kept.ignored, kept.answer) == ("Why?", {"unit": "JPL"}, (), None)
    newer = (pack_answer(ANSWER) or b"").replace(b'{"question"', b'{"mood": "calm", "question"', 1)
    assert unpack_answer(newer) == ANSWER


def test_nothing_is_kept_where_nothing_can_be_written_and_nothing_fails(tmp_path, caplog):
    (tmp_path / "file").write_text("")
    for history in (History(tmp_path / "file"), History(tmp_path / "nowhere")):
        assert history.add("ann", None, turn()) == ""
        assert history.conversations("ann") == []
        history.replace_from("ann", "x", 0)
        assert history.forget_all("ann") == history.forget("ann", "x") == history.prune(1) == 0
    assert "a turn was not kept" in caplog.text
    (tmp_path / FILE).write_bytes(b"no database" * 100)
    broken = History(tmp_path)
    assert broken.add("ann", None, turn()) == ""
    assert broken.conversations("ann") == []
    broken.replace_from("ann", "x", 0)
    with pytest.raises(NotInLibrary):
        broken.turns("ann", "x")
    with pytest.raises(LibraryError, match="cannot be written"):
        broken.forget_all("ann")


@pytest.mark.skipif(os.name == "nt", reason="the system has no modes")
def test_only_the_owner_reads_the_file(history, tmp_path):
    old = os.umask(0)
    try:
        history.add("ann", None, turn())
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600


def test_many_may_write_at_once(tmp_path):
    def write(number: int) -> str:
        return History(tmp_path).add(f"person {number % 4}", None, turn(f"Question {number}?"))

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(write, range(40)))
    assert [len(History(tmp_path).conversations(f"person {n}")) for n in range(4)] == [10] * 4


class Sees:
    """All but some sources and records; keeps what it was asked for."""

    def __init__(self, source: int = 0, record: str = "") -> None:
        self.source, self.record = source, record

    def has_source(self, source_id: int) -> bool:
        return source_id != self.source

    def has_record(self, lesson_id: str) -> bool:
        return lesson_id != self.record


TOLD = Repeated((Telling("L-8", "Ice", "", ""), Telling("L-9", "Ice again", "", "")))
COUNTED = Tally("unit", {}, (), None, 2, 3, 0, 2, (Group("JPL", 1, ("L-6",)),), ("L-5",))
OUT = "“Valve” (L-4) is left out: L-1 supersedes it."


@pytest.mark.parametrize(
    ("answer", "source", "record"),
    [
        (ANSWER, 7, "L-1"),
        (replace(ANSWER, sources=(), nearest=(replace(CITED, source_id=8),)), 8, "L-1"),
        (replace(ANSWER, conflicts=(Conflict("advice", "it", (CITED, replace(CITED, source_id=9))),)), 9, "L-1"),
        (replace(ANSWER, repeats=(TOLD,)), 0, "L-9"),
        (replace(ANSWER, tally=COUNTED), 0, "L-5"),
        (replace(ANSWER, tally=COUNTED), 0, "L-6"),
        (replace(ANSWER, caveats=("One record reports this.", OUT)), 0, "L-4"),
    ],
    ids=["cited", "near", "conflict", "repeat", "counted", "group", "left out"],
)
def test_a_turn_is_readable_only_while_all_it_shows_may_be_seen(answer, source, record):
    hidden: Callable[..., bool] = lambda **what: not readable(turn(answer=answer), Sees(**what))  # noqa: E731
    assert not hidden()
    assert hidden(record=record)
    assert not source or hidden(source=source)
    assert not hidden(source=99, record="L-99")
    assert readable(turn(answer=None), Sees(source, record))


def test_a_record_that_a_real_answer_leaves_out_counts_as_shown(answers):
    answer = answers["fact"]
    assert "ODR-2017-003" not in {one.lesson_id for one in answer.sources}
    assert readable(turn(answer=answer), Sees())
    assert not readable(turn(answer=answer), Sees(record="ODR-2017-003"))
