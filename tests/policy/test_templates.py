"""3.3, 5.1, 5.2, 6.1: approved words around typed slots, signed, with the way out."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from policy import Code, PolicySettings, check_template, compose, render
from policy.slots import TYPES
from tests.policy.cases import NOW, SETTINGS, SLOTS, TEMPLATE, settings

OPT_OUT = SETTINGS.opt_out_text
NAME = SETTINGS.organisation
HOSTED = settings(url_hosts=["www.example.sch.uk"])

# The default alphabet and its extension (3GPP TS 23.038, 6.2.1 and 6.2.1.1): what else is sent costs UCS-2.
GSM = set(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà^{}\\[~]|€\f"
)


def faults(
    body: str, slots: dict[str, Any], the_settings: PolicySettings = SETTINGS
) -> list[tuple[str, str]]:
    """Return (field, sentence) of what keeps a draft from being approved."""
    reasons = check_template(body, slots, the_settings)
    assert all(reason.code is Code.SLOT_INVALID for reason in reasons)
    return [(reason.field or "", reason.message.split(": ", 1)[1]) for reason in reasons]


def rendered(body: str, slots: dict[str, Any], **values: str) -> tuple[str, list[tuple[str, str]]]:
    """Return the text, and (field, clause) of each reason against it."""
    answer = render(body, slots, values, SETTINGS, NOW)
    return answer.text, [(reason.field or "", reason.clause) for reason in answer.reasons]


# -- what is added to every text -------------------------------------------------------------------


def test_5_2_and_6_1_the_gateway_adds_the_name_and_the_way_out() -> None:
    assert compose("School is closed.", SETTINGS) == f"{NAME}: School is closed. {OPT_OUT}"


def test_5_2_a_text_that_names_the_organisation_is_not_signed_again() -> None:
    assert compose(f"{NAME.upper()} is closed.", SETTINGS) == f"{NAME.upper()} is closed. {OPT_OUT}"


@pytest.mark.parametrize(
    "text",
    [
        f"Closed. {OPT_OUT}",
        f"{OPT_OUT} Closed.",
        f"Closed. {OPT_OUT.upper()} {OPT_OUT}",
        f" Closed.\n{OPT_OUT}\n",
        "Closed. Reply STOP Reply STOP to opt out. to opt out.",
    ],
)
def test_6_1_the_way_out_stands_once_at_the_end_whatever_the_author_wrote(text: str) -> None:
    assert compose(text, SETTINGS) == f"{NAME}: Closed. {OPT_OUT}"


WELSH = SETTINGS.opt_out_texts["cy"]
URDU = SETTINGS.opt_out_texts["ur"]


@pytest.mark.parametrize(
    ("language", "sentence"),
    [("en", OPT_OUT), ("cy", WELSH), ("cy-GB", WELSH), ("ur", URDU), ("pl", OPT_OUT)],
)
def test_6_1_the_way_out_is_said_in_the_language_of_the_template(language: str, sentence: str) -> None:
    """Whichever the author wrote, in whatever language, it stands once."""
    for body in ("Closed.", f"Closed. {WELSH}", f"{OPT_OUT} Closed. {URDU}"):
        assert render(body, {}, {}, SETTINGS, NOW, language).text == f"{NAME}: Closed. {sentence}"


def test_6_1_the_welsh_way_out_needs_no_other_alphabet() -> None:
    assert set(WELSH) <= GSM


FRAGMENTS = st.lists(
    st.sampled_from(
        [OPT_OUT, WELSH, OPT_OUT.lower(), "Reply STOP", " to opt out.", NAME, " ", "\n", "Closed.", "Reply "]
    )
    | st.text(max_size=6),
    max_size=8,
).map("".join)


@given(FRAGMENTS)
@example("")
@example(OPT_OUT)
def test_6_1_every_text_names_us_and_ends_once_with_the_way_out(text: str) -> None:
    composed = compose(text, SETTINGS)
    assert composed.count(OPT_OUT) == 1
    assert composed.endswith(OPT_OUT)
    assert SETTINGS.is_named_in(composed)
    assert compose(composed, SETTINGS) == composed


# -- rendering -------------------------------------------------------------------------------------


def test_3_3_a_template_is_filled() -> None:
    answer = render(TEMPLATE.body, TEMPLATE.slots, SLOTS, SETTINGS, NOW)
    assert answer.text == f"{NAME}: The trip to the farm is on Friday 13 June. {OPT_OUT}"
    assert answer.reasons == ()


def test_3_3_a_slot_may_stand_twice() -> None:
    text, reasons = rendered("{day}! {day}!", {"day": {"type": "date"}}, day="2025-06-13")
    assert "Friday 13 June! Friday 13 June!" in text
    assert reasons == []


def test_5_1_every_slot_that_does_not_fit_is_named_and_stays_a_placeholder() -> None:
    slots = {"day": {"type": "date"}, "at": {"type": "time"}}
    text, reasons = rendered("On {day} at {at}.", slots, day="2025-06-01")
    assert "On {day} at {at}." in text
    assert reasons == [("slots.day", "5.1"), ("slots.at", "5.1")]


def test_5_1_a_placeholder_without_a_slot_is_refused() -> None:
    assert rendered("Come to {place}.", {}) == (
        f"{NAME}: Come to {{place}}. {OPT_OUT}",
        [("slots.place", "5.1")],
    )


def test_3_3_a_slot_that_the_template_lacks_is_refused_and_a_made_up_name_is_not_repeated() -> None:
    _, reasons = rendered("Hello.", {}, note="x")
    assert reasons == [("slots.note", "3.3")]
    _, reasons = rendered("Hello.", {}, **{"Bella Smith": "x"})
    assert reasons == [("slots.?", "3.3")]


def test_3_3_a_value_is_never_taken_for_a_placeholder() -> None:
    slots = {"a": {"type": "choice", "choices": ["{b}"]}, "b": {"type": "choice", "choices": ["x"]}}
    text, _ = rendered("{a} {b}", slots, a="{b}", b="x")
    assert "{b} x" in text


ORDERED = {"start": {"type": "time"}, "end": {"type": "time", "after": "start"}}
DATED = {"first": {"type": "date"}, "last": {"type": "date", "after": "first"}}


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("09:00", "10:30", []),
        ("9am", "1pm", []),
        ("10:30", "09:00", [("slots.end", "5.1")]),
        ("1pm", "11am", [("slots.end", "5.1")]),
        ("09:00", "9am", [("slots.end", "5.1")]),
        ("09:00", "soon", [("slots.end", "3.3")]),
    ],
)
def test_5_1_reversed_times_are_refused(start: str, end: str, expected: list[tuple[str, str]]) -> None:
    assert rendered("From {start} to {end}.", ORDERED, start=start, end=end)[1] == expected


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        ("2025-06-13", "2025-06-14", []),
        ("30 December", "2 January", []),
        ("2025-06-14", "2025-06-13", [("slots.last", "5.1")]),
        ("2025-06-13", "Friday 13 June", [("slots.last", "5.1")]),
    ],
)
def test_5_1_reversed_dates_are_refused(first: str, last: str, expected: list[tuple[str, str]]) -> None:
    assert rendered("{first} to {last}", DATED, first=first, last=last)[1] == expected


def test_5_1_a_date_and_a_time_have_no_order() -> None:
    mixed = {"day": {"type": "date"}, "at": {"type": "time", "after": "day"}}
    assert rendered("{day} {at}", mixed, day="2025-06-13", at="9am")[1] == [("slots.at", "5.1")]


# -- drafts that may be approved -------------------------------------------------------------------

SPECS: dict[str, tuple[dict[str, Any], str]] = {
    "date": ({"style": "numeric"}, "2025-06-13"),
    "time": ({}, "15:30"),
    "group": ({}, "Year 7"),
    "event": ({}, "sports day"),
    "place": ({}, "the main hall"),
    "staff_name": ({"choices": ["Mr Hall"]}, "Mr Hall"),
    "organisation_phone": ({"choices": ["01632 960123"]}, "01632 960123"),
    "reference": ({}, "KRS-10482"),
    "money": ({"choices": ["£12.50"]}, "£12.50"),
    "reason": ({}, "the weather"),
    "route": ({"choices": ["route 7"]}, "route 7"),
    "url": ({"choices": ["https://www.example.sch.uk/trips"]}, "https://www.example.sch.uk/trips"),
    "choice": ({"choices": ["a hat"]}, "a hat"),
}


def test_3_3_every_type_of_slot_can_be_approved_and_sent() -> None:
    assert set(SPECS) == set(TYPES)
    body = " ".join(f"{{{name}}}" for name in SPECS)
    slots = {name: {"type": name} | options for name, (options, _) in SPECS.items()}
    assert check_template(body, slots, HOSTED) == ()
    answer = render(body, slots, {name: value for name, (_, value) in SPECS.items()}, HOSTED, NOW)
    assert answer.reasons == ()
    assert not set("{}") & set(answer.text)


@pytest.mark.parametrize("body", ["", "  \n ", OPT_OUT, f" {OPT_OUT} {OPT_OUT.lower()}"])
def test_3_3_a_template_that_says_nothing_is_not_approved(body: str) -> None:
    assert faults(body, {}) == [("body", "is empty")]


def test_5_1_a_template_that_is_far_too_long_is_not_approved() -> None:
    room = 612 - len(compose("x", SETTINGS)) + 1
    assert faults("x" * room, {}) == []
    [(field, sentence)] = faults("x" * (room + 1), {})
    assert field == "body"
    assert "612" in sentence


@pytest.mark.parametrize(
    "body", ["Hello {", "Hello }", "Hello {Name}", "Hello {1}", "Hello {{day}}", "Hello {a b}", "{}"]
)
def test_3_3_a_brace_that_is_no_placeholder_is_not_approved(body: str) -> None:
    slots = {"day": {"type": "date"}} if "day" in body else {}
    assert faults(body, slots) == [("body", "has a brace that is no placeholder: write {slot_name}")]


def test_3_3_placeholders_and_slots_are_the_same() -> None:
    assert faults("On {day}.", {}) == [("body", "the placeholder {day} is not among the slots")]
    assert faults("Soon.", {"day": {"type": "date"}}) == [("slots.day", "does not occur in the body")]


@pytest.mark.parametrize(
    ("spec", "field", "words"),
    [
        ({}, "slots.x", "type must be one of date, time"),
        ({"type": "text"}, "slots.x", "type must be one of date, time"),
        ({"type": "choice"}, "slots.x", "needs a list of choices"),
        ({"type": "choice", "choices": []}, "slots.x", "needs a list of choices"),
        ({"type": "choice", "values": ["a"], "choices": ["a"]}, "slots.x.values", "no such option"),
        ({"type": "date", "choices": ["2025-06-13"]}, "slots.x.choices", "no such option"),
        ({"type": "time", "style": "numeric"}, "slots.x.style", "no such option"),
        ({"type": "place", "style": "long"}, "slots.x.style", "no such option"),
        ({"type": "date", "style": "american"}, "slots.x.style", "long, numeric"),
        ({"type": "date", "after": "nothing"}, "slots.x.after", "another date slot"),
        ({"type": "date", "after": "y"}, "slots.x.after", "another date slot"),
        ({"type": "url"}, "slots.x", "no host is configured"),
        ({"type": "choice", "choices": "the museum"}, "slots.x.choices", "on one line"),
        ({"type": "choice", "choices": [7]}, "slots.x.choices", "on one line"),
        ({"type": "choice", "choices": [""]}, "slots.x.choices", "on one line"),
        ({"type": "choice", "choices": ["a", "x" * 61]}, "slots.x.choices", "1 to 60 characters"),
        ({"type": "choice", "choices": [" a"]}, "slots.x.choices", "on one line"),
        ({"type": "choice", "choices": ["a\nb"]}, "slots.x.choices", "on one line"),
        ({"type": "choice", "choices": ["a\u202eb"]}, "slots.x.choices", "on one line"),
        ({"type": "choice", "choices": ["{y}"]}, "slots.x.choices", "without braces"),
    ],
    ids=str,
)
def test_3_3_a_slot_that_is_not_sound_is_not_approved(spec: dict[str, Any], field: str, words: str) -> None:
    found = dict(faults("{x} {y}", {"x": spec, "y": {"type": "time"}}))
    assert list(found) == [field]
    assert words in found[field]


def test_3_3_a_choice_may_have_sixty_characters() -> None:
    assert faults("{x}", {"x": {"type": "choice", "choices": ["x" * 60]}}) == []


@given(
    body=st.text(max_size=80),
    slots=st.dictionaries(
        st.sampled_from(["a", "b"]), st.fixed_dictionaries({"type": st.sampled_from([*TYPES, "x"])})
    ),
)
def test_3_3_no_draft_raises_and_what_is_approved_renders(body: str, slots: dict[str, Any]) -> None:
    found = check_template(body, slots, SETTINGS)
    answer = render(body, slots, {}, SETTINGS, NOW)
    if not found:
        assert {reason.field for reason in answer.reasons} == {f"slots.{name}" for name in slots}


# -- the alphabet ----------------------------------------------------------------------------------


def test_5_1_the_shipped_texts_need_no_second_alphabet() -> None:
    texts = [
        SETTINGS.signature,
        OPT_OUT,
        SETTINGS.stop_confirmation,
        SETTINGS.start_confirmation,
        SETTINGS.help_text,
    ]
    texts += [value for values in SETTINGS.lists.values() for value in values]
    assert {char for text in texts for char in text} - GSM == set()


@pytest.mark.parametrize(
    "text", [SETTINGS.stop_confirmation, SETTINGS.start_confirmation, SETTINGS.help_text]
)
def test_6_2_each_reply_fits_one_sms(text: str) -> None:
    assert len(text) <= 160
    assert not set(text) & set("^{}\\[~]|€\f")  # these count double


@given(st.dates(min_value=NOW.date()), st.times())
def test_5_1_no_date_or_time_needs_a_second_alphabet(day: Any, moment: Any) -> None:
    slots = {"day": {"type": "date"}, "at": {"type": "time"}}
    text, reasons = rendered("{day} {at}", slots, day=day.isoformat(), at=f"{moment:%H:%M}")
    assert reasons == []
    assert set(text) <= GSM
