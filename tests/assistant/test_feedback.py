"""What readers say of answers is kept without a name, listed for those who may see it, and settled once."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import date

import pytest

from assistant.answer import Answer, Cited, Claim
from assistant.feedback import FILE, LONGEST, Feedback, Item, Marks
from ingest.errors import LessonsError, LibraryError, NotInLibrary, UsageError

TODAY = date(2026, 6, 30)
CITED = Cited(
    1, "L-1", "Valve", "/docs/valve.md", 7, 3, "page 3", "Event", 0, 5, "It was", "2020", "failure", "observation",
    "lessons",
)  # fmt: skip
SOURCES = (CITED, replace(CITED, n=2, start=9), replace(CITED, n=3, lesson_id="L-2"))
ANSWER = Answer("Why?", "factual", "answered", (Claim("The valve froze.", (1, 2, 3), 1.0),), SOURCES)
PUBLIC: frozenset[str] = frozenset()


@pytest.fixture
def feedback(tmp_path):
    return Feedback(tmp_path)


def test_an_objection_is_kept_with_the_answer_as_it_was(feedback, tmp_path):
    number = feedback.note(ANSWER, "wrong", "It was ice.", frozenset({"secret"}), TODAY, key="turn", role="Test lead")
    assert feedback.open_items(None) == [
        Item(
            number, "2026-06-30", "wrong", "It was ice.", "Test lead", "Why?", "The valve froze. [1] [2] [3]",
            ("L-1", "L-2"),
        )
    ]  # fmt: skip
    assert Feedback(tmp_path).open_items(None) == feedback.open_items(None)


def test_items_are_seen_by_those_who_have_all_their_labels_newest_first(feedback):
    for question, labels, day in (
        ("None?", PUBLIC, 3),
        ("One?", frozenset({"a"}), 1),
        ("Two?", frozenset({"a", "b"}), 2),
        ("All?", PUBLIC, 2),
    ):
        feedback.note(replace(ANSWER, question=question), "outdated", "", labels, TODAY.replace(day=day))

    def seen(labels: frozenset[str] | None) -> list[str]:
        return [item.question for item in feedback.open_items(labels)]

    assert seen(None) == ["None?", "All?", "Two?", "One?"]
    assert seen(PUBLIC) == ["None?", "All?"]
    assert seen(frozenset({"a", "c"})) == ["None?", "All?", "One?"]
    assert seen(frozenset({"a", "b"})) == ["None?", "All?", "Two?", "One?"]


def test_pressing_again_replaces_the_mark_of_the_same_turn(feedback):
    first = feedback.note(ANSWER, "useful", "", PUBLIC, TODAY, key="ann's first turn")
    assert feedback.note(ANSWER, "wrong", "Not so.", PUBLIC, TODAY, key="ann's first turn") == first
    feedback.note(ANSWER, "incomplete", "", PUBLIC, TODAY, key="bob's first turn")
    feedback.note(ANSWER, "incomplete", "", PUBLIC, TODAY)
    feedback.note(ANSWER, "incomplete", "", PUBLIC, TODAY)
    assert [item.reason for item in feedback.open_items(None)] == ["incomplete", "incomplete", "incomplete", "wrong"]
    assert feedback.counts(["L-1"]) == {"L-1": Marks(useful=0, objected=4)}


def test_what_is_settled_leaves_the_list_and_stays_kept_with_its_day(feedback, tmp_path):
    numbers = [feedback.note(ANSWER, "wrong", "", PUBLIC, TODAY, key=key) for key in "abc"]
    for number, how in zip(numbers, ("corrected", "no_change", "withdrawn"), strict=True):
        feedback.settle(number, how)
    assert feedback.open_items(None) == []
    with closing(sqlite3.connect(tmp_path / FILE)) as database:
        kept = database.execute("SELECT settled, settled_day FROM marks ORDER BY id").fetchall()
    assert kept == [(how, date.today().isoformat()) for how in ("corrected", "no_change", "withdrawn")]
    feedback.note(ANSWER, "wrong", "", PUBLIC, TODAY, key="a")
    assert feedback.open_items(None) == []  # the same said again
    feedback.note(ANSWER, "wrong", "Still.", PUBLIC, TODAY, key="a")
    assert [item.comment for item in feedback.open_items(None)] == ["Still."]


def test_only_an_open_item_that_is_seen_can_be_settled(feedback):
    number = feedback.note(ANSWER, "wrong", "", frozenset({"a"}), TODAY)
    useful = feedback.note(ANSWER, "useful", "", PUBLIC, TODAY)
    for wrong, labels in ((number, PUBLIC), (number + 9, None), (useful, None)):
        with pytest.raises(NotInLibrary, match="no open item"):
            feedback.settle(wrong, "corrected", labels)
    feedback.settle(number, "corrected", frozenset({"a"}))
    with pytest.raises(NotInLibrary):
        feedback.settle(number, "corrected")


def test_records_are_counted_by_the_marks_of_answers_that_cite_them(feedback):
    feedback.note(ANSWER, "useful", "", PUBLIC, TODAY)
    feedback.note(replace(ANSWER, sources=SOURCES[:1]), "useful", "", PUBLIC, TODAY)
    feedback.settle(feedback.note(ANSWER, "not_applicable", "", PUBLIC, TODAY), "no_change")
    feedback.note(replace(ANSWER, sources=(), nearest=SOURCES), "wrong", "", PUBLIC, TODAY)  # near, but not cited
    assert feedback.counts(["L-2", "L-1", "L-9"]) == {"L-2": Marks(1, 1), "L-1": Marks(2, 1), "L-9": Marks(0, 0)}


def test_any_text_is_kept_and_a_long_comment_in_part(feedback):
    odd = replace(ANSWER, question="half \ud800 a pair, \x00, 😀")
    feedback.note(odd, "wrong", "y" * LONGEST + "z", PUBLIC, TODAY, key="\udfff")
    (item,) = feedback.open_items(None)
    assert item.question == "half ? a pair, \x00, 😀"
    assert item.comment == "y" * LONGEST


def test_a_reason_that_there_is_not_is_refused(feedback):
    with pytest.raises(UsageError, match="useful, wrong"):
        feedback.note(ANSWER, "silly", "", PUBLIC, TODAY)
    with pytest.raises(UsageError, match="corrected, no_change"):
        feedback.settle(1, "silly")


def test_nothing_is_kept_where_nothing_can_be_written(tmp_path, caplog):
    (tmp_path / "file").write_text("")
    for feedback in (Feedback(tmp_path / "file"), Feedback(tmp_path / "nowhere")):
        assert feedback.note(ANSWER, "wrong", "", PUBLIC, TODAY) == 0
        assert feedback.open_items(None) == []
        assert feedback.counts(["L-1"]) == {"L-1": Marks()}
        with pytest.raises(LessonsError):
            feedback.settle(1, "corrected")
    assert "a mark was not kept" in caplog.text
    (tmp_path / FILE).write_bytes(b"no database" * 100)
    with pytest.raises(LibraryError, match="cannot be written"):
        Feedback(tmp_path).settle(1, "corrected")
