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
        ("Who was the pilot of the rescue helicopter?", "factual"),
        ("Who is in charge of the fuel depot?", "who-knows"),
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


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("What was recommended?", "procedural"),
        ("What worked well?", "what-worked"),
        ("Has this happened elsewhere?", "recurrence"),
        ("And at night?", "what-went-wrong"),
    ],
)
def test_a_follow_up_is_of_its_own_kind_unless_it_has_none(text, kind):
    assert ask(text, "What went wrong with the pumps?").kind == kind


def test_what_is_asked_of_a_count_is_counted():
    assert ask("What were the causes?", "How many failures are there?").kind == "count"


@pytest.mark.parametrize("text", ["Was anyone injured?", "Were there injuries?", "Did anybody die?"])
def test_a_question_without_a_subject_has_that_of_the_one_before(text):
    assert ask(text, "What went wrong with the pumps?").before == ("What went wrong with the pumps?",)


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
