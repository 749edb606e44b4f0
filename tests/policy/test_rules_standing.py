"""8.1, 8.2, 9.2: whether sending goes on at all, and for this person."""

from __future__ import annotations

from datetime import timedelta

import pytest

from policy import Kind, Outcome, Stage, decide
from policy.rules import RULES
from policy.violations import are_too_many, counted, since
from tests.policy.cases import (
    DAY,
    DRAFT,
    NOW,
    SETTINGS,
    draft,
    facts,
    judged,
    reply,
    reply_facts,
    settings,
)

REQUIRED = settings(training={"required": True})


def test_8_1_nothing_is_taken_in_while_sending_is_suspended() -> None:
    decision = decide(DRAFT, facts(sending=False), NOW)
    assert [(r.code, r.clause, r.retry, r.http_status) for r in decision.reasons] == [
        ("SENDING_SUSPENDED", "8.1", True, 503)
    ]


@pytest.mark.parametrize("stage", [Stage.RELEASE, Stage.HANDOFF])
def test_8_1_what_waits_is_not_refused_for_the_suspension_so_it_is_kept(stage: Stage) -> None:
    assert judged(facts(sending=False), stage=stage) == []


@pytest.mark.parametrize("stage", Stage)
def test_8_2_whose_sending_is_suspended_sends_nothing_at_any_stage(stage: Stage) -> None:
    known = facts(sender={"sending_suspended_at": NOW - DAY})
    assert judged(known, stage=stage) == [("NOT_AUTHORISED_SENDER", "8.2")]


def test_8_2_the_gateways_own_replies_do_not_ask_for_a_person() -> None:
    told = reply_facts(recipient={"opted_out": {"": NOW}})
    assert decide(reply(Kind.OPT_OUT_CONFIRMATION), told, NOW).outcome is Outcome.ALLOW


@pytest.mark.parametrize(
    ("known", "clauses"),
    [
        (facts(consents=()), []),  # 7.2: nothing on record at all
        (facts(template={"purpose": "appointment"}, sender={"active": False}), []),
        (facts(settings=settings()), []),
    ],
)
def test_8_2_other_refusals_do_not_count(known: object, clauses: list[str]) -> None:
    decision = decide(DRAFT, known, NOW)  # type: ignore[arg-type]
    assert [r.clause for r in counted(decision, SETTINGS) if r.clause != "4.1"] == clauses


def test_8_2_a_missing_consent_and_advertising_count_and_what_counts_is_data() -> None:
    decision = decide(draft(purpose="marketing"), facts(), NOW)
    assert {reason.clause for reason in counted(decision, SETTINGS)} == {"4.1", "7.1"}
    only = settings(violations={"counts": {"7.1": ["MARKETING_DISABLED"]}})
    assert [reason.code for reason in counted(decision, only)] == ["MARKETING_DISABLED"]


def test_8_2_what_counts_is_what_a_rule_can_answer() -> None:
    answered = {(clause, code) for rule in RULES for clause in rule.clauses for code in rule.codes}
    counts = SETTINGS.violations.counts
    assert {(clause, code) for clause, codes in counts.items() for code in codes} <= answered
    assert counts.keys() == {"2.2", "4.1", "7.1"}


def test_8_2_three_in_thirty_days_are_too_many() -> None:
    assert [are_too_many(many, SETTINGS) for many in (2, 3, 4)] == [False, True, True]
    assert since(NOW, SETTINGS) == NOW - timedelta(days=30)


def test_9_2_training_is_asked_for_only_where_it_is_required() -> None:
    assert judged(facts()) == []
    assert judged(facts(settings=REQUIRED)) == [("TRAINING_EXPIRED", "9.2")]
    assert judged(facts(settings=REQUIRED, sender={"trained_until": NOW})) == [("TRAINING_EXPIRED", "9.2")]
    assert judged(facts(settings=REQUIRED, sender={"trained_until": NOW + DAY})) == []


def test_9_2_what_was_accepted_before_training_ran_out_goes() -> None:
    known = facts(settings=REQUIRED, sender={"trained_until": NOW})
    assert judged(known, stage=Stage.HANDOFF) == []
