"""3.3, 5.1, 5.2, 6.1: what it says."""

from __future__ import annotations

import pytest

from policy import Code, Kind, Outcome, Stage, TemplateRef, batch_needs_approval, decide
from tests.policy.cases import (
    DAY,
    DRAFT,
    NOW,
    SETTINGS,
    SLOTS,
    draft,
    facts,
    found,
    judged,
    reply,
    reply_facts,
    settings,
)

NOT_APPROVED = ("TEMPLATE_NOT_APPROVED", "3.3")
INVALID = ("SLOT_INVALID", "3.3")


@pytest.mark.parametrize("stage", Stage)
def test_3_3_a_message_without_a_template_is_refused(stage: Stage) -> None:
    assert judged(facts(template=None), stage=stage) == [NOT_APPROVED]


@pytest.mark.parametrize("stage", Stage)
@pytest.mark.parametrize(
    "fault",
    [
        {"status": "draft"},
        {"status": "retired"},
        {"status": ""},
        {"approver": None},
        {"approver": "ann"},
        {"expires_at": None},
        {"expires_at": NOW},
        {"expires_at": NOW - DAY},
    ],
    ids=str,
)
def test_3_3_only_what_a_second_person_approved_sends_and_only_for_its_time(
    fault: dict[str, object], stage: Stage
) -> None:
    assert judged(facts(template=fault), stage=stage) == [NOT_APPROVED]


def test_3_3_an_approval_lasts_to_its_last_moment() -> None:
    assert judged(facts(template={"expires_at": NOW + DAY})) == []


@pytest.mark.parametrize("reference", [None, TemplateRef("closure"), TemplateRef("trip", "cy")])
def test_3_3_the_template_that_was_named_is_the_one_that_is_used(reference: TemplateRef | None) -> None:
    assert judged(template=reference) == [NOT_APPROVED]


@pytest.mark.parametrize("text", ["Hello", DRAFT.text + " Bring a coat.", DRAFT.text.replace("farm", "zoo")])
def test_3_3_text_that_is_not_the_templates_is_refused(text: str) -> None:
    assert NOT_APPROVED in judged(text=text)


def test_3_3_slots_that_are_not_known_are_refused_at_submission() -> None:
    assert judged(slots=None) == [INVALID]
    assert judged(slots=None, stage=Stage.HANDOFF) == []


def test_3_3_a_value_that_is_not_approved_is_refused_and_not_repeated() -> None:
    decision = decide(draft(slots=SLOTS | {"place": "Bella's house"}), facts(), NOW)
    assert INVALID in found(decision)
    assert "Bella" not in "".join(reason.message for reason in decision.reasons)


def test_3_3_a_slot_that_the_template_lacks_is_refused() -> None:
    assert judged(slots=SLOTS | {"note": "see me"}) == [INVALID]


@pytest.mark.parametrize("slots", [{}, {"place": "the farm"}, SLOTS | {"day": "2025-06-01"}])
def test_5_1_missing_slots_and_past_dates_are_refused(slots: dict[str, str]) -> None:
    assert ("SLOT_INVALID", "5.1") in judged(slots=slots)


def test_5_1_a_placeholder_for_nothing_is_refused() -> None:
    body = "The trip to {place} is on {day}. {extra}"
    assert ("SLOT_INVALID", "5.1") in judged(facts(template={"body": body}))


@pytest.mark.parametrize("stage", [Stage.RELEASE, Stage.HANDOFF])
def test_3_3_an_accepted_text_is_not_judged_by_a_later_day(stage: Stage) -> None:
    """Its date may pass in the queue: how long a message may wait is its validity's to say."""
    assert judged(stage=stage, slots=None, now=NOW + 21 * DAY) == []


@pytest.mark.parametrize("stage", Stage)
def test_5_1_two_parts_at_most_with_the_opt_out_text(stage: Stage) -> None:
    assert judged(parts=2, stage=stage) == []
    assert judged(parts=3, stage=stage) == [("TOO_LONG", "5.1")]
    assert judged(parts=0, stage=stage) == [("TOO_LONG", "5.1")]


def test_5_1_the_number_of_parts_is_a_setting() -> None:
    assert judged(facts(settings=settings(max_parts=3)), parts=3) == []
    assert judged(facts(settings=settings(max_parts=1)), parts=2) == [("TOO_LONG", "5.1")]


def test_5_2_a_text_that_does_not_name_the_organisation_is_refused() -> None:
    nameless = DRAFT.text.replace("KRS Education Ltd: ", "")
    assert judged(text=nameless) == [NOT_APPROVED, ("TONE_REJECTED", "5.2")]


def test_5_2_a_name_inside_another_word_does_not_name_the_organisation() -> None:
    oak = settings(
        organisation="Oak",
        signature="Oak: ",
        stop_confirmation="Oak.",
        start_confirmation="Oak",
        help_text="Oak",
    )
    assert not oak.is_named_in("Soak up the sun")
    assert oak.is_named_in("All at OAK, thank you")


@pytest.mark.parametrize("copies", [0, 2])
def test_6_1_a_text_says_once_how_to_opt_out(copies: int) -> None:
    words = DRAFT.text.replace(SETTINGS.opt_out_text, "")
    assert ("TONE_REJECTED", "6.1") in judged(text=words + SETTINGS.opt_out_text * copies)
    assert ("TONE_REJECTED", "6.1") not in judged(text=words + SETTINGS.opt_out_text)


def test_6_1_a_welsh_text_says_it_in_welsh_and_only_so() -> None:
    welsh = SETTINGS.opt_out_texts["cy"]
    words = DRAFT.text.removesuffix(SETTINGS.opt_out_text)
    refused = ("TONE_REJECTED", "6.1")
    version = facts(template={"language": "cy"})
    for text, well in ((words + welsh, True), (DRAFT.text, False), (f"{DRAFT.text} {welsh}", False)):
        assert (refused not in judged(version, text=text, template=TemplateRef("trip", "cy"))) is well
    assert refused in judged(text=words + welsh)  # it is made from the English version


def test_5_2_the_gateways_replies_are_brief_and_name_the_organisation() -> None:
    def reasons(**changes: object) -> list[tuple[str, str]]:
        return found(decide(reply(Kind.HELP, stage=Stage.SUBMIT, **changes), reply_facts(), NOW))

    assert reasons() == []
    assert reasons(parts=3) == [("TOO_LONG", "5.1")]
    assert reasons(text="Reply STOP to opt out.") == [("TONE_REJECTED", "5.2")]


@pytest.mark.parametrize(
    ("recipients", "urgent", "needed"),
    [(1, False, False), (20, False, False), (21, False, True), (21, True, False), (2000, False, True)],
)
def test_3_3_bulk_needs_a_second_person_unless_urgent(recipients: int, urgent: bool, needed: bool) -> None:
    assert batch_needs_approval(recipients, SETTINGS, urgent=urgent) is needed


def test_3_3_every_fault_of_the_text_is_named_at_once() -> None:
    decision = decide(
        draft(text="Come!", parts=9, slots={}), facts(template={"status": "draft", "approver": None}), NOW
    )
    assert decision.outcome is Outcome.DENY
    assert [reason.code for reason in decision.reasons] == [
        *[Code.TEMPLATE_NOT_APPROVED] * 2,
        *[Code.SLOT_INVALID] * 2,
        Code.TEMPLATE_NOT_APPROVED,
        *[Code.TONE_REJECTED] * 2,
        Code.TOO_LONG,
    ]
