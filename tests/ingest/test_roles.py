"""Roles and never names."""

import pytest

from ingest.roles import final_role, is_role, is_whole_role, names_in, role_in, role_of_handle, roles_in


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


@pytest.mark.parametrize(
    "value",
    [
        "Commercial manager", "Commercial Manager", "Public Warning Lead", "Messaging Team", "Digital Services Desk",
        "Head of Field Hospitals", "Workshop sergeant", "Dispatch Platform Lead", "Duty Forecaster",
        "Stores Supervisor", "Tanker driver", "Safety Board Secretary", "Karrow Depot Manager", "Lead theatre nurse",
        "Communications Instructor", "IT Service Desk", "Chief Medical Officer", "Officer in charge", "Backend Team",
        "Fleet Safety Officer", "Night nurse", "Deployment Manager",
    ],
)  # fmt: skip
def test_a_role_that_is_the_whole_value_is_kept_whole(value):
    assert is_whole_role(value)
    assert role_in(f"Jane Roe, {value}") == (10, 10 + len(value))
    assert role_in(f"{value} (Jane Roe)") == (0, len(value))


@pytest.mark.parametrize(
    ("value", "text", "role"),
    [
        ("Jane Roe Manager", "", "Manager"),
        ("Jane Roe manager", "", "manager"),
        ("Jane Manager", "", "Manager"),
        ("Wojtek Brzezak Manager", "", "Manager"),
        ("Ortega Manager", "Dr. Ortega said so.", "Manager"),
        ("Ortega Manager", "", "Ortega Manager"),
        ("Ortega manager", "Ana Ortega signed.", "manager"),
        ("Brzezak Desk", "Wojtek Brzezak, site lead, signed.", "Desk"),
        ("Commercial Manager Jane Roe", "", "Commercial Manager"),
        ("Minnie Driver", "", None),
        ("Adam Driver", "", None),
        ("Emma Head", "", None),
        ("Jane Roe to ask the team", "", "team"),
        ("the platform team", "", "platform team"),
        ("two drivers", "", "drivers"),
        ("team of Jane Roe", "", "team"),
        ("Head of Jane Roe", "", "Head"),
        ("Anna Rossi Fleet Manager", "", "Fleet Manager"),
        ("Lead Jane Roe officer", "", "Lead"),
        ("asked by Rossi Manager", "", "Manager"),
    ],
)
def test_a_name_is_never_part_of_a_role(value, text, role):
    span = role_in(value, names_in(text))
    assert (value[slice(*span)] if span else None) == role


def test_what_a_text_shows_to_be_names():
    assert names_in("Mrs. Lind and Prof Ada Holm met Jane Roe.") == {"lind", "ada", "holm", "jane", "roe"}
    assert names_in("The Water Operations Lead met the Fleet Manager, and Great Tern (the island) was open.") == set()


def test_every_role_of_a_list():
    value = "Logistics Coordinator, Shelter Manager, two drivers, Jane Roe, QA"
    found = [value[slice(*span)] for span in roles_in(value)]
    assert found == ["Logistics Coordinator", "Shelter Manager", "drivers", "QA"]


@pytest.mark.parametrize(
    ("said", "role"),
    [
        ("Seals in the island load list Deployment Manager", "Deployment Manager"),
        ("Relief in the island plan Head of Field Hospitals", "Head of Field Hospitals"),
        ("Lighting for the Port Senna depot Fleet Manager", "Fleet Manager"),
        ("Fix valve Jane Roe Test Lead", "Test Lead"),
        ("Fix valve Jane Roe", None),
        ("Water Valve Replacement Fleet Manager", None),
        ("Ask the team", None),
    ],
)
def test_the_role_that_ends_a_line(said, role):
    span = final_role(said)
    assert (said[slice(*span)] if span else None) == role
