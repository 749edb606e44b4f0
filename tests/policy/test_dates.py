"""5.1: what a text says of days and times can be meant."""

from __future__ import annotations

from datetime import date

import pytest

from tests.policy.wordings import judged

TODAY = date(2026, 11, 26)  # a Thursday


def faults(text: str, today: date | None = TODAY) -> list[str]:
    return [
        f.reason.message.removeprefix("the text has ")
        for f in judged(text, today)
        if f.reason.clause == "5.1"
    ]


@pytest.mark.parametrize(
    "written",
    [
        "3 December",
        "Thursday 3 December",
        "Thu 3rd Dec",
        "Thursday, 3 December 2026",
        "December 3",
        "3 December 2026",
        "Thursday the 3rd of December",
        "03/12/2026",
        "3.12.26",
        "2026-12-03",
        "Thu 03/12/2026",
        "26 November",
        "Monday 4 January",
        "31 October",
        "Monday 29 February 2044",
        "29 February",
    ],
)
def test_a_day_to_come_passes(written: str) -> None:
    assert faults(f"The fair is on {written}.") == []


@pytest.mark.parametrize(
    "written",
    [
        "3 March 2021",
        "31/01/2020",
        "2026-11-25",
        "25 November",
        "Friday 20 November",
        "Monday 5 October",
    ],
)
def test_5_1_a_day_that_is_past_is_refused(written: str) -> None:
    assert len(faults(f"The fair is on {written}.")) == 1


@pytest.mark.parametrize(
    "written", ["Friday 3 December", "Sunday 1 January 2035", "Mon 03/12/2026", "Sat, 4 Dec"]
)
def test_5_1_a_weekday_that_does_not_match_is_refused(written: str) -> None:
    assert faults(f"The fair is on {written}.") == ["a weekday that does not match its date: put it right"]


@pytest.mark.parametrize(
    "written", ["31 September", "30 February", "31/02/2027", "2027-13-01", "29 February 2027"]
)
def test_5_1_a_day_that_is_not_in_the_calendar_is_refused(written: str) -> None:
    assert faults(f"The fair is on {written}.") == ["a date that is not in the calendar: put it right"]


@pytest.mark.parametrize(
    "text", ["Thank you for coming on 3 March 2026.", "The fair was on Friday 20 November."]
)
def test_looking_back_is_no_fault(text: str) -> None:
    assert faults(text) == []


def test_looking_back_in_another_sentence_is_no_excuse() -> None:
    assert len(faults("Thank you. The fair is on 3 March 2021.")) == 1


@pytest.mark.parametrize(
    "written", ["phone 01/23", "page 12/13", "ratio 3.1.2", "10.30 to 12.45", "3 mayors"]
)
def test_what_is_no_date_is_none(written: str) -> None:
    assert faults(f"See {written} soon") == []


def test_without_a_day_no_date_is_judged() -> None:
    assert faults("The fair is on 3 March 2021.", None) == []
    assert len(faults("The fair is from 5pm to 4pm.", None)) == 1


@pytest.mark.parametrize(
    "text",
    [
        "from 5pm to 4pm",
        "19:30 to 18:00",
        "5pm-4pm",
        "5:30pm until 5pm",
        "9am to 9am",
        "12pm to 11am",
        "09:00 - 08:30",
    ],
)
def test_5_1_times_in_the_wrong_order_are_refused(text: str) -> None:
    assert faults(f"It runs {text}.") == ["times in the wrong order: put it right"]


@pytest.mark.parametrize(
    "text",
    [
        "9am to 3pm",
        "9 to 3pm",
        "9:30 to 3:30",
        "08:30 to 16:30",
        "10am-12pm",
        "12am to 1am",
        "Years 5 to 4",
        "moved from 5pm to 4pm",
        "changed to today from 6pm to 5pm",
        "25:00 to 24:00",
        "10.75 to 10.80",
    ],
)
def test_times_in_order_and_no_times_pass(text: str) -> None:
    assert faults(f"It is {text}.") == []


@pytest.mark.parametrize(
    "text",
    [
        "Dear {name}",
        "Dear {{first_name}}",
        "Dear [NAME]",
        "Dear <name>",
        "Dear %name%",
        "Dear ${x}",
        "On ____ at 5",
        "At XX:XX",
        "On dd/mm/yyyy",
        "On DD/MM",
    ],
)
def test_5_1_a_placeholder_that_was_not_filled_is_refused(text: str) -> None:
    assert faults(text) == ["a placeholder that was not filled: put it right"]


@pytest.mark.parametrize(
    "text", ["5 < 6 and 7 > 3", "100% wool", "See page [3]", "Size XXL shirts", "A_B test"]
)
def test_other_signs_are_no_placeholders(text: str) -> None:
    assert faults(text) == []
