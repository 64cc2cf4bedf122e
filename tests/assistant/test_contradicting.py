"""What contradicts a record is shown on its page, from either side, without a question."""

from pathlib import Path

import pytest

from assistant.assistant import Assistant
from assistant.contradicting import contradicting
from index.sync import sync
from ingest.errors import NotInLibrary
from tests.assistant.test_conflicts import HIGH, LOW, record
from tests.fakes import a_library

CHLORINE = "What free chlorine level should we set at the taps?"
PLANTED = {("ODR-2019-012", "ODR-2021-009"): "figure", ("PM-2021-003", "PM-2023-007"): "advice"}


@pytest.fixture
def indexed(tmp_path):
    """A library of the texts, by name."""
    opened = []

    def index(**texts):
        folder = tmp_path / "documents"
        folder.mkdir()
        for name, text in texts.items():
            (folder / f"{name}.md").write_text(text)
        library = a_library(tmp_path / "library")
        opened.append(library)
        assert sync(library, [folder]).failed == []
        return library

    yield index
    for library in opened:
        library.close()


def sides(found):
    return {side.lesson_id for side in found.sides}


@pytest.mark.parametrize("pair", PLANTED, ids="/".join)
def test_planted_conflicts_are_found_from_both_records(sample, pair):
    for lesson_id in pair:
        (found,) = contradicting(sample, lesson_id)
        assert (found.kind, sides(found)) == (PLANTED[pair], set(pair))
        for side in found.sides:
            assert sample.source(side.source_id).text[side.start : side.end] == side.quote


def test_what_a_question_brings_up_is_found_on_the_pages_of_both_records_too(sample):
    (asked,) = Assistant(sample).ask(CHLORINE).conflicts
    for lesson_id in sides(asked):
        assert sides(asked) in [sides(one) for one in contradicting(sample, lesson_id)]


def test_no_other_record_of_the_sample_has_any(sample):
    told = {one.lesson_id for one in sample.records()}
    assert {one for one in told if contradicting(sample, one)} == {one for pair in PLANTED for one in pair}


def test_figures_that_differ_are_found_from_both_sides(indexed):
    library = indexed(low=LOW, high=HIGH)
    for lesson_id in ("low#1", "HIGH#1"):
        (found,) = contradicting(library, lesson_id)
        assert (found.kind, sides(found)) == ("figure", {"low#1", "high#1"})
        assert "3 bar" in found.text
        assert "6 bar" in found.text


def test_conflicts_between_others_are_not_shown(indexed):
    third = record("Booster three", "Run the booster pump at a pressure in the valley that the manual names.")
    library = indexed(low=LOW, high=HIGH, third=third)
    assert contradicting(library, "third#1") == ()
    assert len(contradicting(library, "low#1")) == 1


def test_a_record_that_was_replaced_is_no_conflict(indexed):
    old = LOW.replace("Date:", "Lesson ID: LL-1\nSuperseded by: LL-2\nDate:")
    new = HIGH.replace("Date:", "Lesson ID: LL-2\nDate:")
    library = indexed(old=old, new=new)
    assert [contradicting(library, one) for one in ("LL-1", "LL-2")] == [(), ()]


def test_a_deed_that_is_only_mentioned_is_not_advised(indexed):
    ban = record("Booster pump start", "Do not bleed the booster pump before a start; it drains the line.")
    named = record("Booster pump start", "Note each bleed of the booster pump before a start in the log of the line.")
    ordered = record("Booster pump start", "Bleed the booster pump before a start until the line is full.")
    library = indexed(ban=ban, named=named, ordered=ordered)
    assert [(one.about, sides(one)) for one in contradicting(library, "ban#1")] == [
        ("whether to bleed", {"ban#1", "ordered#1"})
    ]


def test_a_record_that_disagrees_with_itself_says_so(indexed):
    text = (
        "# Connector mix-up\n\n## Summary\n\n"
        "A swap of connectors on Cassini made it necessary to replace 26 transistors.\n\n## What happened\n\n"
        "On the Galileo unit two connectors were swapped on the bench. "
        "In this case it was necessary to replace twenty-six transistors on the board.\n"
    )
    library = indexed(one=text, two=LOW)
    (found,) = contradicting(library, "one#1")
    assert (found.kind, found.about) == ("inside", "the 26 transistors")
    assert contradicting(library, "two#1") == ()


def test_a_record_that_is_gone_has_none_and_one_that_never_was_is_not_found(indexed, tmp_path):
    library = indexed(low=LOW, high=HIGH)
    library.remove([str(Path(tmp_path / "documents" / "low.md"))])
    assert contradicting(library, "low#1") == ()
    assert contradicting(library, "high#1") == ()
    with pytest.raises(NotInLibrary):
        contradicting(library, "nothing")
