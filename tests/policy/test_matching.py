"""A finished text is an instance of a template or it is not; what is in its slots is judged as always."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy import PolicySettings, match, render

SETTINGS = PolicySettings.load()
NOW = datetime(2026, 11, 26, 9, tzinfo=UTC)
SLOTS: dict[str, dict[str, Any]] = {
    "place": {"type": "choice", "choices": ["the museum", "the farm", "the farm is on"]},
    "day": {"type": "date"},
    "at": {"type": "time"},
}
BODY = "The trip to {place} is on {day} at {at}."
TEXT = "The trip to the farm is on Friday 4 December at 3:30pm."
VALUES = {"place": "the farm", "day": "Friday 4 December", "at": "3:30pm"}


@pytest.mark.parametrize(
    "text",
    [
        TEXT,
        f"  {TEXT}\r\n",
        f"{SETTINGS.signature}{TEXT}",
        f"{TEXT} {SETTINGS.opt_out_text}",
        f"{SETTINGS.signature}{TEXT} {SETTINGS.opt_out_text}",
    ],
)
def test_the_text_is_recognised_with_and_without_what_the_gateway_adds(text: str) -> None:
    found = match(text, BODY, SLOTS, SETTINGS, NOW)
    assert found is not None
    assert (found.values, found.reasons) == (VALUES, ())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "The trip",
        TEXT.replace("trip", "Trip"),
        TEXT.replace(" at ", " by "),
        "Dear all. " + TEXT,
        TEXT.removesuffix("."),
        "The trip to  is on  at .",
        TEXT.replace("the farm", "f" * 61),
    ],
)
def test_other_words_are_no_instance(text: str) -> None:
    assert match(text, BODY, SLOTS, SETTINGS, NOW) is None


@pytest.mark.parametrize(
    ("text", "field"),
    [
        (TEXT.replace("the farm", "the pub"), "slots.place"),
        (TEXT.replace("Friday", "Monday"), "slots.day"),
        (TEXT.replace("3:30pm", "3:30pm sharp"), "slots.at"),
        (TEXT.replace("3:30pm", "25:00"), "slots.at"),
        (TEXT + " Bring cash.", "slots.at"),
    ],
)
def test_a_slot_that_does_not_fit_is_named(text: str, field: str) -> None:
    found = match(text, BODY, SLOTS, SETTINGS, NOW)
    assert found is not None
    assert [reason.field for reason in found.reasons] == [field]


def test_of_several_readings_the_one_that_fits_is_taken() -> None:
    """The first " is on " is inside the value."""
    found = match(TEXT.replace("farm", "farm is on"), BODY, SLOTS, SETTINGS, NOW)
    assert found is not None
    assert (found.values["place"], found.reasons) == ("the farm is on", ())


def test_a_slot_that_occurs_twice_holds_the_same() -> None:
    body = "{place}: be at {place} on {day}"
    found = match("the farm: be at the farm on 2026-12-04", body, SLOTS, SETTINGS, NOW)
    assert found is not None
    assert found.values == {"place": "the farm", "day": "2026-12-04"}
    assert match("the farm: be at the museum on 2026-12-04", body, SLOTS, SETTINGS, NOW) is None


def test_a_date_in_numbers_is_understood_where_the_template_shows_it_so() -> None:
    slots = {"day": {"type": "date", "style": "numeric"}}
    shown = render("On {day}.", slots, {"day": "2026-12-04"}, SETTINGS, NOW).text
    found = match(shown, "On {day}.", slots, SETTINGS, NOW)
    assert found is not None
    assert (found.values, found.reasons) == ({"day": "2026-12-04"}, ())


def test_a_template_without_slots_is_its_text() -> None:
    assert match("School is closed.", "School is closed.", {}, SETTINGS, NOW) is not None
    assert match("School is closed", "School is closed.", {}, SETTINGS, NOW) is None


@given(
    place=st.sampled_from(SLOTS["place"]["choices"]),
    day=st.dates(min_value=NOW.date()),
    at=st.times().map(lambda t: f"{t:%H:%M}"),
)
def test_what_a_template_makes_is_recognised_and_makes_the_same_again(place: str, day: Any, at: str) -> None:
    made = render(BODY, SLOTS, {"place": place, "day": day.isoformat(), "at": at}, SETTINGS, NOW)
    assert made.reasons == ()
    found = match(made.text, BODY, SLOTS, SETTINGS, NOW)
    assert found is not None
    assert found.reasons == ()
    assert render(BODY, SLOTS, found.values, SETTINGS, NOW).text == made.text


@given(text=st.text(alphabet="a b", max_size=612), slots=st.integers(1, 10))
def test_no_text_takes_long(text: str, slots: int) -> None:
    """Ten slots with little between them could be filled in very many ways."""
    names = [f"s{number}" for number in range(slots)]
    specs = {name: {"type": "choice", "choices": ["x"]} for name in names}
    began = time.process_time()
    match(text, " ".join(f"{{{name}}}" for name in names) + "!", specs, SETTINGS, NOW)
    match(text, "".join(f"{{{name}}}" for name in names), specs, SETTINGS, NOW)
    assert time.process_time() - began < 1
