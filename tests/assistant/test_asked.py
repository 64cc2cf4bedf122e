"""Filters that a question says in words."""

from datetime import date

import pytest

from assistant.asked import narrowed, selected

TODAY = date(2026, 6, 1)
FACETS = {
    "unit": [("Logistics & Fleet", 3), ("JPL", 2), ("HQ", 1), ("various", 1)],
    "project": [("Operation Heron", 3), ("Operation Heron Two", 1)],
}
PATHS = ["/lib/near-miss-register.csv", "/lib/service-lessons-log.csv", "/lib/pump-report.md"]


@pytest.mark.parametrize(
    ("text", "filters"),
    [
        ("What went wrong since 2015?", {"since": "2015"}),
        ("What went wrong after 2015?", {"since": "2016"}),
        ("Failures of pumps before March 2015", {"until": "2015-02"}),
        ("Failures of pumps until December 2015", {"until": "2015-12"}),
        ("What failed after December 2015?", {"since": "2016-01"}),
        ("Leaks between 2010 and 2014", {"since": "2010", "until": "2014"}),
        ("Leaks, 2010-2014", {"since": "2010", "until": "2014"}),
        ("Leaks in the last three years", {"since": "2023"}),
        ("Leaks last year", {"year": "2025"}),
        ("What happened at JPL?", {"unit": "JPL"}),
        ("What happened in logistics and fleet?", {"unit": "Logistics & Fleet"}),
        ("Pumps, failures only", {"outcome": "failure"}),
        ("Only near misses with cranes", {"outcome": "near_miss"}),
        ("What went wrong in the 2017 exercise?", {}),
        ("Why did the hq of the fleet move?", {}),
        ("What successes were there?", {}),
        ("Lessons from various places", {}),
    ],
)
def test_an_answer_is_narrowed_only_by_what_plainly_narrows(text, filters):
    assert narrowed(text, FACETS, TODAY).filters == filters


@pytest.mark.parametrize(
    ("text", "filters"),
    [
        ("How many lessons in 2017?", {"year": "2017"}),
        ("How many post-mortems?", {"kind": "postmortem"}),
        ("How many near misses since 2020?", {"since": "2020", "outcome": "near_miss"}),
        ("How many entries in the near-miss register?", {"source": "near-miss-register"}),
        ("How many negative entries of the lessons log?", {"source": "service-lessons-log", "outcome": "failure"}),
        ("How many lessons from Operation Heron Two?", {"project": "Operation Heron Two"}),
        ("How many lessons from Operation Heron?", {"project": "Operation Heron"}),
        ("How many JPL lessons?", {"unit": "JPL"}),
        ("How many lessons mention the pump report?", {}),
    ],
)
def test_a_count_takes_every_value_that_is_named(text, filters):
    assert selected(text, FACETS, PATHS, TODAY).filters == filters


def test_what_is_taken_as_a_filter_is_not_searched():
    asked = narrowed("What went wrong with pumps at JPL since 2015?", FACETS, TODAY)
    assert " ".join(asked.rest.split()) == "What went wrong with pumps ?"
