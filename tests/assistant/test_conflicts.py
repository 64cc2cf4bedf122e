"""Records that contradict each other, or themselves, are shown side by side."""

import pytest

from assistant.assistant import Assistant
from index.sync import sync
from tests.fakes import a_library


def ask(tmp_path, question, **texts):
    folder = tmp_path / "documents"
    folder.mkdir()
    for name, text in texts.items():
        (folder / f"{name}.md").write_text(text)
    with a_library(tmp_path / "library") as library:
        assert sync(library, [folder]).failed == []
        return Assistant(library).ask(question).conflicts


def record(title, advice, date="2020-05-01", extra=""):
    happened = "## What happened\n\nThe pump was tested."
    return f"# {title}\n\nDate: {date}\n{extra}\n{happened}\n\n## Recommendation\n\n{advice}\n"


QUESTION = "At what pressure should we run the booster pump?"
LOW = record("Booster one", "Run the booster pump at a pressure of 3 bar in the valley.")
HIGH = record("Booster two", "Run the booster pump at a pressure of 6 bar in the valley.", "2022-05-01")


def test_figures_that_differ_are_shown_with_their_records(tmp_path):
    (found,) = ask(tmp_path, QUESTION, low=LOW, high=HIGH)
    assert found.kind == "figure"
    assert {side.lesson_id for side in found.sides} == {"low#1", "high#1"}
    assert "3 bar" in found.text
    assert "6 bar" in found.text
    assert "2020" in found.text


@pytest.mark.parametrize(
    "other",
    [
        HIGH.replace("6 bar", "3 bar"),
        HIGH.replace("6 bar", "6 m"),
        HIGH.replace("Recommendation", "Impact"),
        HIGH.replace("at a pressure of 6 bar", "at 3 bar, never at 6 bar"),
    ],
    ids=["same", "another unit", "an event's figure", "warned of"],
)
def test_figures_that_can_both_hold_are_no_conflict(tmp_path, other):
    assert ask(tmp_path, QUESTION, low=LOW, high=other) == ()


def test_a_record_that_was_replaced_is_no_conflict(tmp_path):
    new = record("Booster two", "Run the booster pump at a pressure of 6 bar in the valley.", extra="Lesson ID: LL-2\n")
    old = record(
        "Booster one",
        "Run the booster pump at a pressure of 3 bar in the valley.",
        extra="Lesson ID: LL-1\nSuperseded by: LL-2\n",
    )
    assert ask(tmp_path, QUESTION, low=old, high=new) == ()


def test_advice_that_forbids_what_other_advice_says_is_shown(tmp_path):
    do = record("Booster one", "Bleed the booster pump before each start.")
    dont = record("Booster two", "Do not bleed the booster pump before a start; it drains the line.", "2022-05-01")
    (found,) = ask(tmp_path, "Should we bleed the booster pump before a start?", do=do, dont=dont)
    assert (found.kind, found.about) == ("advice", "whether to bleed")
    tmp = tmp_path / "again"
    tmp.mkdir()
    assert ask(tmp, "Should we paint the booster pump before a start?", do=do, dont=dont) == ()


def test_a_record_that_disagrees_with_itself_on_whose_count_it_is_is_shown(tmp_path):
    text = (
        "# Connector mix-up\n\n## Summary\n\n"
        "A swap of connectors on Cassini made it necessary to replace 26 transistors.\n\n## What happened\n\n"
        "On the Galileo unit two connectors were swapped on the bench. "
        "In this case it was necessary to replace twenty-six transistors on the board.\n"
    )
    found = ask(tmp_path, "How many transistors were replaced after the connectors were swapped?", one=text)
    assert [one.kind for one in found] == ["inside"]
    assert "disagrees with itself on the 26 transistors" in found[0].text
