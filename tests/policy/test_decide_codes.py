"""Codes and clauses: each that a rule declares can be produced, and no other."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given

from policy import (
    RULES,
    Draft,
    Facts,
    Kind,
    Outcome,
    Stage,
    decide,
)
from policy.quiet_hours import NOT_KNOWN
from tests.policy.cases import (
    CONSENT,
    DRAFT,
    FACTS,
    NOW,
    NUMBER,
    draft,
    facts,
    settings,
)
from tests.policy.drawn import CASES, REVIEWS, Case

UNREAD = facts(template=None)  # no second person has read the words

TRAINING = {"required": True}

FAULTS: list[tuple[str, str, Draft, Facts]] = [
    ("sending_goes_on", "SENDING_SUSPENDED", DRAFT, facts(sending=False)),
    ("person_may_go_on", "NOT_AUTHORISED_SENDER", DRAFT, facts(sender={"sending_suspended_at": NOW})),
    ("person_is_trained", "TRAINING_EXPIRED", DRAFT, facts(settings=settings(training=TRAINING))),
    ("sender_is_known", "NOT_AUTHORISED_SENDER", DRAFT, facts(sender=None)),
    ("person_is_active", "KEY_OWNER_INACTIVE", DRAFT, facts(sender={"active": False})),
    ("key_stands", "NOT_AUTHORISED_SENDER", DRAFT, facts(sender={"key_revoked_at": NOW})),
    ("role_permits_sending", "NOT_AUTHORISED_SENDER", DRAFT, facts(sender={"roles": {}})),
    ("key_may_send", "SCOPE_MISSING", DRAFT, facts(sender={"scopes": set()})),
    ("key_may_use_template", "SCOPE_MISSING", DRAFT, facts(sender={"templates": set()})),
    ("team_key_stays_in_the_team", "NOT_AUTHORISED_SENDER", DRAFT, facts(sender={"key_kind": "team"})),
    (
        "radio_is_not_for_test_keys",
        "NOT_AUTHORISED_SENDER",
        draft(stage=Stage.HANDOFF),
        facts(sender={"key_kind": "test"}),
    ),
    ("policy_is_acknowledged", "POLICY_NOT_ACKNOWLEDGED", DRAFT, facts(sender={"acknowledged": False})),
    ("policy_is_reviewed", "POLICY_REVIEW_OVERDUE", DRAFT, facts(settings=settings(review=REVIEWS[-1]))),
    ("purpose_is_permitted", "PURPOSE_NOT_PERMITTED", draft(purpose=""), FACTS),
    ("marketing_is_on", "MARKETING_DISABLED", draft(purpose="marketing"), FACTS),
    ("purpose_is_the_templates", "PURPOSE_NOT_PERMITTED", DRAFT, facts(template={"purpose": "appointment"})),
    ("key_may_serve_purpose", "PURPOSE_NOT_PERMITTED", DRAFT, facts(sender={"purposes": set()})),
    ("reply_answers_somebody", "PURPOSE_NOT_PERMITTED", draft(purpose="enquiry_reply"), FACTS),
    ("number_may_be_texted", "NUMBER_INVALID", DRAFT, facts(number=None)),
    ("consent_is_on_record", "CONSENT_MISSING", DRAFT, facts(consents=())),
    ("consent_covers_purpose", "CONSENT_MISSING", draft(purpose="appointment"), FACTS),
    ("consent_covers_purpose", "CONSENT_EXPIRED", DRAFT, facts(consents=(replace(CONSENT, expires_at=NOW),))),
    ("consent_was_asked_for", "CONSENT_MISSING", draft(kind=Kind.CONSENT_REQUEST), FACTS),
    ("recipient_has_not_opted_out", "RECIPIENT_OPTED_OUT", DRAFT, facts(recipient={"opted_out": {"": NOW}})),
    ("confirmation_confirms_an_opt_out", "RECIPIENT_OPTED_OUT", draft(kind=Kind.OPT_OUT_CONFIRMATION), FACTS),
    ("recipient_is_not_on_hold", "RECIPIENT_ON_HOLD", DRAFT, facts(recipient={"held_since": NOW})),
    ("number_is_not_suspect", "NUMBER_SUSPECT", DRAFT, facts(recipient={"suspect_since": NOW})),
    ("template_is_approved", "TEMPLATE_NOT_APPROVED", DRAFT, facts(template=None)),
    ("sender_may_write_freely", "SCOPE_MISSING", draft(free_text=True), UNREAD),
    ("sender_may_write_freely", "NOT_AUTHORISED_SENDER", draft(free_text=True), UNREAD),
    ("glass_may_be_broken", "RECIPIENT_OPTED_OUT", draft(kind=Kind.BREAK_GLASS), FACTS),
    ("two_more_people_broke_it", "APPROVAL_REQUIRED", draft(kind=Kind.BREAK_GLASS), FACTS),
    ("free_text_has_a_second_person", "APPROVAL_REQUIRED", draft(free_text=True), UNREAD),
    ("text_is_the_templates", "SLOT_INVALID", draft(slots=None), FACTS),
    ("text_is_the_templates", "TEMPLATE_NOT_APPROVED", draft(text="Hello"), FACTS),
    ("text_says_who_sends", "TONE_REJECTED", draft(text="Hello"), FACTS),
    ("text_offers_the_way_out", "TONE_REJECTED", draft(text="Hello"), FACTS),
    ("text_is_brief", "TOO_LONG", draft(parts=3), FACTS),
    ("content_is_fit", "CONTENT_SENSITIVE", draft(text="Your son was excluded today."), FACTS),
    ("content_is_fit", "CONTENT_REVIEW_REQUIRED", draft(text="There was an incident."), UNREAD),
    ("text_is_clear", "TONE_REJECTED", draft(text="The trip to {place} is on Friday."), FACTS),
    ("text_is_clear", "TOO_LONG", draft(text="Hello " * 400), FACTS),
    ("tone_is_respectful", "TONE_REJECTED", draft(text="Reply now!!"), FACTS),
    ("tone_is_respectful", "CONTENT_REVIEW_REQUIRED", draft(text="We told you this already."), UNREAD),
    ("hour_is_not_quiet", "QUIET_HOURS", DRAFT, facts(holidays=NOT_KNOWN)),
    ("recipient_has_room", "RATE_LIMITED", DRAFT, facts(recipient={"recent": None})),
    ("sender_has_room", "RATE_LIMITED", DRAFT, facts(sender={"caps": None})),
    ("words_are_plain", "TONE_REJECTED", draft(text="Pls reply."), FACTS),
    ("words_are_plain", "CONTENT_REVIEW_REQUIRED", draft(text="Please see the CPOMS."), UNREAD),
]


def test_every_code_that_a_rule_declares_is_in_the_table_of_faults() -> None:
    declared = {(rule.name, code.value) for rule in RULES for code in rule.codes}
    assert {(name, code) for name, code, _, _ in FAULTS} == declared


@pytest.mark.parametrize(
    ("name", "code", "bad", "known"), FAULTS, ids=lambda value: value if isinstance(value, str) else ""
)
def test_every_code_that_a_rule_declares_can_be_produced(
    name: str, code: str, bad: Draft, known: Facts
) -> None:
    rule = next(rule for rule in RULES if rule.name == name)
    assert bad.kind in rule.kinds
    assert bad.stage in rule.stages
    assert code in {reason.code for reason in rule.check(bad, known, NOW)}
    assert list(rule.check(DRAFT, FACTS, NOW)) == [] or Kind.MESSAGE not in rule.kinds


@given(case=CASES)
def test_no_rule_answers_with_a_code_or_clause_that_it_does_not_declare(case: Case) -> None:
    sent, known = case
    for rule in RULES:
        for reason in rule.check(sent, known, NOW):
            assert reason.code in rule.codes
            assert reason.clause in rule.clauses
            assert reason.outcome is not Outcome.ALLOW


@given(case=CASES)
def test_a_decision_is_the_reasons_of_its_rules_and_the_same_each_time(case: Case) -> None:
    sent, known = case
    reasons = [
        reason
        for rule in RULES
        if sent.kind in rule.kinds and sent.stage in rule.stages
        for reason in rule.check(sent, known, NOW)
    ]
    decision = decide(sent, known, NOW)
    assert list(decision.reasons) == reasons
    assert decision == decide(sent, known, NOW)
    assert (decision.outcome is Outcome.ALLOW) == (not reasons)


@given(case=CASES)
def test_no_reason_repeats_the_number_or_the_text(case: Case) -> None:
    sent, known = case
    for reason in decide(sent, known, NOW).reasons:
        assert NUMBER not in reason.message
        assert NUMBER[3:] not in reason.message
        assert sent.text == "" or sent.text not in reason.message
