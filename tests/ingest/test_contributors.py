"""Who took part, by role."""

from ingest.contributors import contributors_of
from ingest.model import Lesson, Section


def contributors(text, *sections):
    found = contributors_of(text, Lesson("x", "X", 0, len(text), sections=sections))
    assert all(tag.name == text[tag.start : tag.end] for tag in found)
    return [(tag.name, tag.method) for tag in found]


def test_a_label_gives_its_role_and_never_the_person():
    text = "Incident lead: Jane Roe\n**Facilitator:** John Doe\n| Scribe | Ann Poe |\nObserver: n/a\nProject: Delta\n"
    assert contributors(text) == [("Incident lead", "label"), ("Facilitator", "label"), ("Scribe", "label")]


def test_sections_about_people():
    text = "Attendees\n- Jane Roe, test lead\n- Safety officer; John Doe\n- Test lead\n"
    section = Section("people", "Attendees", 0, len(text))
    assert contributors(text, section) == [("test lead", "heading"), ("Safety officer", "heading")]
    assert contributors(text, Section("event", "Attendees", 0, len(text))) == []


def test_who_took_part_is_a_list_of_roles():
    text = (
        "Participants: Logistics Coordinator, Shelter Manager, two drivers and Jane Roe\nPrepared by: Water engineer\n"
    )
    assert [name for name, _ in contributors(text)] == [
        "Logistics Coordinator",
        "Shelter Manager",
        "drivers",
        "Water engineer",
    ]


def test_the_labels_of_a_form_are_no_roles():
    text = (
        "Pilot Information\nSecond Pilot Present: No\nInstructor Rating(s): None\nCommand: North\n"
        "Seat: Left Restraint Used: Seatbelt\nSafety officer: Jane Roe\nTest pilot: none\n"
        "Flight Time: 70 hours (Pilot In\nCommand, all aircraft)\n"
    )
    found = contributors(text, Section("people", "Pilot Information", 0, len(text)))
    assert found == [("Safety officer", "label")]
    text = "Team\nNames: Jane Roe, test lead\nDay shift: Water engineer\nDriver: none\n"
    assert [name for name, _ in contributors(text, Section("people", "Team", 0, len(text)))] == [
        "test lead",
        "Water engineer",
    ]
    assert contributors("Facilitator: No\nObserver: None\nParticipants: n/a\n") == []


def test_a_sentence_is_no_entry_of_a_list_of_people():
    text = "Thanks\nThe whole team of the depot worked through the night and nobody went home until the end.\n"
    assert contributors(text, Section("people", "Thanks", 0, len(text))) == []
