"""Questions that follow an answer up."""

import pytest

from assistant.assistant import Assistant
from index.library import Library


@pytest.fixture
def assistant(sample: Library) -> Assistant:
    return Assistant(sample)


def test_what_was_recommended_is_told_and_not_what_happened_again(assistant: Assistant) -> None:
    asked = "Which vaccine was frozen and why?"
    first, then = assistant.ask(asked), assistant.ask("What was recommended?", history=[asked])
    assert {one.lesson_id for one in then.sources} <= {one.lesson_id for one in first.sources}
    assert not {claim.text for claim in then.claims} & {claim.text for claim in first.claims}
    assert then.claims[0].text.startswith("Condition gel packs for at least 30 minutes")


def test_what_the_records_do_not_tell_is_said(assistant: Assistant) -> None:
    answer = assistant.ask("What worked well?", history=["What went wrong with the dewatering pumps?"])
    assert answer.verdict == "partial"
    assert "Nothing in these records says what worked well." in answer.caveats


def test_elsewhere_is_another_record_and_no_copy_of_it(assistant: Assistant) -> None:
    asked = "Which vaccine was frozen and why?"
    told = {one.lesson_id for one in assistant.ask(asked).sources}
    elsewhere = assistant.ask("Has this happened elsewhere?", history=[asked])
    assert "ODR-2020-015" in told
    assert not {"ODR-2020-015", "ODR-2020-016"} & {one.lesson_id for one in elsewhere.sources}
