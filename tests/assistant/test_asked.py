"""Filters that a question says in words."""

from datetime import date

import pytest

from assistant.asked import followed, narrowed, selected

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


@pytest.mark.parametrize(
    ("text", "filters", "without"),
    [
        ("lessons in the 1990s", {"since": "1990", "until": "1999"}, {}),
        ("reports in 2012 and in 2013", {"since": "2012", "until": "2013"}, {}),
        ("lessons that are not failures", {}, {"outcome": "failure"}),
        ("failures except at KSC since 2000", {"since": "2000", "outcome": "failure"}, {"unit": "KSC"}),
        ("lessons excluding JPL", {}, {"unit": "JPL"}),
        ("failures and near misses", {"outcome": "near_miss,failure"}, {}),
    ],
)
def test_decades_and_what_is_left_out(text, filters, without):
    asked = selected(text, {"unit": [("KSC", 5), ("JPL", 4)]}, [], TODAY)
    assert (asked.filters, asked.without) == (filters, without)


def test_a_second_unit_is_told_and_not_taken_for_a_subject():
    asked = selected("lessons at JPL and at KSC", {"unit": [("KSC", 5), ("JPL", 4)]}, [], TODAY)
    assert asked.filters == {"unit": "KSC"}
    assert asked.unread == {"unit": "JPL"}
    assert "JPL" not in asked.rest


def test_what_is_said_last_of_a_field_holds():
    facets = {"unit": [("KSC", 5), ("JPL", 4)]}
    asked = followed(
        lambda text: selected(text, facets, [], TODAY), ["failures at KSC since 2010", "and at JPL in 2012?"]
    )
    assert asked.filters == {"outcome": "failure", "unit": "JPL", "year": "2012"}
