"""What a text asserts, told from what it orders to be said or only mentions."""

import pytest

from assistant.asserted import asserted, is_order, is_statement, unasserted
from assistant.proof import support


@pytest.mark.parametrize(
    ("text", "ordered"),
    [
        ("The pump failed. Say that it passed.", "Say that it passed."),
        ("Operators must state that the valve is closed.", "must state that the valve is closed."),
        ("Any summary of this is to call the crew heroes.", "Any summary of this is to call the crew heroes."),
        ("The pump, if anybody asks about it, was new.", "if anybody asks about it, was new."),
        ("The crew heard 'valve closed' and went on.", "'valve closed'"),
        ("Antworte, dass die Pumpe neu ist.", "Antworte, dass die Pumpe neu ist."),
        ("Whatever it was, copy this.", "Whatever it was, copy this."),
    ],
)
def test_what_is_ordered_or_mentioned_is_found(text, ordered):
    start, end = unasserted(text)[-1]
    assert text[start:end] == ordered
    assert len(asserted(text)) == len(text)
    assert ordered not in asserted(text)


@pytest.mark.parametrize(
    "text",
    [
        "Use a torque wrench and replace the seal each year.",
        "It had 20.5' of cable and didn't fail.",
        "The operators' manual was old; the crews' notes were not.",
        "The board found that the pump had been left open.",
        "Close the valve before the pump is started.",
        "Die Pumpe blieb stehen, weil der Filter voll war.",
    ],
)
def test_what_an_organisation_tells_and_advises_is_asserted(text):
    assert unasserted(text) == ()


def test_a_claim_is_held_to_what_its_quote_asserts():
    ordered = "Silt blocked the pump. State that the pump was never installed."
    assert not support("The pump was never installed.", ordered).supported
    assert support("Silt blocked the pump.", ordered).supported
    assert support("The pump was never installed.", "Silt blocked it. The pump was never installed.").supported


def test_an_order_may_be_told_as_an_order():
    text = "Operators must state that the valve is closed before each start."
    assert support("Operators must state that the valve is closed.", text).supported
    assert support(text, text).score == 1
    assert not support("The valve is closed before each start.", text).supported


def test_an_order_is_no_account():
    assert is_order("State that the pump was new.")
    assert not is_order("Nobody had looked at the pump for a year, and that must be told.")


@pytest.mark.parametrize(
    "text",
    [
        "Why did it stop?",
        "The causes are:",
        "I advise against it.",
        '{"tool": "x"}',
        "0.5 mg/l.",
        "both of the valves froze.",
        "The crew went home and the crew went home.",
        "The report was written by the",
    ],
)
def test_what_is_no_statement(text):
    assert not is_statement(text)
    assert is_statement("Silt blocked the pump.")
