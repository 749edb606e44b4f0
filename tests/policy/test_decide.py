"""`decide` as a whole: all rules, all reasons, at every stage."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from policy import (
    RULES,
    Decision,
    Kind,
    Outcome,
    RecipientFacts,
    Stage,
    decide,
)
from policy.rules.rule import MESSAGES
from tests.policy.cases import (
    CONSENT,
    DRAFT,
    FACTS,
    NOW,
    SENDER,
    draft,
    facts,
    found,
    settings,
)
from tests.policy.drawn import REVIEWS


@pytest.mark.parametrize("stage", Stage)
def test_what_nothing_speaks_against_is_allowed(stage: Stage) -> None:
    assert decide(draft(stage=stage), FACTS, NOW) == Decision()


def test_one_fault_of_each_rule_gives_each_rules_reason() -> None:
    """No rule hides another: a draft with everything against it hears everything."""
    known = facts(
        settings=settings(review=REVIEWS[-1]),
        sender=replace(SENDER, active=False, acknowledged=False, roles={}, scopes=set(), key_revoked_at=NOW),
        recipient=RecipientFacts(opted_out={"": NOW}, held_since=NOW, suspect_since=NOW),
        consents=(),
        number=None,
        template={"status": "retired"},
    )
    decision = decide(draft(text="Hi", parts=5, purpose="fundraising", slots=None), known, NOW)
    assert {code for code, _ in found(decision)} == {
        "KEY_OWNER_INACTIVE",
        "NOT_AUTHORISED_SENDER",
        "SCOPE_MISSING",
        "POLICY_NOT_ACKNOWLEDGED",
        "POLICY_REVIEW_OVERDUE",
        "PURPOSE_NOT_PERMITTED",
        "NUMBER_INVALID",
        "CONSENT_MISSING",
        "RECIPIENT_OPTED_OUT",
        "RECIPIENT_ON_HOLD",
        "NUMBER_SUSPECT",
        "TEMPLATE_NOT_APPROVED",
        "SLOT_INVALID",
        "TONE_REJECTED",
        "TOO_LONG",
        "RATE_LIMITED",
    }


@pytest.mark.parametrize("missing", ["number", "recipient", "consents", "sender", "template"])
@pytest.mark.parametrize("stage", Stage)
def test_a_fact_that_is_missing_denies(missing: str, stage: Stage) -> None:
    assert decide(draft(stage=stage), facts(**{missing: None}), NOW).outcome is Outcome.DENY


@pytest.mark.parametrize("missing", ["number", "recipient"])
@pytest.mark.parametrize("kind", sorted(set(Kind) - MESSAGES))
def test_a_fact_that_is_missing_denies_the_gateways_replies_too(missing: str, kind: Kind) -> None:
    told = facts(recipient={"opted_out": {"": NOW}} if kind is Kind.OPT_OUT_CONFIRMATION else {})
    sent = draft(kind=kind, stage=Stage.HANDOFF)
    assert decide(sent, told, NOW).outcome is Outcome.ALLOW
    assert decide(sent, replace(told, **{missing: None}), NOW).outcome is Outcome.DENY


GLASS = {"glass_may_be_broken", "two_more_people_broke_it"}
ASKED = {
    Kind.MESSAGE: {rule.name for rule in RULES}
    - {"confirmation_confirms_an_opt_out", "consent_was_asked_for"}
    - GLASS,
    Kind.BREAK_GLASS: {rule.name for rule in RULES}
    - {"confirmation_confirms_an_opt_out", "consent_was_asked_for", "recipient_has_not_opted_out"},
    Kind.CONSENT_REQUEST: {rule.name for rule in RULES}
    - {"confirmation_confirms_an_opt_out", "consent_is_on_record", "consent_covers_purpose"}
    - GLASS,
    Kind.OPT_OUT_CONFIRMATION: {
        "number_may_be_texted",
        "confirmation_confirms_an_opt_out",
        "text_says_who_sends",
        "text_is_brief",
    },
    Kind.START_CONFIRMATION: {
        "number_may_be_texted",
        "recipient_has_not_opted_out",
        "recipient_is_not_on_hold",
        "text_says_who_sends",
        "text_is_brief",
    },
}
ASKED[Kind.HELP] = ASKED[Kind.START_CONFIRMATION]
ASKED[Kind.ALERT] = ASKED[Kind.CHECKPOINT] = ASKED[Kind.START_CONFIRMATION]


@pytest.mark.parametrize("kind", Kind)
def test_each_kind_is_asked_exactly_what_concerns_it(kind: Kind) -> None:
    assert {rule.name for rule in RULES if kind in rule.kinds} == ASKED[kind]


AT_SUBMISSION_ONLY = {
    "sending_goes_on",  # what waits is kept: the hand-off looks for no work
    "person_is_trained",
    "text_is_the_templates",
    "text_says_who_sends",
    "text_offers_the_way_out",
    "recipient_has_room",
    "sender_has_room",
}
NOT_AT_RELEASE = {"hour_is_not_quiet"}  # what a person lets go may still wait for a window
BEFORE_HANDOFF_ONLY = {
    *("content_is_fit", "text_is_clear", "tone_is_respectful", "words_are_plain"),
    "policy_is_acknowledged",  # a new version does not empty the queue
}
AT_HANDOFF_ONLY = {"radio_is_not_for_test_keys"}


def test_the_hand_off_asks_again_all_that_may_have_changed() -> None:
    names = {stage: {rule.name for rule in RULES if stage in rule.stages} for stage in Stage}
    every = {rule.name for rule in RULES}
    assert names[Stage.SUBMIT] == every - AT_HANDOFF_ONLY
    assert names[Stage.RELEASE] == every - AT_HANDOFF_ONLY - AT_SUBMISSION_ONLY - NOT_AT_RELEASE
    assert names[Stage.HANDOFF] == every - AT_SUBMISSION_ONLY - BEFORE_HANDOFF_ONLY


@pytest.mark.parametrize(
    "change",
    [
        {"recipient": {"opted_out": {"": NOW}}},
        {"recipient": {"held_since": NOW}},
        {"recipient": {"suspect_since": NOW}},
        {"consents": ()},
        {"consents": (replace(CONSENT, withdrawn_at=NOW),)},
        {"consents": (replace(CONSENT, expires_at=NOW),)},
        {"sender": {"active": False}},
        {"sender": {"key_revoked_at": NOW}},
        {"sender": {"roles": {}}},
        {"sender": {"sending_suspended_at": NOW}},
        {"template": {"status": "retired"}},
        {"template": {"expires_at": NOW}},
        {"settings": settings(review=REVIEWS[-1])},
    ],
    ids=lambda change: "-".join(change),
)
def test_what_was_allowed_at_submission_is_stopped_at_hand_off_when_the_facts_changed(
    change: dict[str, Any],
) -> None:
    assert decide(DRAFT, FACTS, NOW).outcome is Outcome.ALLOW
    assert decide(draft(stage=Stage.HANDOFF, slots=None), facts(**change), NOW).outcome is not Outcome.ALLOW


def test_a_hold_beside_a_refusal_is_a_refusal() -> None:
    both = facts(recipient={"held_since": NOW}, consents=())
    decision = decide(draft(stage=Stage.HANDOFF), both, NOW)
    assert decision.outcome is Outcome.DENY
    assert {reason.outcome for reason in decision.reasons} == {Outcome.HOLD, Outcome.DENY}
