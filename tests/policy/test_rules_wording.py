"""2.2, 5.1, 5.2, 5.3, 7.1: how it is worded."""

from __future__ import annotations

import pytest

from policy import Outcome, Stage, check_template, decide
from policy.rules import RULES
from policy.wording import own_words, passed_over
from tests.policy.cases import DAY, NOW, SETTINGS, TEMPLATE, draft, facts, found, judged

NAMES = ("content_is_fit", "text_is_clear", "tone_is_respectful", "words_are_plain")


def worded(text: str, stage: Stage = Stage.SUBMIT) -> list[tuple[str, str, str]]:
    """Return (code, clause, outcome) of what the rules of wording say."""
    sent = draft(text=text, stage=stage)
    return [
        (reason.code.value, reason.clause, reason.outcome.value)
        for rule in RULES
        if rule.name in NAMES and stage in rule.stages
        for reason in rule.check(sent, facts(template=None), NOW)
    ]


def signed(text: str) -> str:
    return f"{SETTINGS.signature}{text} {SETTINGS.opt_out_text}"


@pytest.mark.parametrize("text", ["Bella was sick.", "Pay with 4111 1111 1111 1111.", "You owe £20."])
def test_2_2_what_is_sensitive_is_refused_and_nobody_can_override_it(text: str) -> None:
    assert worded(signed(text)) == [("CONTENT_SENSITIVE", "2.2", "DENY")]
    assert worded(signed(text), Stage.RELEASE) == [("CONTENT_SENSITIVE", "2.2", "DENY")]


def test_2_2_what_is_doubtful_waits_and_goes_when_a_second_person_released_it() -> None:
    text = signed("A refund of £4 is due.")
    assert worded(text) == [("CONTENT_REVIEW_REQUIRED", "2.2", "HOLD")]
    assert worded(text, Stage.RELEASE) == []


@pytest.mark.parametrize("text", ["Your son was excluded.", "Get 20% off our club."])
def test_7_1_advertising_and_discipline_are_refused(text: str) -> None:
    assert worded(signed(text)) == [("CONTENT_SENSITIVE", "7.1", "DENY")]


@pytest.mark.parametrize(
    "text", ["The trip to {place} is on.", "It is from 5pm to 4pm.", "It is on 3 March 2021."]
)
def test_5_1_a_text_that_cannot_be_meant_is_refused(text: str) -> None:
    assert worded(signed(text)) == [("TONE_REJECTED", "5.1", "DENY")]


def test_5_1_a_date_is_judged_by_the_day_of_the_school_and_not_at_release() -> None:
    text = signed(f"The fair is on {NOW - DAY:%Y-%m-%d}.")
    assert worded(text) == [("TONE_REJECTED", "5.1", "DENY")]
    assert worded(text, Stage.RELEASE) == []
    assert worded(signed(f"The fair is on {NOW:%Y-%m-%d}.")) == []


def test_5_2_shouting_and_rudeness_are_refused_and_bluntness_waits() -> None:
    assert worded(signed("SCHOOL CLOSED")) == [("TONE_REJECTED", "5.2", "DENY")]
    assert worded(signed("This is crap.")) == [("TONE_REJECTED", "5.2", "DENY")]
    assert worded(signed("We told you this already.")) == [("CONTENT_REVIEW_REQUIRED", "5.2", "HOLD")]


def test_5_3_casual_words_are_refused_and_jargon_waits() -> None:
    assert worded(signed("Pls reply.")) == [("TONE_REJECTED", "5.3", "DENY")]
    assert worded(signed("Let us touch base.")) == [("CONTENT_REVIEW_REQUIRED", "5.3", "HOLD")]


def test_the_hand_off_waits_for_nobody() -> None:
    assert judged(text=signed("Let us touch base."), stage=Stage.HANDOFF) == []


DOUBTFUL = {"body": "The nurse and the police talk: an incident at {place} on {day}."}
DOUBTFUL_TEXT = signed("The nurse and the police talk: an incident at the farm on Friday 13 June.")


def test_a_doubt_holds_what_no_second_person_has_read() -> None:
    mine = DOUBTFUL | {"approver": TEMPLATE.author}
    for unread in (DOUBTFUL | {"status": "draft"}, DOUBTFUL | {"approver": None}, mine):
        decision = decide(draft(text=DOUBTFUL_TEXT), facts(template=unread), NOW)
        assert ("CONTENT_REVIEW_REQUIRED", "7.1") in found(decision)


def test_3_3_a_second_person_settles_the_doubts_of_a_template_by_approving_it() -> None:
    decision = decide(draft(text=DOUBTFUL_TEXT), facts(template=DOUBTFUL), NOW)
    assert found(decision) == []
    assert decision.outcome is Outcome.ALLOW


def test_what_the_gateway_adds_is_not_judged() -> None:
    assert own_words(signed("Hello."), SETTINGS) == "Hello."
    assert own_words("Hello.", SETTINGS) == "Hello."
    assert own_words(f"Bore da. {SETTINGS.opt_out_texts['cy']}", SETTINGS) == "Bore da."
    assert worded(signed("Hello.")) == []


def test_what_was_passed_over_is_told() -> None:
    assert passed_over("The bus service is suspended.", SETTINGS) == ("bus service is suspended",)
    assert passed_over("The trip is on Friday.", SETTINGS) == ()


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ("Your son was excluded. See {place} on {day}.", "body"),
        ("PLEASE COME NOW to {place} on {day}.", "body"),
        ("Pls come to {place} on {day}.", "body"),
    ],
)
def test_2_2_a_template_that_could_never_be_sent_is_refused_when_drafted(body: str, field: str) -> None:
    faults = check_template(body, TEMPLATE.slots, SETTINGS)
    assert [fault.field for fault in faults] == [field]
    assert all(fault.message.startswith(f"{field}: the text") for fault in faults)


def test_2_2_a_choice_that_could_never_be_sent_is_refused_when_drafted() -> None:
    slots = {**TEMPLATE.slots, "place": {"type": "choice", "choices": ["the farm", "Bella was sick"]}}
    (fault,) = check_template(TEMPLATE.body, slots, SETTINGS)
    assert (fault.field, fault.clause) == ("slots.place.choices", "2.2")


@pytest.mark.parametrize(
    "body", [TEMPLATE.body, "The trip to {place} is on {day}. Please bring a packed lunch."]
)
def test_a_sound_template_is_sound(body: str) -> None:
    assert check_template(body, TEMPLATE.slots, SETTINGS) == ()


def test_what_would_only_be_held_is_the_approvers_to_see() -> None:
    assert check_template("An incident at {place} on {day}.", TEMPLATE.slots, SETTINGS) == ()


@pytest.mark.parametrize("kind", ["date", "time", "money", "staff_name", "group"])
def test_slots_stand_for_what_they_might_hold(kind: str) -> None:
    assert check_template("See {x} for more.", {"x": {"type": kind}}, SETTINGS) == ()
