"""Dates as people write them."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.dates import find_date, infer_day_first, parse_date

TODAY = date(2026, 6, 15)


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("2021", "2021"),
        ("2021-03", "2021-03"),
        ("2021-03-14", "2021-03-14"),
        ("2021-03-14T10:00:00Z", "2021-03-14"),
        ("2021/03/14", "2021-03-14"),
        ("14 March 2021", "2021-03-14"),
        ("14-Mar-2021", "2021-03-14"),
        ("Tuesday 9th of June 2020", "2020-06-09"),
        ("3. February 2020", "2020-02-03"),
        ("March 14, 2021", "2021-03-14"),
        ("Sept. 3rd 2020", "2020-09-03"),
        ("Mar 2021", "2021-03"),
        ("14.03.2021", "2021-03-14"),
        ("03/14/2021 08:15", "2021-03-14"),
        ("03/04/2021", "2021"),
        ("03/03/2021", "2021-03-03"),
        ("05.11.2024", "2024-11-05"),
        ("D:20220830101010+00'00'", "2022-08-30"),
        ("20210314-outage", "2021-03-14"),
        ("FY 2019", "2019"),
    ],
)
def test_forms(text, iso):
    assert parse_date(text, TODAY) == iso


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("2021-03-14 to 2021-04-01", "2021-03-14"),
        ("14-19 January 2020", "2020-01-14"),
        ("14 March – 2 April 2021", "2021-03-14"),
        ("January 14-19, 2026", "2026-01-14"),
        ("Between October 21 and October 30, 2025", "2025-10-21"),
        ("March–April 2021", "2021-03"),
        ("2019-2021", "2019"),
        ("2019/20", "2019"),
    ],
)
def test_a_range_takes_its_start(text, iso):
    assert parse_date(text, TODAY) == iso


@pytest.mark.parametrize(
    "text",
    ["", "soon", "2027", "2026-07", "2026-06-16", "16 June 2026", "1899-12-31", "2021-02-30", "31.11.2020", "202101-16",
     "20071229X02007", "12345"],
)  # fmt: skip
def test_no_date_or_none_that_can_be(text):
    assert parse_date(text, TODAY) is None


def test_today_and_the_current_month_and_year_are_not_in_the_future():
    assert [parse_date(text, TODAY) for text in ("2026-06-15", "2026-06", "2026")] == ["2026-06-15", "2026-06", "2026"]


def test_today_is_the_default_limit():
    this_year = date.today().year
    assert parse_date(str(this_year)) == str(this_year)
    assert parse_date(str(this_year + 1)) is None


def test_the_order_of_an_ambiguous_date_can_be_given():
    assert parse_date("03/04/2021", TODAY, day_first=True) == "2021-04-03"
    assert parse_date("03/04/2021", TODAY, day_first=False) == "2021-03-04"
    assert parse_date("03/14/2021", TODAY, day_first=True) == "2021-03-14"


def test_the_order_is_inferred_from_dates_that_can_be_read_in_one_way_only():
    assert infer_day_first("12/08/2007 and 01/31/2008") is False
    assert infer_day_first("12/08/2007 and 31/01/2008") is True
    assert infer_day_first("12/08/2007") is None
    assert infer_day_first("31/01/2008 and 01/31/2008") is None


def test_running_text_gives_the_first_date_and_its_place_but_no_bare_year():
    text = "Due 2031-01-01. On 5 May 2020 it broke again, as in 2018."
    found = find_date(text, TODAY)
    assert found is not None
    assert (found.iso, text[found.start : found.end]) == ("2020-05-05", "5 May 2020")
    assert find_date("In 2018 we began", TODAY) is None


@given(st.dates(date(1900, 1, 1), date(2026, 6, 15)))
def test_every_day_survives_each_way_of_writing_it(day):
    for form in ("%Y-%m-%d", "%d %B %Y", "%B %d, %Y", "%b %d %Y", "%Y/%m/%d"):
        assert parse_date(f"on {day.strftime(form)}, at noon", TODAY) == day.isoformat()
    assert parse_date(day.strftime("%d/%m/%Y"), TODAY, day_first=True) == day.isoformat()
    assert parse_date(day.strftime("%m/%d/%Y"), TODAY, day_first=False) == day.isoformat()


@given(st.text(max_size=60))
def test_any_text_gives_an_iso_date_or_none(text):
    found = parse_date(text, TODAY)
    assert found is None or (len(found) in (4, 7, 10) and "1900" <= found <= TODAY.isoformat())
