"""When texts may arrive: windows of local time, whatever the clocks do."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from policy.quiet_hours import NOT_KNOWN, BankHolidays, Hours, QuietHours
from tests.policy.cases import SETTINGS, settings

LONDON = ZoneInfo("Europe/London")
KNOWN = BankHolidays({date(2026, 12, 25): "Christmas Day", date(2026, 5, 4): "May Day"}, {2025, 2026, 2027})
CHANGES = [date(2026, 3, 29), date(2026, 10, 25), date(2027, 3, 28)]  # Sundays on which the clocks change
QUARTERS = st.integers(0, 96).map(lambda quarter: f"{quarter // 4:02}:{quarter % 4 * 15:02}")
WINDOWS = st.just("none") | st.lists(QUARTERS, min_size=2, max_size=2, unique=True).map(
    lambda ends: "-".join(sorted(ends))
)
QUIET = st.builds(QuietHours, weekdays=WINDOWS, saturdays=WINDOWS, sundays=WINDOWS, bank_holidays=WINDOWS)
AROUND = st.builds(
    lambda day, minutes: datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(minutes=minutes),
    st.sampled_from([*CHANGES, date(2026, 12, 25)]),
    st.integers(-3 * 24 * 60, 3 * 24 * 60),
)


def hours(known: BankHolidays = KNOWN, purpose: str = "", **changes: Any) -> Hours:
    """Return the shipped windows with some changes."""
    quiet = QuietHours.model_validate(SETTINGS.quiet_hours.model_dump() | changes)
    return Hours(quiet, LONDON, known, purpose)


def local(written: str) -> datetime:
    """Return the instant of a local time in London."""
    return datetime.fromisoformat(written).replace(tzinfo=LONDON).astimezone(UTC)


@pytest.mark.parametrize(
    ("asked", "opens"),
    [
        ("2026-11-26 08:00", "2026-11-26 08:00"),
        ("2026-11-26 19:59:59.999999", "2026-11-26 19:59:59.999999"),
        ("2026-11-26 20:00", "2026-11-27 08:00"),
        ("2026-11-26 07:59:59", "2026-11-26 08:00"),
        ("2026-11-27 20:00", "2026-11-28 09:00"),  # Friday evening: Saturday
        ("2026-11-28 17:00", "2026-11-30 08:00"),  # Saturday evening: Monday
        ("2026-05-02 18:00", "2026-05-05 08:00"),  # before a bank holiday on a Monday: Tuesday
        ("2026-12-24 20:30", "2026-12-26 09:00"),  # over Christmas Day
        ("2026-03-28 17:30", "2026-03-30 08:00"),  # over the change to summer time
        ("2026-10-24 17:30", "2026-10-26 08:00"),  # and back
    ],
)
def test_5_2_a_text_arrives_in_the_window_it_is_in_or_the_next(asked: str, opens: str) -> None:
    assert hours().opening(local(asked)) == local(opens)


def test_windows_move_with_summer_time() -> None:
    assert hours().opening(local("2026-03-27 03:00")) == datetime(2026, 3, 27, 8, tzinfo=UTC)
    assert hours().opening(local("2026-03-30 03:00")) == datetime(2026, 3, 30, 7, tzinfo=UTC)
    assert hours().opening(local("2026-10-26 03:00")) == datetime(2026, 10, 26, 8, tzinfo=UTC)


@given(quiet=QUIET, at=AROUND)
def test_what_opens_is_open_by_the_clock_on_the_wall(quiet: QuietHours, at: datetime) -> None:
    opens = Hours(quiet, LONDON, KNOWN).opening(at)
    if opens is None:
        assert {quiet.weekdays, quiet.saturdays, quiet.sundays} <= {"none"}
        return
    assert opens >= at
    wall = opens.astimezone(LONDON)
    window = (
        quiet.bank_holidays
        if wall.date() in KNOWN.days
        else {5: quiet.saturdays, 6: quiet.sundays}.get(wall.weekday(), quiet.weekdays)
    )
    begin, end = window.split("-")
    gap = timedelta(hours=1)  # a time that the change to summer time leaves out is read as the one before
    shown = f"{wall:%H:%M}"
    assert begin <= shown < end or f"{(opens - gap).astimezone(LONDON):%H:%M}" in (begin, shown)


@given(quiet=QUIET, at=AROUND, later=st.integers(0, 72 * 60))
def test_a_later_question_never_has_an_earlier_answer(quiet: QuietHours, at: datetime, later: int) -> None:
    windows = Hours(quiet, LONDON, KNOWN)
    first, second = windows.opening(at), windows.opening(at + timedelta(minutes=later))
    if first is not None and second is not None:
        assert first <= second
        assert windows.opening(first) == first
        assert second == first or second >= at + timedelta(minutes=later)


@given(quiet=QUIET, at=AROUND, minutes=st.integers(1, 40 * 60))
def test_work_is_done_after_so_much_open_time(quiet: QuietHours, at: datetime, minutes: int) -> None:
    windows, work = Hours(quiet, LONDON, KNOWN), timedelta(minutes=minutes)
    done = windows.open_for(at, work)
    if quiet.weekdays == "none":
        return  # there may be no such time within a year
    assert done is not None
    spent, here = timedelta(), at
    while (opens := windows.opening(here)) is not None and opens < done:
        closes = windows.end(opens + timedelta(microseconds=1))
        here = opens + timedelta(minutes=1)
        spent += min(here, done) - opens
        assert closes >= opens
    assert spent == work


def test_an_hour_that_the_clocks_leave_out_is_no_window() -> None:
    spring = local("2026-03-28T18:00")  # the evening before
    assert hours(sundays="01:00-02:00").opening(spring) == local("2026-03-30T08:00")
    assert hours(sundays="01:00-03:00").opening(spring) == datetime(2026, 3, 29, 1, tzinfo=UTC)


def test_the_end_of_the_next_window() -> None:
    assert hours().end(local("2026-11-28 20:00")) == local("2026-11-30 20:00")
    assert hours().end(local("2026-11-26 12:00")) == local("2026-11-26 12:00")


def test_5_2_without_the_bank_holidays_nothing_opens() -> None:
    assert hours(NOT_KNOWN).opening(local("2026-11-26 12:00")) is None
    assert hours(NOT_KNOWN).end(local("2026-11-26 12:00")) == local("2026-11-26 12:00")
    assert hours(NOT_KNOWN, division="").opening(local("2026-11-26 12:00")) == local("2026-11-26 12:00")


def test_the_year_that_is_not_known_is_closed() -> None:
    known = BankHolidays({}, {2026})
    assert hours(known).opening(local("2026-12-31 12:00")) == local("2026-12-31 12:00")
    assert hours(known).opening(local("2026-12-31 20:00")) is None


def test_days_of_our_own_are_closed() -> None:
    assert hours(closed=[date(2026, 11, 26)]).opening(local("2026-11-26 12:00")) == local("2026-11-27 08:00")


def test_5_2_routine_waits_for_term_and_the_rest_does_not() -> None:
    terms = [
        {"first": date(2026, 9, 2), "last": date(2026, 12, 18)},
        {"first": date(2027, 1, 5), "last": date(2027, 3, 25)},
    ]
    told: dict[str, Any] = {"terms": terms, "term_only": ["event_reminder"]}
    asked = local("2026-12-21 12:00")
    assert hours(purpose="event_reminder", **told).opening(asked) == local("2027-01-05 08:00")
    assert hours(purpose="event_notice", **told).opening(asked) == asked
    assert hours(purpose="event_reminder", **told).opening(local("2027-06-01 12:00")) is None


@pytest.mark.parametrize(
    "written",
    ["", "8:00-20:00", "20:00-08:00", "08:00-08:00", "08:00-24:01", "08:00", "25:00-26:00", "08:00–20:00"],
)
def test_a_window_is_two_times_of_one_day(written: str) -> None:
    with pytest.raises(ValidationError, match=r"weekdays\n.*is a window of one day"):
        QuietHours(weekdays=written)


def test_what_waits_for_term_needs_terms_and_is_a_purpose() -> None:
    with pytest.raises(ValidationError, match="term_only: needs the dates of the terms"):
        QuietHours(term_only=frozenset({"event_reminder"}))
    with pytest.raises(ValidationError, match="first is after last"):
        settings(quiet_hours={"terms": [{"first": date(2026, 12, 18), "last": date(2026, 9, 2)}]})
    with pytest.raises(ValidationError, match="term_only: there is no purpose gossip"):
        settings(
            quiet_hours={
                "terms": [{"first": date(2026, 9, 2), "last": date(2026, 12, 18)}],
                "term_only": ["gossip"],
            }
        )
