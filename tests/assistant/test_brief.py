from assistant.brief import brief_plan, tasks_of
from assistant.settings import AssistantSettings

PLAN = """# Plan for the summer camp

Intro words that are no task.

1. Refuel the generators of the camp during the night
2. Play the violin in the opera house of Vienna
- [ ] Inform
"""


def test_tasks_are_the_list_items_of_a_plan():
    assert tasks_of(PLAN) == [
        "Refuel the generators of the camp during the night",
        "Play the violin in the opera house of Vienna",
    ]


def test_a_plan_without_a_list_is_read_by_sentences():
    assert tasks_of("We will set up a water point. We will dose chlorine there.") == [
        "We will set up a water point.",
        "We will dose chlorine there.",
    ]


def test_each_task_gets_its_lessons_and_a_task_nobody_knows_gets_none(sample):
    brief = brief_plan(sample, tasks_of(PLAN), AssistantSettings())
    refuel, violin = brief.tasks
    assert "ODR-2023-018" in {source.lesson_id for source in refuel.lessons}
    assert (violin.lessons, violin.watch_out) == ((), ())
    assert brief.checklist
    assert all(line.endswith(")") for line in brief.checklist)
    assert brief.to_json()["tasks"][0]["task"] == refuel.task
