import pytest

from assistant.assistant import Assistant
from assistant.brief import Task, brief_plan, tasks_of
from assistant.settings import AssistantSettings

PLAN = """# Plan for the summer camp

Intro words that are no task.

1. Refuel the generators of the camp during the night
2. Play the violin in the opera house of Vienna
- [ ] Inform
"""


def test_tasks_are_the_list_items_of_a_plan_under_their_headings():
    assert tasks_of(PLAN) == [
        Task("Refuel the generators of the camp during the night", "Plan for the summer camp"),
        Task("Play the violin in the opera house of Vienna", "Plan for the summer camp"),
    ]


def test_tasks_are_the_rows_of_a_table():
    table = "POWER\n\n| Step | What is done | Who |\n|---|---|---|\n| 1 | Start the pump at dawn | Ann |\n"
    assert tasks_of(table) == [Task("Start the pump at dawn", "POWER")]
    table = "| What | Who | How |\n|---|---|---|\n| Bilge pump | Ann | Replace the seal |\n| Test | Bo | 2 |\n"
    assert [task.text for task in tasks_of(table)] == ["Bilge pump: Replace the seal"]


def test_a_short_item_is_a_task():
    assert [task.text for task in tasks_of("- Inform\n- Test hydraulics\n- Notify neighbours")] == [
        "Test hydraulics",
        "Notify neighbours",
    ]


@pytest.mark.parametrize("mark", ["-", "*", "•", "1.", "2)", "(3)", "4.2.", "a)", "[ ]", "- [x]", "Step 3:"])
def test_items_are_told_by_their_marks(mark):
    assert tasks_of(f"{mark} Start the pump at dawn") == [Task("Start the pump at dawn")]


def test_a_plan_without_a_list_is_read_by_sentences():
    assert [task.text for task in tasks_of("We will set up a water point. We will dose chlorine there.")] == [
        "We will set up a water point.",
        "We will dose chlorine there.",
    ]


def test_each_task_gets_its_lessons_and_a_task_nobody_knows_gets_none(sample):
    brief = brief_plan(sample, tasks_of(PLAN), AssistantSettings())
    refuel, violin = brief.tasks
    assert "ODR-2023-018" in {source.lesson_id for source in refuel.lessons}
    assert "ODR-2017-003" not in {source.lesson_id for source in refuel.lessons}
    assert (violin.lessons, violin.watch_out, violin.checklist) == ((), (), ())
    assert any(line.startswith("Refuel when") and line.endswith("(ODR-2023-018)") for line in brief.checklist)
    assert brief.to_json()["tasks"][0]["task"] == refuel.task
    for item in brief.tasks:
        numbers = {source.n for source in item.lessons}
        assert {n for claim in item.watch_out for n in claim.citations} == numbers
        for source in item.lessons:
            assert sample.source(source.source_id).text[source.start : source.end] == source.quote


def test_a_filter_holds_for_every_task(sample):
    brief = brief_plan(sample, tasks_of(PLAN), AssistantSettings(), {"unit": "Field Hospitals"})
    assert all(source.unit == "Field Hospitals" for item in brief.tasks for source in item.lessons)


def test_a_plan_in_the_place_of_a_question_is_briefed_task_by_task(sample):
    answer = Assistant(sample).ask(PLAN)
    refuel, violin = (task.text for task in tasks_of(PLAN))
    assert (answer.kind, answer.verdict) == ("planning", "partial")
    assert {claim.side for claim in answer.claims} == {refuel}
    assert answer.caveats[0] == f"No lesson found for: {violin}."
    assert Assistant(sample).ask("- Play the violin in Vienna\n- Sing in the opera house").verdict == "none"
