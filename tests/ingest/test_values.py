"""How stated values read."""

import pytest

from ingest.values import as_id, as_name, as_outcome, as_severity, as_topics, as_url, is_empty, is_pointer


@pytest.mark.parametrize(
    "value",
    [
        "See Lesson(s) Learned",
        "see lessons learned.",
        "See lesson 641",
        "See LLIS 641",
        "Refer to lesson no. 12401",
        "See above",
        "See Recommendation(s)",
        "See lesson 641 and 703",
        "Same as above",
        "See Driving Event",
        "See attached report",
    ],
)
def test_pointers(value):
    assert is_pointer(value)
    assert not is_empty(value)
    assert as_name(value) is None


@pytest.mark.parametrize(
    "value",
    [
        "See that the valve is closed",
        "See lesson 641, which says that batteries must be stored cold",
        "Seed money",
        "",
        "See to it that the lessons are read",
        "see " * 40,
    ],
)
def test_what_says_something_is_no_pointer(value):
    assert not is_pointer(value)


@pytest.mark.parametrize(
    ("value", "identity"),
    [
        ("A%20B-1", "A%20B-1"),
        ("O'Brien-7", "O'Brien-7"),
        ('"X-1"', "X-1"),
        ("2021/05", "2021/05"),
        ("OE 2021 05", "OE 2021 05"),
        ("R-77.", "R-77"),
        ("ML#12", "ML#12"),
        ("to follow later", None),
        ("valve", None),
        ("3 valves broke", None),
        ("-", None),
        ("A B C D 1", None),
        ("1" * 65, None),
        ("", None),
        ("TEAM ROOM", None),
    ],
)
def test_ids(value, identity):
    assert as_id(value) == identity


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("SEV-1", "critical"),
        ("sev2", "major"),
        ("SEV 3", "minor"),
        ("P1", "critical"),
        ("P2 - high", "major"),
        ("P4", "minor"),
        ("Red/Urgent", "critical"),
        ("Yellow", "major"),
        ("Blue/Information", "minor"),
        ("Green", None),
        ("Fatal", "critical"),
        ("High", "major"),
        ("Low", "minor"),
        ("Critical", "critical"),
        ("2", None),
        ("nonfatal", None),
    ],
)
def test_severities(value, expected):
    assert as_severity(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("pumps, valves; water | cooling » towers", "pumps; valves; water; cooling; towers"),
        ("n/a", None),
        ("", None),
        ("Parts, Materials, & Processes", "Parts; Materials; Processes"),
        ("Categories, Logistics", "Logistics"),
        ("- one\n- two\n- one", "one; two"),
        ("[alpha, 'beta']", "alpha; beta"),
        ("x" * 61, None),
        ("Power > Batteries", "Power; Batteries"),
    ],
)
def test_topics_as_they_stand(value, expected):
    assert as_topics(value) == expected


def test_addresses_and_outcomes():
    assert as_url("see <https://example.org/7>") == "https://example.org/7"
    assert as_url("example") is None
    assert as_outcome("Good work practice") == "success"
