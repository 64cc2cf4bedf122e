"""Counts over all records, not over the best few."""

import pytest

from assistant.assistant import Assistant
from assistant.tally import tally
from assistant.trends import trends
from index.sync import sync
from tests.fakes import a_library

TEXT = "The crane stopped. Its brake had worn out because nobody had measured the lining since the spring overhaul."


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    """Five records, the last two nearly the same, and a template."""
    folder = tmp_path_factory.mktemp("documents")
    rows = [
        ("one", "2020-02-03", "Fleet", "Negative", "A crane failed on the quay. The load stayed up."),
        ("two", "2020-11-03", "Fleet", "Positive", "Batteries were charged overnight with success."),
        ("three", "2022-05-01", "Water", "Negative", "The pump failed. A battery of tests had passed."),
        ("four", "2023-01-09", "Water", "Negative", TEXT),
        ("five", "", "", "Negative", f"{TEXT} It was found late."),
    ]
    lines = ["ID,Date,Unit,Type,Category,Event,Recommendation,Status"]
    for number, (name, date, unit, kind, event) in enumerate(rows):
        state = "Open" if number % 2 else "Closed"
        advice = f"Measure the brake lining of every lifting device each spring and write it down, {name}."
        lines.append(f'N-{name},{date},{unit},{kind},Lifting,"{event}","{advice}",{state}')
    (folder / "log.csv").write_text("\n".join(lines))
    (folder / "form.md").write_text(
        "# Review\n\n## What happened\n\n[Insert crane]\n\n## Lessons\n\n[Insert] [Insert]\n"
    )
    with a_library(tmp_path_factory.mktemp("library")) as opened:
        assert sync(opened, [folder]).failed == []
        yield opened


def values(found):
    return {group.value: group.count for group in found.groups}


def test_near_copies_are_counted_once_and_all_named(library):
    found = tally(library)
    assert (found.total, found.copies, found.of) == (4, 1, 4)
    assert len(found.lesson_ids) == 5


def test_guides_and_templates_are_not_counted(library):
    assert not any("form" in lesson_id for lesson_id in tally(library).lesson_ids)


@pytest.mark.parametrize(
    ("by", "counts"),
    [
        ("unit", {"Fleet": 2, "Water": 2}),
        ("year", {"2020": 2, "2021": 0, "2022": 1, "2023": 1}),
        ("outcome", {"failure": 3, "success": 1}),
    ],
)
def test_each_field_has_its_values(library, by, counts):
    assert values(tally(library, by)) == counts


def test_times_without_records_are_shown_between_others(library):
    found = values(tally(library, "quarter", {"year": "2020"}))
    assert found == {"2020-Q1": 1, "2020-Q2": 0, "2020-Q3": 0, "2020-Q4": 1}
    assert list(values(tally(library, "month", {"year": "2020"})))[::9] == ["2020-02", "2020-11"]


def test_records_without_a_value_are_told(library):
    found = tally(library, "unit")
    assert (found.stated, found.total) == (4, 4)  # the copy without a unit is no record of its own
    assert tally(library, "project").stated == 0


@pytest.mark.parametrize(
    ("terms", "ids"),
    [
        ([["cranes"]], {"N-one", "N-four", "N-five"}),
        ([["battery"]], {"N-two", "N-three"}),
        ([["batteries"]], {"N-two", "N-three"}),
        ([["crane", "failed"]], {"N-one"}),
        ([["crane", "load"]], set()),
        ([["crane"], ["pumps"]], {"N-one", "N-three", "N-four", "N-five"}),
        ([["the", "of"]], set()),
        ([["100%"]], set()),
    ],
)
def test_a_mention_is_all_words_in_one_sentence_in_any_form(library, terms, ids):
    assert set(tally(library, None, {}, terms).lesson_ids) == ids


def test_what_is_open_is_told_by_the_row(library):
    assert set(tally(library, state="open").lesson_ids) == {"N-two", "N-four"}


def test_a_survey_counts_the_same_records_by_each_field_and_finds_what_is_repeated(library):
    found = trends(library, ("year", "unit"), {}, [["crane"]])
    assert [(each.by, each.total) for each in found.tallies] == [("year", 2), ("unit", 2)]
    assert found.recommended == ()
    (advice,) = trends(library).recommended
    assert advice.records == 4
    assert {said.lesson_id for said in advice.said} == {"N-one", "N-two", "N-three", "N-four", "N-five"}


def test_records_are_left_out_by_a_field_or_by_what_they_mention(library):
    every = tally(library)
    assert (
        tally(library, without={"unit": "Fleet"}).total == every.total - tally(library, filters={"unit": "Fleet"}).total
    )
    crane = tally(library, terms=(("crane",),))
    left = tally(library, without_terms=(("crane",),))
    assert left.total == every.total - crane.total
    assert left.to_json()["not_mentioning"] == ["crane"]


@pytest.mark.parametrize(
    ("question", "first"),
    [
        ("Which unit has the most lessons?", "Most frequent unit: "),
        ("Which unit has the fewest lessons?", "Least frequent unit: "),
        ("Which year had the most lessons?", "Most frequent year: 2020 (2 of"),
        ("How many lessons do not mention a crane?", "2 records of 4 (not mentioning “crane”)."),
        ("How many lessons without a unit?", "1 record of 4 (unit none)."),
    ],
)
def test_questions_for_the_most_the_fewest_and_what_is_not_there(library, question, first):
    assert Assistant(library).ask(question).answer.startswith(first)


def test_what_follows_up_a_count_counts_the_same_otherwise(library):
    asked = "How many lessons mention a battery?"
    assert Assistant(library).ask("By unit?", history=[asked]).to_json()["tally"]["by"] == "unit"
    later = Assistant(library).ask("By year?", history=[asked, "By unit?"]).to_json()["tally"]
    assert (later["by"], later["mentioning"]) == ("year", ["battery"])


def test_outcomes_that_were_only_read_from_the_text_are_told(sample):
    answer = Assistant(sample).ask("How many failures are there?")
    told = answer.to_json()["tally"]
    assert 0 < told["read"] < told["total"]
    assert any(f"{told['read']} of these records do not state an outcome" in caveat for caveat in answer.caveats)
    assert Assistant(sample).ask("How many lessons are there?").to_json()["tally"]["read"] == 0
