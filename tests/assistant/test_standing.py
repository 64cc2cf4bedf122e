from datetime import date

import pytest

from assistant.answer import Cited
from assistant.standing import caveats, who_to_ask

TODAY = date(2026, 1, 1)


def cited(n, lesson_id, **fields):
    given = {"event_date": "2025-01", "kind": "aar", "unit": "Water", "owner": None} | fields
    place = {"source": "/a.md", "source_id": n, "page": None, "place": "", "section": "", "start": 0, "end": 1}
    place |= {"quote": "x"}
    return Cited(n=n, lesson_id=lesson_id, title="T", outcome="failure", maturity="observation", **place, **given)


def test_nothing_is_said_where_nothing_needs_saying():
    assert caveats([cited(1, "A"), cited(2, "B")], 2, TODAY) == []


@pytest.mark.parametrize(
    ("sources", "said"),
    [
        ([cited(1, "A"), cited(2, "A")], "One record"),
        ([cited(1, "A", event_date="1999"), cited(2, "B", event_date="2003-05")], "from 2003"),
        ([cited(1, "A", event_date=None), cited(2, "B", event_date=None)], "dated"),
        ([cited(1, "A", superseded_by="C"), cited(2, "B")], "superseded by C"),
        ([cited(1, "A", kind="guidance"), cited(2, "B")], "is guidance, not a lesson"),
    ],
)
def test_what_weakens_the_evidence_is_said(sources, said):
    assert any(said in caveat for caveat in caveats(sources, 2, TODAY))


def test_roles_come_before_units_and_records_count_once():
    sources = [
        cited(1, "A", owner="Fuel Supervisor"),
        cited(2, "A", owner="Fuel Supervisor"),
        cited(3, "B", unit="Fleet"),
    ]
    assert who_to_ask(sources) == [
        "Fuel Supervisor (1 of 2 records)",
        "Water (1 of 2 records)",
        "Fleet (1 of 2 records)",
    ]
