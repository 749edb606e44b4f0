"""3.3, 5.1, 2.2: typed slots take what was approved, and nothing else."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.settings import LISTS
from policy.slots import TYPES, Filled, SlotError, fill
from tests.policy.cases import NOW, SETTINGS, settings

SITE = settings(
    url_hosts=["www.example.sch.uk"],
    lists={
        "reference": ["KRS", "INV"],
        "organisation_phone": ["01632 960123"],
        "staff_name": ["Mr Hall"],
        "group": ["Breakfast club"],
        "event": ["sports day"],
        "place": ["the main hall"],
        "reason": ["the weather"],
        "route": ["route 7"],
        "money": ["£12", "£12.50"],
        "url": ["https://www.example.sch.uk/term-dates", "https://elsewhere.example/term-dates"],
    },
)
TODAY = NOW.date()  # Monday 2 June 2025
CHOICE: dict[str, Any] = {"type": "choice", "choices": ["a hat", "a coat"]}


def filled(value: str, kind: str, now: datetime = NOW, **options: Any) -> Filled:
    return fill(value, {"type": kind} | options, SITE, now)


def refused(value: str, kind: str, now: datetime = NOW, **options: Any) -> SlotError:
    with pytest.raises(SlotError) as caught:
        filled(value, kind, now, **options)
    return caught.value


# -- dates and times -------------------------------------------------------------------------------


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


# -- lists and codes -------------------------------------------------------------------------------

GOOD = {
    "group": ["Year 1", "Year 13", "Year 7B", "Reception", "Nursery", "Breakfast club"],
    "event": ["sports day"],
    "place": ["the main hall"],
    "staff_name": ["Mr Hall"],
    "organisation_phone": ["01632 960123"],
    "reference": ["KRS-10482", "KRS10482", "INV/1", "KRS-12345678"],
    "money": ["£12", "£12.50"],
    "reason": ["the weather"],
    "route": ["route 7"],
    "url": [
        "https://www.example.sch.uk",
        "https://www.example.sch.uk/",
        "https://www.example.sch.uk/term-dates",
    ],
}
BAD = {
    "group": ["Year 0", "Year 14", "year 7", "Year 7b", "Year 7 boys", "7B", "Bella's class"],
    "event": ["Sports day", "sports day!", "a funeral"],
    "place": ["The Main Hall", "12 Acacia Avenue", "main hall"],
    "staff_name": ["Mrs Hall", "Bella"],
    "organisation_phone": ["01632 960124", "07700 900123", "01632960123"],
    "reference": ["KRS-123456789", "ABC-1", "krs-1", "KRS", "KRS-", "KRS-1A", "10482", "KRS- 1"],
    "money": ["£13", "£999", "12", "£12.5", "$12", "£12.500", "12 pounds", "£12,000", "€12"],
    "reason": ["Weather", "the head was arrested"],
    "route": ["route 8", "Route 7"],
    "url": [
        "http://www.example.sch.uk/",
        "https://www.example.sch.uk/Bella-was-excluded",
        "https://www.example.sch.uk/07700900123",
        "https://www.example.sch.uk/term-dates?id=07700900123",
        "https://www.example.sch.uk/#x",
        "https://www.example.sch.uk.evil.example/",
        "https://evil.example/",
        "https://elsewhere.example/term-dates",  # listed, but the host is not approved
        "https://user@www.example.sch.uk/",
        "https://www.example.sch.uk:8080/",
        "https://WWW.EXAMPLE.SCH.UK/",
        "www.example.sch.uk",
        "javascript:alert(1)",
    ],
}


@pytest.mark.parametrize(("kind", "value"), [(kind, value) for kind in GOOD for value in GOOD[kind]])
def test_3_3_a_value_of_the_approved_list_is_shown_as_it_is(kind: str, value: str) -> None:
    assert filled(value, kind).shown == value


@pytest.mark.parametrize(("kind", "value"), [(kind, value) for kind in BAD for value in BAD[kind]])
def test_3_3_a_value_that_is_not_approved_is_refused_and_not_repeated(kind: str, value: str) -> None:
    error = refused(value, kind)
    assert error.clause == "3.3"
    others = {str(refused(other, kind)) for other in BAD[kind] if other != value}
    assert str(error) in others  # the sentence does not depend on the value


LISTED = sorted(set(GOOD) - {"group", "reference"})


@pytest.mark.parametrize("kind", LISTED)
def test_3_3_a_template_may_bring_its_own_list(kind: str) -> None:
    own = {"money": "£7", "url": "https://www.example.sch.uk/trip"}.get(kind, "something else")
    assert filled(own, kind, choices=[own]).shown == own
    for value in set(GOOD[kind]) - {"https://www.example.sch.uk", "https://www.example.sch.uk/"}:
        refused(value, kind, choices=[own])


def test_3_3_a_templates_own_groups_are_the_only_ones() -> None:
    assert filled("Year 7", "group", choices=["Year 7"]).shown == "Year 7"
    refused("Year 8", "group", choices=["Year 7"])


def test_3_3_a_choice_is_one_of_the_templates() -> None:
    assert fill("a hat", CHOICE, SITE, NOW).shown == "a hat"
    with pytest.raises(SlotError, match="allowed: a hat; a coat"):
        fill("a cap", CHOICE, SITE, NOW)


def test_3_3_a_long_list_is_named_in_part() -> None:
    error = refused("x", "choice", choices=[f"item {i}" for i in range(20)])
    assert str(error).endswith("item 11 …")
    error = refused("x", "choice", choices=[f"item {i}" for i in range(12)])
    assert str(error).endswith("item 11")


@pytest.mark.parametrize(
    "kind", ["event", "place", "staff_name", "route", "organisation_phone", "group", "choice"]
)
def test_3_3_without_an_approved_list_nothing_passes(kind: str) -> None:
    bare = settings(lists={})
    with pytest.raises(SlotError, match="nothing yet: approve a list first"):
        fill("the main hall", {"type": kind}, bare, NOW)


def test_3_3_without_prefixes_or_hosts_nothing_passes() -> None:
    bare = settings(lists={})
    with pytest.raises(SlotError, match="none is configured"):
        fill("KRS-1", {"type": "reference"}, bare, NOW)
    with pytest.raises(SlotError, match="none is configured"):
        fill("https://www.example.sch.uk/", {"type": "url"}, bare, NOW)


@pytest.mark.parametrize("spec", [{}, {"type": "text"}, {"type": None}])
def test_3_3_a_slot_without_a_known_type_takes_nothing(spec: dict[str, Any]) -> None:
    with pytest.raises(SlotError, match="no known type"):
        fill("x", spec, SITE, NOW)


# -- no slot takes arbitrary text ------------------------------------------------------------------

MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
DAYS = "Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday"
SHOWN = {
    "date": rf"({DAYS}) [1-9][0-9]? ({MONTHS})( [0-9]{{4}})?",
    "time": r"(1[0-2]|[1-9])(:[0-5][0-9])?[ap]m",
    "group": r"Year 1?[0-9][A-Z]?|Reception|Nursery|Breakfast club",
    "reference": r"(KRS|INV)[-/]?[0-9]{1,8}",
}
DANGERS = st.sampled_from(
    [
        "\n",
        "\r\n",
        "\u2028",
        "\x00",
        "\u202e",
        "https://evil.example/x",
        "www.evil.example",
        "bit.ly/x",
        "😀",
        "🙂",
        "❤️",
        "1️⃣",
        "07700 900123",
        "+447700900123",
        "020 7946 0018",
        "4111 1111 1111 1111",
        "4111111111111111",
        "943 476 5919",
        "Bella",
        "was excluded",
        "{day}",
        "please ring us",
    ]
)
NEARLY = st.sampled_from(
    [
        "",
        " ",
        "13 June",
        "2025-06-13",
        "15:30",
        "3pm",
        "Year 7",
        "Year 7B",
        "KRS-10482",
        "KRS-",
        "£12",
        "sports day",
        "https://www.example.sch.uk/",
        "https://www.example.sch.uk",
    ]
) | st.text(max_size=8)
KINDS = sorted(TYPES)


def passes(value: str, kind: str) -> Filled | None:
    spec = CHOICE if kind == "choice" else {"type": kind}
    try:
        return fill(value, spec, SITE, NOW)
    except SlotError:
        return None


def approved(kind: str) -> set[str]:
    return set(CHOICE["choices"] if kind == "choice" else SITE.lists.get(kind, ()))


@pytest.mark.parametrize("kind", KINDS)
@given(before=NEARLY, danger=DANGERS, after=NEARLY)
def test_2_2_no_value_with_a_link_a_number_a_line_end_or_an_emoji_passes(
    kind: str, before: str, danger: str, after: str
) -> None:
    value = before + danger + after
    if value.strip(" ") not in approved(kind):
        assert passes(value, kind) is None


@pytest.mark.parametrize("kind", KINDS)
@given(value=st.text(max_size=40) | st.builds(lambda a, b: a + b, NEARLY, NEARLY))
def test_2_2_what_passes_is_approved_or_has_the_form_of_its_type(kind: str, value: str) -> None:
    found = passes(value, kind)
    if found is None or found.shown in approved(kind):
        return
    if kind == "url":
        assert found.shown in ("https://www.example.sch.uk", "https://www.example.sch.uk/")
    else:
        assert re.fullmatch(SHOWN[kind], found.shown)


@pytest.mark.parametrize("kind", sorted(SHOWN))
@given(data=st.data())
def test_2_2_no_form_has_room_for_a_telephone_or_card_number(kind: str, data: st.DataObject) -> None:
    value = data.draw(st.from_regex(SHOWN[kind], fullmatch=True))
    found = passes(value, kind)
    if found is not None:
        assert re.search(r"([0-9][ -]?){9}", found.shown) is None


def test_3_3_every_type_is_tested_here() -> None:
    assert set(TYPES) == {"date", "time", "choice"} | set(GOOD)
    assert set(GOOD) == set(BAD)
    assert set(LISTS) == set(SETTINGS.lists) == set(TYPES) - {"date", "time", "choice"}
