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
