"""Questions that were not answered are kept, without a name, and ranked as needs."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import date

import pytest

from assistant.answer import Answer, Cited
from assistant.assistant import Assistant
from assistant.needs import FILE, Needs, needs_of
from assistant.settings import AssistantSettings
from tests.fakes import HashEmbedder, a_library

TODAY = date(2026, 6, 30)
NONE = Answer("How do we store blood?", "procedural", "none")
CITED = Cited(
    1, "L-1", "Valve", "/docs/valve.md", 7, 3, "page 3", "Event", 0, 5, "It was", "2020", "failure", "observation",
    "lessons",
)  # fmt: skip


@pytest.fixture
def needs(tmp_path):
    return Needs(tmp_path)


def test_a_question_asked_again_is_counted_whatever_its_form(needs):
    assert needs.note(NONE, date(2026, 3, 1)) == 1
    assert needs.note(NONE, TODAY) == 1  # not in the last month
    assert needs.note(replace(NONE, question="how do we STORE the blood"), TODAY) == 2
    assert needs.note(replace(NONE, question="Who paints tents?"), TODAY) == 1


def test_gaps_are_ranked_by_how_often_how_badly_and_how_lately_they_were_asked(needs):
    for day in (1, 2, 3):
        needs.note(NONE, date(2026, 6, day))
    for day in (1, 2, 3):
        needs.note(replace(NONE, question="Who paints tents?"), date(2024, 6, day))
    for day in (1, 2, 3):
        needs.note(replace(NONE, question="Which valve fits?", verdict="partial"), date(2026, 6, day))
    gaps = needs.gaps(HashEmbedder(), TODAY)
    assert [(gap.question, gap.times, gap.unanswered) for gap in gaps] == [
        ("How do we store blood?", 3, 3),
        ("Which valve fits?", 3, 0),
        ("Who paints tents?", 3, 3),
    ]
    assert (gaps[0].first, gaps[0].last) == ("2026-06-01", "2026-06-03")


def test_questions_that_ask_the_same_are_one_gap(needs):
    for text in ("How do we store blood?", "Who paints tents?", "How do we store the blood?"):
        needs.note(replace(NONE, question=text), TODAY)
    first, second = needs.gaps(HashEmbedder(), TODAY)
    assert first.questions == ("How do we store the blood?", "How do we store blood?")
    assert second.questions == ("Who paints tents?",)
    assert needs.forget(["How do we store blood?", "Never asked"]) == 1
    assert needs.gaps(HashEmbedder(), TODAY)[0].times == 1


def test_only_what_leaves_a_need_is_kept(tmp_path, sample):
    assistant = Assistant(sample, needs=Needs(tmp_path))
    assert assistant.ask("When should generators be refuelled?").asked == 0
    assert assistant.ask("Write me a poem.").asked == 0
    assert assistant.ask("What did we learn about quantum networking payloads?").asked == 1
    assert assistant.ask("What did we learn about quantum networking payloads?").asked == 2
    (gap,) = Needs(tmp_path).gaps(sample.embedder, date.today())
    assert (gap.times, len(gap.nearest)) == (2, 3)
    assert gap.who
    assert not any("records)" in name for name in gap.who)


def test_nothing_is_kept_where_it_is_not_wanted_or_cannot_be(tmp_path, sample):
    Assistant(sample).ask("What did we learn about quantum networking payloads?")
    with a_library(tmp_path / "library") as library:
        assert needs_of(library, AssistantSettings(keep_questions=False)) is None
        found = needs_of(library, AssistantSettings())
        assert found
        found.note(NONE, TODAY)
        assert (library.folder / FILE).exists()
    blocked = tmp_path / "file"
    blocked.write_text("")
    assert Needs(blocked).note(NONE, TODAY) == 0
    assert Needs(tmp_path / "nowhere").gaps(HashEmbedder(), TODAY) == []


def asked_by(folder, question, *labels, nearest=()):
    sources = tuple(replace(CITED, lesson_id=name, owner=f"{name}'s owner") for name in nearest)
    return Needs(folder, frozenset(labels)).note(replace(NONE, question=question, nearest=sources), TODAY)


def questions(needs):
    return {question for gap in needs.gaps(HashEmbedder(), TODAY) for question in gap.questions}


def test_a_question_is_seen_by_those_who_have_all_labels_of_whoever_asked(tmp_path):
    assert asked_by(tmp_path, "Which valve?", "a", "b") == 1
    assert asked_by(tmp_path, "Which valve?", "a") == 1
    assert asked_by(tmp_path, "Which valve?") == 1
    assert asked_by(tmp_path, "Which valve?", "a", "c") == 3
    assert Needs(tmp_path, None).note(replace(NONE, question="Which valve?"), TODAY) == 5
    asked_by(tmp_path, "Who paints tents?", "b")
    for labels, expected in (
        (None, {"Which valve?", "Who paints tents?"}),
        (frozenset(), {"Which valve?"}),
        (frozenset({"b"}), {"Which valve?", "Who paints tents?"}),
        (frozenset({"c"}), {"Which valve?"}),
    ):
        assert questions(Needs(tmp_path, labels)) == expected
    for labels, times in ((frozenset("a"), 3), (frozenset("ab"), 4), (None, 5)):
        assert Needs(tmp_path, labels).gaps(HashEmbedder(), TODAY)[0].times == times
    assert questions(Needs(tmp_path, frozenset())) == {"Which valve?"}


def test_only_questions_that_are_seen_can_be_dropped(tmp_path):
    asked_by(tmp_path, "Who paints tents?", "b")
    asked_by(tmp_path, "Who paints tents?")
    assert Needs(tmp_path, frozenset()).forget(["Who paints tents?"]) == 1
    assert questions(Needs(tmp_path, None)) == {"Who paints tents?"}
    assert Needs(tmp_path, None).forget(["Who paints tents?"]) == 1


def test_a_file_of_an_older_version_is_read_as_it_is_and_gains_labels_when_written(tmp_path):
    with closing(sqlite3.connect(tmp_path / FILE)) as database, database:
        database.execute(
            "CREATE TABLE asked (id INTEGER PRIMARY KEY AUTOINCREMENT, day TEXT NOT NULL, question TEXT NOT NULL, "
            "words TEXT NOT NULL, verdict TEXT NOT NULL, filters TEXT NOT NULL, nearest TEXT NOT NULL, "
            "who TEXT NOT NULL)"
        )
        database.execute("INSERT INTO asked VALUES (1, '2026-06-01', 'Which valve?', 'valv', 'none', '{}', '[]', '[]')")
    (tmp_path / FILE).chmod(0o400)
    assert questions(Needs(tmp_path, frozenset())) == questions(Needs(tmp_path, None)) == {"Which valve?"}
    (tmp_path / FILE).chmod(0o600)
    with closing(sqlite3.connect(tmp_path / FILE)) as database:
        assert "labels" not in database.execute("SELECT sql FROM sqlite_master").fetchone()[0]
    assert asked_by(tmp_path, "Which valve?", "a") == 2
    assert asked_by(tmp_path, "Which valve?") == 2
    assert Needs(tmp_path, frozenset()).gaps(HashEmbedder(), TODAY)[0].times == 2


def test_records_that_the_reader_may_not_see_are_not_named_nor_whom_to_ask(tmp_path):
    asked_by(tmp_path, "Which valve?", nearest=("L-1", "L-2"))
    asked_by(tmp_path, "Which valve?", nearest=("L-3",))
    needs = Needs(tmp_path)

    def told(sees=None):
        (gap,) = needs.gaps(HashEmbedder(), TODAY, sees)
        return gap.nearest, gap.who

    owners = ("L-3's owner", "L-1's owner", "L-2's owner")
    assert told() == told(lambda lesson_id: True) == (("L-3", "L-1", "L-2"), owners)
    assert told(lambda lesson_id: lesson_id != "L-2") == (("L-3", "L-1"), owners[:1])
    assert told(lambda lesson_id: False) == ((), ())


def test_needs_are_kept_for_whoever_asks(tmp_path):
    with a_library(tmp_path / "library") as library:
        for labels in (frozenset({"a"}), frozenset()):
            kept = needs_of(library, AssistantSettings(), labels)
            assert kept
            assert kept.note(NONE, TODAY) == 1


def test_who_may_see_everything_leaves_a_question_to_those_who_hold_the_labels_that_records_carry(tmp_path):
    def left_by(labels, carried):
        Needs(tmp_path, labels, lambda: frozenset(carried)).note(replace(NONE, question=f"{labels} {carried}?"), TODAY)
        return questions(Needs(tmp_path, frozenset("a")))

    assert left_by(None, "ab") == set()
    assert left_by(frozenset("ab"), "b") == set()
    assert len(left_by(None, "a")) == 1
    assert len(left_by(None, "")) == 2
    assert len(left_by(frozenset("ab"), "a")) == 3  # nothing that is labelled b can be in it
