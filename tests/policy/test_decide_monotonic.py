"""Nothing that speaks against a message ever turns a refusal into a permission."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy import (
    Consent,
    Facts,
    Kind,
    Outcome,
    decide,
)
from policy.limits import Earlier
from policy.quiet_hours import NOT_KNOWN
from tests.policy.cases import (
    NOW,
    SETTINGS,
)
from tests.policy.drawn import CASES, CONSENTS, REVIEWED, Case, Worsen, field, worst


def opted_out(topic: str) -> Worsen:
    def worsen(known: Facts) -> Facts:
        before = known.recipient.opted_out if known.recipient else {}
        return field("recipient", opted_out={**before, topic: NOW})(known)

    return worsen


def each_consent(**changes: Any) -> Worsen:
    def worsen(known: Facts) -> Facts:
        ended = [replace(consent, **changes) for consent in known.consents or ()]
        return known if known.consents is None else replace(known, consents=ended)

    return worsen


def fewer(known: Facts) -> Facts:
    return known if not known.consents else replace(known, consents=known.consents[1:])


def ended_roles(known: Facts) -> Facts:
    roles = known.sender.roles if known.sender else {}
    return field("sender", roles=dict.fromkeys(roles, NOW))(known)


TRAINING = SETTINGS.training.model_copy(update={"required": True})


def one_more(*, same: bool) -> Worsen:
    def worsen(known: Facts) -> Facts:
        before = known.recipient.recent if known.recipient else None
        return field("recipient", recent=None if before is None else [*before, Earlier(NOW, same)])(known)

    return worsen


def more_used(known: Facts) -> Facts:
    caps = known.sender.caps if known.sender else None
    return field("sender", caps=None if caps is None else [replace(c, used=c.used + 1) for c in caps])(known)


WORSE: dict[str, Worsen] = {
    "opt-out": opted_out(""),
    "opt-out of events": opted_out("events"),
    "opt-out of what is no longer listed": opted_out("clubs"),
    "hold": field("recipient", held_since=NOW),
    "suspicion": field("recipient", suspect_since=NOW),
    "no enquiry": field("recipient", last_inbound_at=None),
    "withdrawn consents": each_consent(withdrawn_at=NOW),
    "expired consents": each_consent(expires_at=NOW),
    "one consent fewer": fewer,
    "suspension": field("sender", active=False),
    "all sending suspended": lambda known: replace(known, sending=False),
    "sending suspended after violations": field("sender", sending_suspended_at=NOW),
    "training that has run out": field("sender", trained_until=NOW),
    "training that is required": lambda known: replace(
        known, settings=known.settings.model_copy(update={"training": TRAINING})
    ),
    "no acknowledgement": field("sender", acknowledged=False),
    "revoked key": field("sender", key_revoked_at=NOW),
    "expired key": field("sender", key_expires_at=NOW),
    "ended roles": ended_roles,
    "no role": field("sender", roles={}),
    "no scope": field("sender", scopes=frozenset()),
    "no purposes": field("sender", purposes=frozenset()),
    "no templates": field("sender", templates=frozenset()),
    "retired template": field("template", status="retired"),
    "expired approval": field("template", expires_at=NOW),
    "own approval": field("template", approver="ann"),
    "no approval": field("template", approver=None),
    "one text more to the number": one_more(same=False),
    "one text more of that wording": one_more(same=True),
    "one recipient more by the key": more_used,
    "unknown texts": field("recipient", recent=None),
    "unknown use": field("sender", caps=None),
    "unknown bank holidays": lambda known: replace(known, holidays=NOT_KNOWN),
    "later review": lambda known: replace(known, settings=REVIEWED[-1]),
    **{
        f"unknown {name}": lambda known, name=name: replace(known, **{name: None})
        for name in ("number", "recipient", "consents", "sender", "template")
    },
}
MORE_REASON_TO_CONFIRM = {"opt-out", "opt-out of events", "opt-out of what is no longer listed"}


@pytest.mark.parametrize("what", WORSE)
@given(case=CASES)
def test_what_speaks_against_a_message_never_turns_a_refusal_into_a_permission(what: str, case: Case) -> None:
    sent, known = case
    if sent.kind is Kind.OPT_OUT_CONFIRMATION and what in MORE_REASON_TO_CONFIRM:
        sent = replace(sent, kind=Kind.MESSAGE)  # an opt-out is what permits its confirmation
    assert worst(sent, WORSE[what](known)) >= worst(sent, known)


@given(case=CASES, more=st.integers(0, 5000))
def test_more_recipients_or_parts_never_turn_a_refusal_into_a_permission(case: Case, more: int) -> None:
    sent, known = case
    assert worst(replace(sent, recipients=sent.recipients + more), known) >= worst(sent, known)
    longer = replace(sent, parts=max(sent.parts, 1) + more)
    assert worst(longer, known) >= worst(replace(sent, parts=max(sent.parts, 1)), known)


@given(case=CASES, consent=CONSENTS)
def test_one_more_consent_never_turns_a_permission_into_a_refusal(case: Case, consent: Consent) -> None:
    sent, known = case
    richer = replace(known, consents=[*(known.consents or ()), consent])
    assert worst(sent, richer) <= worst(sent, known)


@given(case=CASES, topic=st.sampled_from(["", "clubs"]))
def test_6_2_a_message_to_who_opted_out_of_everything_is_denied_whatever_else_is_so(
    case: Case, topic: str
) -> None:
    sent, known = case
    told = opted_out(topic)(known)
    if sent.kind is Kind.MESSAGE:
        assert decide(sent, told, NOW).outcome is Outcome.DENY
