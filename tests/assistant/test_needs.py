"""Questions that were not answered are kept, without a name, and ranked as needs."""

from dataclasses import replace
from datetime import date

import pytest

from assistant.answer import Answer
from assistant.assistant import Assistant
from assistant.needs import FILE, Needs, needs_of
from assistant.settings import AssistantSettings
from tests.fakes import HashEmbedder, a_library

TODAY = date(2026, 6, 30)
NONE = Answer("How do we store blood?", "procedural", "none")


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
