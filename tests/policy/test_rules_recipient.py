"""4.1, 4.3, 6.2, 7.2: to whom."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from policy import Code, Kind, Outcome, Reason, Stage, decide, normalise
from tests.policy.cases import (
    CONSENT,
    DAY,
    DRAFT,
    NOW,
    SETTINGS,
    YEAR,
    draft,
    facts,
    found,
    judged,
    reply,
    reply_facts,
    settings,
)

OPTED_OUT = ("RECIPIENT_OPTED_OUT", "6.2")
MISSING = ("CONSENT_MISSING", "4.1")


@pytest.mark.parametrize("stage", Stage)
def test_7_2_a_number_with_no_consent_is_refused(stage: Stage) -> None:
    assert judged(facts(consents=()), stage=stage) == [("CONSENT_MISSING", "7.2")]


@pytest.mark.parametrize("kind", ["live", "team", "test"])
def test_7_2_a_number_with_no_consent_is_refused_whatever_the_key(kind: str) -> None:
    known = facts(
        consents=(),
        sender={"key_kind": kind},
        settings=settings(guests=[DRAFT.number]),
        template={"urgent": True},
    )
    assert judged(known) == [("CONSENT_MISSING", "7.2")]


def test_7_2_unknown_consent_is_no_consent_and_a_retry_can_help() -> None:
    reason, *others = decide(DRAFT, facts(consents=None), NOW).reasons
    assert not others
    assert (reason.code, reason.clause, reason.retry) == (Code.CONSENT_MISSING, "7.2", True)


def test_4_1_consent_for_the_purpose_permits() -> None:
    assert judged(facts(consents=(CONSENT,))) == []


def test_4_1_consent_for_another_purpose_does_not_permit() -> None:
    assert judged(facts(consents=(replace(CONSENT, purpose="appointment"),))) == [MISSING]


def test_4_1_a_withdrawn_consent_does_not_permit() -> None:
    assert judged(facts(consents=(replace(CONSENT, withdrawn_at=NOW - DAY),))) == [MISSING]


def test_4_1_consent_ends_on_its_day() -> None:
    def ending(at: timedelta) -> list[tuple[str, str]]:
        return judged(facts(consents=(replace(CONSENT, expires_at=NOW + at),)))

    assert ending(timedelta(seconds=1)) == []
    assert ending(timedelta(0)) == [("CONSENT_EXPIRED", "4.1")]
    assert ending(-YEAR) == [("CONSENT_EXPIRED", "4.1")]


def test_4_1_consent_does_not_begin_before_it_is_given() -> None:
    assert judged(facts(consents=(replace(CONSENT, given_at=NOW + DAY),))) == [MISSING]
    assert judged(facts(consents=(replace(CONSENT, given_at=NOW),))) == []


def test_4_1_a_new_consent_stands_beside_ended_ones() -> None:
    old = replace(CONSENT, expires_at=NOW - DAY)
    withdrawn = replace(CONSENT, withdrawn_at=NOW - DAY)
    assert judged(facts(consents=(old, withdrawn, CONSENT))) == []
    assert judged(facts(consents=(old, withdrawn))) == [("CONSENT_EXPIRED", "4.1")]


@pytest.mark.parametrize("stage", Stage)
def test_6_2_nothing_goes_to_who_opted_out(stage: Stage) -> None:
    assert judged(facts(recipient={"opted_out": {"": NOW}}), stage=stage) == [OPTED_OUT]


def test_6_2_an_opt_out_never_fades_and_no_urgency_overrides_it() -> None:
    known = facts(recipient={"opted_out": {"": NOW - 20 * YEAR}}, template={"urgent": True})
    assert judged(known) == [OPTED_OUT]


def test_6_2_a_topic_stops_its_own_purposes() -> None:
    assert judged(facts(recipient={"opted_out": {"events": NOW}})) == [OPTED_OUT]
    assert judged(facts(recipient={"opted_out": {"appointments": NOW}})) == []


def test_6_2_a_topic_that_is_no_longer_listed_stops_everything() -> None:
    assert judged(facts(recipient={"opted_out": {"clubs": NOW}})) == [OPTED_OUT]


def test_6_2_an_unknown_recipient_is_treated_as_opted_out() -> None:
    reason, *others = decide(DRAFT, facts(recipient=None), NOW).reasons
    assert not others
    assert (reason.code, reason.clause, reason.retry) == (Code.RECIPIENT_OPTED_OUT, "6.2", True)


def test_6_2_a_number_on_hold_accepts_nothing_new() -> None:
    decision = decide(DRAFT, facts(recipient={"held_since": NOW}), NOW)
    assert [(r.code, r.clause, r.retry) for r in decision.reasons] == [(Code.RECIPIENT_ON_HOLD, "6.2", True)]
    assert decision.outcome is Outcome.DENY


@pytest.mark.parametrize("stage", [Stage.RELEASE, Stage.HANDOFF])
def test_6_2_what_waits_for_a_number_on_hold_is_held(stage: Stage) -> None:
    decision = decide(replace(DRAFT, stage=stage), facts(recipient={"held_since": NOW}), NOW)
    assert decision.outcome is Outcome.HOLD


@pytest.mark.parametrize("stage", Stage)
def test_4_3_a_suspect_number_is_blocked_until_it_is_verified(stage: Stage) -> None:
    assert judged(facts(recipient={"suspect_since": NOW}), stage=stage) == [("NUMBER_SUSPECT", "4.3")]
    assert judged(facts(recipient={"suspect_since": None}), stage=stage) == []


def test_4_3_a_number_that_may_not_be_texted_is_refused_in_its_own_words() -> None:
    refused = normalise("0909 123 4567", SETTINGS)
    assert isinstance(refused, Reason)
    assert decide(DRAFT, facts(number=refused), NOW).reasons == (refused,)


@pytest.mark.parametrize("number", [None, normalise("07911 123457", SETTINGS)])
def test_4_3_a_number_that_was_not_checked_is_refused(number: object) -> None:
    [reason] = decide(DRAFT, facts(number=number), NOW).reasons
    assert (reason.code, reason.clause, reason.retry) == (Code.NUMBER_INVALID, "4.3", True)


# -- the gateway's own replies -----------------------------------------------------------------------


@pytest.mark.parametrize("ago", [timedelta(0), timedelta(hours=24)])
def test_6_2_the_confirmation_goes_to_who_just_opted_out(ago: timedelta) -> None:
    known = reply_facts(recipient={"opted_out": {"": NOW - ago}})
    assert decide(reply(Kind.OPT_OUT_CONFIRMATION), known, NOW).outcome is Outcome.ALLOW


def test_6_2_the_confirmation_goes_even_where_a_reply_is_held_or_the_number_suspect() -> None:
    known = reply_facts(recipient={"opted_out": {"events": NOW}, "held_since": NOW, "suspect_since": NOW})
    assert decide(reply(Kind.OPT_OUT_CONFIRMATION), known, NOW).outcome is Outcome.ALLOW


@pytest.mark.parametrize(
    "recipient",
    [{}, {"opted_out": {"": NOW - timedelta(hours=24, seconds=1)}}, None],
    ids=["none", "old", "unknown"],
)
def test_6_2_a_confirmation_without_a_new_opt_out_is_refused(recipient: object) -> None:
    decision = decide(reply(Kind.OPT_OUT_CONFIRMATION), reply_facts(recipient=recipient), NOW)
    assert [(r.code.value, r.clause) for r in decision.reasons] == [OPTED_OUT]


@pytest.mark.parametrize("kind", [Kind.START_CONFIRMATION, Kind.HELP])
def test_6_2_other_replies_need_no_consent_but_stop_at_an_opt_out_or_hold(kind: Kind) -> None:
    def outcome(**recipient: object) -> Outcome:
        return decide(reply(kind), reply_facts(recipient=recipient), NOW).outcome

    assert outcome() is Outcome.ALLOW
    assert outcome(opted_out={"": NOW}) is Outcome.DENY
    assert outcome(held_since=NOW) is Outcome.HOLD
    assert decide(reply(kind), reply_facts(recipient=None), NOW).outcome is Outcome.DENY


@pytest.mark.parametrize("kind", [Kind.OPT_OUT_CONFIRMATION, Kind.START_CONFIRMATION, Kind.HELP])
def test_4_3_no_reply_goes_to_a_number_that_may_not_be_texted(kind: Kind) -> None:
    known = reply_facts(recipient={"opted_out": {}}, number=normalise("60777", SETTINGS))
    assert ("NUMBER_INVALID", "4.3") in [
        (r.code.value, r.clause) for r in decide(reply(kind), known, NOW).reasons
    ]


@pytest.mark.parametrize("stage", Stage)
def test_4_1_the_text_that_asks_for_a_yes_rests_on_a_form(stage: Stage) -> None:
    """It needs no consent, for it asks for one; it goes only to who asked us, while that counts."""
    asking = draft(kind=Kind.CONSENT_REQUEST, stage=stage)
    asked = facts(consents=(), recipient={"consent_asked_until": NOW + timedelta(days=1)})
    assert found(decide(asking, asked, NOW)) == []
    over = facts(consents=(), recipient={"consent_asked_until": NOW})
    for nobody in (over, facts(consents=()), facts()):
        assert ("CONSENT_MISSING", "4.1") in found(decide(asking, nobody, NOW))
    for told in ({"opted_out": {"": NOW}}, {"held_since": NOW}, {"suspect_since": NOW}):
        known = facts(consents=(), recipient={"consent_asked_until": NOW + timedelta(days=1), **told})
        assert decide(asking, known, NOW).outcome is not Outcome.ALLOW


@pytest.mark.parametrize(("failures", "codes"), [(2, []), (3, [("NUMBER_SUSPECT", "4.3")])])
def test_4_3_a_number_that_fails_again_and_again_is_in_doubt(failures: int, codes: list[object]) -> None:
    known = facts(recipient={"failures": failures})
    assert found(decide(DRAFT, known, NOW)) == codes
    assert found(decide(DRAFT, replace(known, settings=settings(suspect_after=2)), NOW)) == [
        ("NUMBER_SUSPECT", "4.3")
    ]
