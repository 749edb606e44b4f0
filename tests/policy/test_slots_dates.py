"""3.3, 5.1: dates and times that exist, are to come, and are shown as people say them."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.slots import Filled
from tests.policy.slotted import TODAY, filled, refused


@pytest.mark.parametrize(
    "value",
    [
        "2025-06-13",
        "Friday 13 June 2025",
        "Friday, 13 June 2025",
        "friday 13 june",
        "Fri 13 Jun",
        "13 June",
        "13th June",
        "13 June 2025",
        " 13 June ",
    ],
)
def test_3_3_a_date_is_shown_as_people_say_it(value: str) -> None:
    assert filled(value, "date") == Filled("Friday 13 June", date(2025, 6, 13))


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("2025-06-02", "Monday 2 June"),  # today is not past
        ("2026-03-01", "Sunday 1 March"),
        ("2026-06-02", "Tuesday 2 June 2026"),  # a year ahead: the year is said
        ("1 March", "Sunday 1 March"),  # the next one
        ("1 April 2026", "Wednesday 1 April 2026"),
    ],
)
def test_5_1_a_date_far_ahead_says_its_year(value: str, shown: str) -> None:
    assert filled(value, "date").shown == shown


def test_5_1_a_day_without_a_year_is_within_300_days_else_it_is_past() -> None:
    assert filled("29 March", "date") == Filled("Sunday 29 March", TODAY + timedelta(days=300))
    assert refused("30 March", "date").clause == "5.1"


def test_3_3_a_date_may_be_shown_in_numbers() -> None:
    assert filled("4 July", "date", style="numeric").shown == "04/07/2025"


@pytest.mark.parametrize(
    "value", ["2025-06-01", "1 June", "1 June 2025", "2024-12-25", "0001-01-01", "20 May"]
)
def test_5_1_a_past_date_is_refused(value: str) -> None:
    error = refused(value, "date")
    assert (str(error), error.clause) == ("the date is past", "5.1")


def test_5_1_today_is_today_in_the_schools_zone() -> None:
    late = datetime(2025, 6, 2, 23, 30, tzinfo=UTC)  # half past midnight on the 3rd in London
    assert refused("2025-06-02", "date", late).clause == "5.1"
    assert filled("2025-06-03", "date", late).shown == "Tuesday 3 June"


@pytest.mark.parametrize("value", ["Thursday 13 June", "Mon 13 June 2025", "Xyz 13 June", "Thurs 13 June"])
def test_5_1_a_weekday_that_does_not_match_is_refused(value: str) -> None:
    error = refused(value, "date")
    assert (str(error), error.clause) == ("the weekday does not match the date", "5.1")


@pytest.mark.parametrize(
    "value", ["2025-06-31", "31 June", "2025-13-01", "0 June", "29 February 2026", "1 June 0000"]
)
def test_5_1_a_day_that_does_not_exist_is_refused(value: str) -> None:
    assert refused(value, "date").clause == "5.1"


def test_5_1_a_leap_day_without_a_year_is_the_next_one() -> None:
    autumn = datetime(2027, 11, 1, 9, tzinfo=UTC)
    assert filled("29 February", "date", autumn).meaning == date(2028, 2, 29)


@pytest.mark.parametrize(
    "value",
    ["", "13/06/2025", "tomorrow", "13", "June 13", "13 Juvember", "2025-6-13", "13 June 2025, bring a coat"],
)
def test_3_3_what_is_no_date_is_refused_with_an_example(value: str) -> None:
    assert "2026-12-04" in str(refused(value, "date"))


@given(ahead=st.integers(0, 300))
def test_3_3_every_way_to_write_a_date_means_the_same(ahead: int) -> None:
    day = TODAY + timedelta(days=ahead)
    ways = [
        day.isoformat(),
        f"{day:%A} {day.day} {day:%B}",
        f"{day:%a} {day.day} {day:%b} {day.year}",
        f"{day.day} {day:%B} {day.year}",
        f"{day.day} {day:%B}",
    ]
    for way in ways:
        assert filled(way, "date") == Filled(f"{day:%A} {day.day} {day:%B}", day)


@given(ahead=st.integers(0, 4000))
def test_3_3_a_shown_date_means_itself(ahead: int) -> None:
    day = TODAY + timedelta(days=ahead)
    first = filled(day.isoformat(), "date")
    assert filled(first.shown, "date") == first


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("15:30", "3:30pm"),
        ("09:05", "9:05am"),
        ("00:00", "12am"),
        ("12:00", "12pm"),
        ("3:30pm", "3:30pm"),
        ("3.30 p.m.", "3:30pm"),
        ("3pm", "3pm"),
        ("12am", "12am"),
        ("12:15 AM", "12:15am"),
    ],
)
def test_3_3_a_time_is_shown_as_people_say_it(value: str, shown: str) -> None:
    assert filled(value, "time").shown == shown


@pytest.mark.parametrize(
    "value", ["", "3", "15.30", "15:3", "13pm", "0am", "noon", "3:30", "15:30 sharp", "3:5pm"]
)
def test_3_3_what_is_no_time_is_refused_with_an_example(value: str) -> None:
    assert "15:30" in str(refused(value, "time"))


@pytest.mark.parametrize("value", ["24:00", "12:60", "99:99", "3:75pm"])
def test_5_1_a_time_that_does_not_exist_is_refused(value: str) -> None:
    assert refused(value, "time").clause == "5.1"


@given(st.times())
def test_3_3_a_shown_time_means_itself(moment: time) -> None:
    first = filled(f"{moment:%H:%M}", "time")
    assert first.meaning == moment.replace(second=0, microsecond=0)
    assert filled(first.shown, "time") == first
