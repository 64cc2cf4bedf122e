"""Roles and never names."""

import pytest

from ingest.roles import is_role, role_in, role_of_handle


@pytest.mark.parametrize(
    ("value", "role"),
    [
        ("Safety Manager", "Safety Manager"),
        ("Jane Roe, test lead", "test lead"),
        ("Safety Manager Jane Roe", "Safety Manager"),
        ("Jane Roe", None),
        ("SRE", "SRE"),
        ("QA / Operations", "QA / Operations"),
        ("John Doe (Facilities)", "Facilities"),
        ("Head of Water Supply", "Head of Water Supply"),
        ("Anna Maria Rossi Manager", "Manager"),
        ("Jane Roe Test Lead", "Test Lead"),
        ("", None),
        ("platform team", "platform team"),
        ("Officer", "Officer"),
    ],
)
def test_the_role_in_a_value(value, role):
    span = role_in(value)
    assert (value[slice(*span)] if span else None) == role


def test_whether_a_value_is_a_role():
    assert is_role("Test lead")
    assert is_role("Operations")
    assert not is_role("Jane Roe")


@pytest.mark.parametrize(
    ("handle", "role"),
    [("sre-team", "sre team"), ("platform", "platform"), ("jane-lead", None), ("jroe", None), ("", None)],
)
def test_a_handle_is_a_role_only_if_every_word_is_known(handle, role):
    assert role_of_handle(handle) == role
