"""A passage in its surroundings: tables, headings, the marked quote; and nothing of it is markup."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from tests.ui.fake_library import HOSTILE
from ui.web.surroundings import surroundings

TEXT = "Counting\n\nDepot | Held | Right\nNorth | 12 | 81 %\n\nThe count took\n35 minutes.\n"


WHOLE = (0, len(TEXT))


def shown(span, window=WHOLE, headings=(0,), text=TEXT):
    return surroundings(text, span, window, set(headings))


def test_headings_paragraphs_and_tables_are_what_they_were():
    assert shown((0, 0)) == (
        "<h3>Counting</h3><table><tr><td>Depot</td><td>Held</td><td>Right</td></tr>"
        "<tr><td>North</td><td>12</td><td>81 %</td></tr></table><p>The count took\n35 minutes.</p>"
    )


@pytest.mark.parametrize(
    ("quote", "marked"),
    [
        ("12", "<td><mark>12</mark></td>"),
        ("North | 12", "<td><mark>North</mark></td><td><mark>12</mark></td>"),
        ("took\n35", "The count <mark>took</mark>\n<mark>35</mark> minutes."),
        ("Counting", "<h3><mark>Counting</mark></h3>"),
    ],
)
def test_the_quote_is_marked_wherever_it_lies(quote, marked):
    at = TEXT.index(quote)
    assert marked in shown((at, at + len(quote)))


def test_markdown_is_shown_without_its_signs():
    text = "## Timeline\n\n| Time | Event |\n|---|---|\n| 06:52 | It trips |\n"
    at = text.index("It trips")
    assert shown((at, at + 8), (0, len(text)), (), text) == (
        "<h3>Timeline</h3><table><tr><td>Time</td><td>Event</td></tr>"
        "<tr><td>06:52</td><td><mark>It trips</mark></td></tr></table>"
    )


def test_a_window_shows_a_part():
    at = TEXT.index("North")
    assert shown((at, at + 5), (at, at + 10)) == "<table><tr><td><mark>North</mark></td><td>12</td></tr></table>"


@given(st.text(alphabet="ab |\n<>&\"'", max_size=60), st.integers(0, 60), st.integers(0, 60))
def test_all_text_is_there_and_escaped(text, start, end):
    html = surroundings(text, (min(start, end), max(start, end)), (0, len(text)), {0})
    assert set(re.findall(r"</?(\w+)", html)) <= {"p", "h3", "table", "tr", "td", "mark"}
    left_out = str.maketrans("", "", " |\n")
    assert Markup(html).striptags().translate(left_out) == text.translate(left_out)


def test_hostile_text_stays_text():
    assert "<script" not in shown((0, 3), (0, len(HOSTILE)), (), HOSTILE)
