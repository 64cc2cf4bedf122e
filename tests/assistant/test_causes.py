"""Causes and effects exchanged."""

import pytest

from assistant.causes import turned
from assistant.proof import support

QUOTE = (
    "The plant stayed dark because the transfer switch had been left in manual. This led to a loss of pressure in town."
)


@pytest.mark.parametrize(
    ("claim", "wrong"),
    [
        ("The plant stayed dark because the transfer switch had been left in manual.", False),
        ("The transfer switch was left in manual because the plant stayed dark.", True),
        ("Because the transfer switch had been left in manual, the plant stayed dark.", False),
        ("The transfer switch left in manual caused the plant to stay dark.", False),
        ("The dark plant caused the transfer switch to be left in manual.", True),
        ("The plant stayed dark due to an earthquake in the valley.", True),
        ("The transfer switch in manual led to a loss of pressure in town.", False),
        ("A loss of pressure in town led to the transfer switch in manual.", True),
        ("The plant stayed dark.", False),
    ],
)
def test_a_cause_must_stand_where_the_quote_has_it(claim, wrong):
    assert turned(claim, QUOTE) == wrong


def test_a_cause_that_the_quote_does_not_state_is_refused():
    passage = "The pump stopped at noon. The inlet screen had not been cleaned."
    found = support("The pump stopped because the inlet screen had not been cleaned.", passage)
    assert not found.supported
    assert [one.kind for one in found.missing] == ["cause"]


def test_other_words_for_a_cause_are_left_to_the_other_checks():
    passage = "The inlet screen had not been cleaned, so the pump stopped."
    assert support("The pump stopped because the inlet screen had not been cleaned.", passage).supported


def test_a_cause_exchanged_is_refused_however_many_words_agree():
    right = "The plant stayed dark because the transfer switch had been left in manual."
    assert support(right, QUOTE).supported
    assert not support("The transfer switch had been left in manual because the plant stayed dark.", QUOTE).supported
