"""3.1, 3.2, 9.2: who may send."""

from __future__ import annotations

from dataclasses import replace

import pytest

from policy import Outcome, Stage, decide
from tests.policy.cases import DAY, DRAFT, FACTS, NOW, NUMBER, draft, facts, judged, settings

LATER = (Stage.RELEASE, Stage.HANDOFF)


@pytest.mark.parametrize("stage", Stage)
def test_3_1_an_active_person_with_a_standing_key_sends(stage: Stage) -> None:
    assert decide(draft(stage=stage), FACTS, NOW).outcome is Outcome.ALLOW


@pytest.mark.parametrize("stage", Stage)
def test_3_1_a_message_without_a_known_sender_is_refused(stage: Stage) -> None:
    assert judged(facts(sender=None), stage=stage) == [("NOT_AUTHORISED_SENDER", "3.1")]


@pytest.mark.parametrize("stage", Stage)
def test_3_1_a_suspended_persons_keys_are_refused_at_every_stage(stage: Stage) -> None:
    assert judged(facts(sender={"active": False}), stage=stage) == [("KEY_OWNER_INACTIVE", "3.1")]


@pytest.mark.parametrize("stage", Stage)
def test_3_1_a_revoked_key_is_refused_at_every_stage(stage: Stage) -> None:
    assert judged(facts(sender={"key_revoked_at": NOW}), stage=stage) == [("NOT_AUTHORISED_SENDER", "3.1")]


def test_3_1_an_expired_key_accepts_nothing_new() -> None:
    expired = facts(sender={"key_expires_at": NOW})
    assert judged(expired) == [("NOT_AUTHORISED_SENDER", "3.1")]
    assert judged(facts(sender={"key_expires_at": NOW + DAY})) == []


@pytest.mark.parametrize("stage", LATER)
def test_3_1_what_an_expired_key_sent_in_time_still_goes(stage: Stage) -> None:
    assert judged(facts(sender={"key_expires_at": NOW}), stage=stage) == []


@pytest.mark.parametrize("roles", [{}, {"auditor": NOW + DAY}, {"admin": NOW + DAY}, {"owner": NOW + DAY}])
def test_3_2_a_role_that_does_not_permit_sending_is_refused(roles: dict[str, object]) -> None:
    assert judged(facts(sender={"roles": roles})) == [("NOT_AUTHORISED_SENDER", "3.2")]


def test_3_2_a_role_ends_unless_renewed() -> None:
    ended = facts(sender={"roles": {"sender": NOW}})
    assert judged(ended) == [("NOT_AUTHORISED_SENDER", "3.2")]
    assert "ended" in decide(DRAFT, ended, NOW).reasons[0].message
    renewed = facts(sender={"roles": {"sender": NOW, "free_text_sender": NOW + DAY}})
    assert judged(renewed) == []


def test_3_2_a_key_without_the_scope_is_refused() -> None:
    assert judged(facts(sender={"scopes": {"messages:read"}})) == [("SCOPE_MISSING", "3.2")]
    assert judged(facts(sender={"scopes": set()})) == [("SCOPE_MISSING", "3.2")]


def test_3_2_a_key_limited_to_templates_sends_only_those() -> None:
    assert judged(facts(sender={"templates": {"closure"}})) == [("SCOPE_MISSING", "3.2")]
    assert judged(facts(sender={"templates": set()})) == [("SCOPE_MISSING", "3.2")]
    assert judged(facts(sender={"templates": {"trip", "closure"}})) == []


def test_3_2_a_key_limited_to_templates_sends_nothing_without_one() -> None:
    reasons = judged(facts(sender={"templates": {"trip"}}), template=None)
    assert ("SCOPE_MISSING", "3.2") in reasons


def test_3_2_a_team_key_reaches_only_the_guest_list() -> None:
    assert judged(facts(sender={"key_kind": "team"})) == [("NOT_AUTHORISED_SENDER", "3.2")]
    guests = settings(guests=[NUMBER])
    assert judged(facts(sender={"key_kind": "team"}, settings=guests)) == []


def test_3_2_a_test_key_is_heard_but_reaches_no_modem() -> None:
    test = facts(sender={"key_kind": "test"})
    assert judged(test) == []
    assert judged(test, stage=Stage.RELEASE) == []
    assert judged(test, stage=Stage.HANDOFF) == [("NOT_AUTHORISED_SENDER", "3.2")]


@pytest.mark.parametrize("stage", [Stage.SUBMIT, Stage.RELEASE])
def test_9_2_who_has_not_acknowledged_the_policy_does_not_send(stage: Stage) -> None:
    assert judged(facts(sender={"acknowledged": False}), stage=stage) == [("POLICY_NOT_ACKNOWLEDGED", "9.2")]


def test_9_2_a_new_version_does_not_empty_the_queue() -> None:
    assert judged(facts(sender={"acknowledged": False}), stage=Stage.HANDOFF) == []


def test_3_1_every_fault_of_a_sender_is_named_at_once() -> None:
    sender = replace(
        FACTS.sender,
        active=False,
        acknowledged=False,
        roles={},
        scopes=set(),
        templates=set(),
        key_revoked_at=NOW,
    )
    codes = [code for code, _ in judged(facts(sender=sender))]
    assert codes == [
        "KEY_OWNER_INACTIVE",
        "NOT_AUTHORISED_SENDER",
        "NOT_AUTHORISED_SENDER",
        "SCOPE_MISSING",
        "SCOPE_MISSING",
        "POLICY_NOT_ACKNOWLEDGED",
    ]
