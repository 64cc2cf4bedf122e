import pytest

from assistant.question import understand
from assistant.settings import AssistantSettings
from ingest.errors import BadQuestion


def ask(text, *history):
    return understand(text, history, AssistantSettings())


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("How many lessons concern cranes?", "count"),
        ("What are the most common causes of delay?", "most-common"),
        ("How do lead-acid and lithium batteries differ?", "comparison"),
        ("Who knows about chlorine dosing?", "who-knows"),
        ("I will run a test from an office PC.", "planning"),
        ("Has anyone flown a heritage design?", "has-anyone"),
        ("What went well in the exercise?", "what-worked"),
        ("What went wrong with the connectors?", "what-went-wrong"),
        ("How should batteries be stored?", "procedural"),
        ("Where is the depot?", "factual"),
    ],
)
def test_kinds_are_told_by_their_words(text, kind):
    assert ask(text).kind == kind


def test_ids_and_numbers_are_read():
    assert ask("What does AAR-2021-04 say about PM2022-006?").ids == ("AAR-2021-04", "PM2022-006")
    assert ask("What does lesson 3 say?").numbers == ("3",)
    assert ask("What happened in lesson no. 641?").numbers == ("641",)
    assert ask("Were 3 pumps lost?").numbers == ()


@pytest.mark.parametrize("text", ["And for software?", "Why?", "Did it happen again?", "What about the second one?"])
def test_a_follow_up_is_asked_with_the_question_before(text):
    assert ask(text, "What went wrong with the pumps?").query == f"What went wrong with the pumps? {text}"


def test_a_chain_of_follow_ups_leads_back_to_the_question_that_stands_alone():
    query = ask("Why?", "Tell me about tents.", "What went wrong with the pumps?", "And at night?").query
    assert query == "What went wrong with the pumps? And at night? Why?"


def test_a_question_that_stands_alone_is_left_alone():
    assert (
        ask("What caused the flood in the depot?", "Who runs the clinic?").query
        == "What caused the flood in the depot?"
    )
    long = "Does it matter for the pumps at the water point whether the filter is cleaned each day?"
    assert ask(long, "Who runs the clinic?").query == long


@pytest.mark.parametrize("text", ["", "  \n ", "a" * 50_000])
def test_an_empty_or_endless_question_is_refused_with_a_remedy(text):
    with pytest.raises(BadQuestion) as error:
        ask(text)
    assert error.value.remedy
    assert len(str(error.value)) < 300
