"""A question for a figure is answered by a figure of its kind only."""

import pytest

from assistant.figure import states_figure


@pytest.mark.parametrize(
    ("question", "told", "there"),
    [
        ("What did the repair cost?", "The repair took 3 days in 2004.", False),
        ("What did the repair cost?", "The repair came to $3.5 million.", True),
        ("What did the repair cost?", "It was worth its cost of 11,000.", True),
        ("How long was it dark?", "The ward was dark for 20 minutes.", True),
        ("How long was it dark?", "It was dark at 3 bar.", False),
        ("How many pumps failed?", "7. Develop documentation. It failed in 2004.", False),
        ("How many pumps failed?", "Two pumps failed.", True),
        ("When did it fail?", "It failed in 2004.", True),
        ("When did it fail?", "It failed at night.", False),
    ],
)
def test_the_kind_of_figure_is_looked_for(question, told, there):
    assert states_figure(question, [told]) is there
