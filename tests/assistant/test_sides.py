"""The two sides of a comparison."""

import pytest

from assistant.sides import Side, sides_of

FACETS = {"unit": [("Field Hospitals", 1), ("Logistics & Fleet", 1)]}


def sides(text: str) -> tuple[Side, Side]:
    found = sides_of(text, FACETS)
    assert found
    return found


@pytest.mark.parametrize(
    ("text", "one", "other"),
    [
        (
            "How do lead-acid and lithium-ion battery incidents differ?",
            ("lead-acid", "How do lead-acid battery incidents"),
            ("lithium-ion", "How do lithium-ion battery incidents"),
        ),
        (
            "How did the 2023 evacuation compare with the one in 2017?",
            ("2023", "the 2023 evacuation"),
            ("2017", "the 2017 evacuation"),
        ),
        ("Compare the floods of 2021 and 2023", ("2021", "the floods of 2021"), ("2023", "the floods of 2023")),
        ("River water versus borehole water", ("River water", "River water"), ("borehole water", "borehole water")),
        (
            "Compare work at height and work on rails",
            ("work at height", "work at height"),
            ("work on rails", "work on rails"),
        ),
        (
            "Compare tents and containers in terms of heating",
            ("tents", "tents in terms of heating"),
            ("containers", "containers in terms of heating"),
        ),
        ("Is diesel better than petrol for pumps?", ("diesel", "diesel for pumps"), ("petrol", "petrol for pumps")),
    ],
)
def test_each_side_is_a_question_of_its_own(text, one, other):
    assert [(side.name, side.query) for side in sides(text)] == [one, other]


def test_a_side_is_told_by_its_year_or_its_unit():
    years = sides("Compare the floods of 2021 and 2023")
    assert [side.filters for side in years] == [{"year": "2021"}, {"year": "2023"}]
    units = sides("What did the hospital and the fleet each recommend?")
    assert [side.filters for side in units] == [{"unit": "Field Hospitals"}, {"unit": "Logistics & Fleet"}]
    both = sides("Compare the field hospitals and logistics & fleet on training")
    assert [(side.query, side.filters) for side in both] == [
        ("the field hospitals on training", {"unit": "Field Hospitals"}),
        ("logistics & fleet on training", {"unit": "Logistics & Fleet"}),
    ]
    mixed = sides("What did the hospital and the mayor each recommend?")
    assert [side.filters for side in mixed] == [{}, {}]


@pytest.mark.parametrize("text", ["What went wrong?", "Compare", "vs", "How do pumps differ?", ""])
def test_what_names_no_two_sides_has_none(text):
    assert sides_of(text, FACETS) is None
