"""Who may send: an active person, through a key that still stands (clauses 3.1, 3.2, 9.2)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from policy.facts import Draft, Facts, Stage
from policy.rules.rule import Rule
from policy.verdict import Code, Reason

SEND: Final = "messages:send"


def sender_is_known(_draft: Draft, facts: Facts, _now: datetime) -> Iterator[Reason]:
    """3.1: every message has a sender; without one on record it has no authority."""
    if facts.sender is None:
        yield Reason(
            code=Code.NOT_AUTHORISED_SENDER, clause="3.1", message="it is not known who sends this message"
        )


def person_is_active(_draft: Draft, facts: Facts, _now: datetime) -> Iterator[Reason]:
    """3.1: a suspended person's keys are refused, and what they left in the queue stays."""
    if facts.sender and not facts.sender.active:
        yield Reason(
            code=Code.KEY_OWNER_INACTIVE,
            clause="3.1",
            message="the person this key acts for is suspended; an administrator can activate them",
        )


def key_stands(draft: Draft, facts: Facts, now: datetime) -> Iterator[Reason]:
    """3.1: a revoked key sends nothing any more; an expired one accepts nothing new."""
    sender = facts.sender
    if sender is None:
        return
    if sender.key_revoked_at is not None:
        yield Reason(
            code=Code.NOT_AUTHORISED_SENDER, clause="3.1", message="the key has been revoked; use another"
        )
    elif draft.stage is Stage.SUBMIT and sender.key_expires_at <= now:
        yield Reason(
            code=Code.NOT_AUTHORISED_SENDER, clause="3.1", message="the key has expired; ask for a new one"
        )


def role_permits_sending(_draft: Draft, facts: Facts, now: datetime) -> Iterator[Reason]:
    """3.2: roles are default-deny, and end unless renewed."""
    if facts.sender is None:
        return
    held = facts.settings.sending_roles & facts.sender.roles.keys()
    if not any(facts.sender.roles[role] > now for role in held):
        ended = "has ended; an administrator can renew it" if held else "is missing"
        yield Reason(
            code=Code.NOT_AUTHORISED_SENDER, clause="3.2", message=f"the role that permits sending {ended}"
        )


def key_may_send(_draft: Draft, facts: Facts, _now: datetime) -> Iterator[Reason]:
    """3.2: a key does only what its scopes name."""
    if facts.sender and SEND not in facts.sender.scopes:
        yield Reason(code=Code.SCOPE_MISSING, clause="3.2", message=f"the key lacks the scope {SEND}")


def key_may_use_template(draft: Draft, facts: Facts, _now: datetime) -> Iterator[Reason]:
    """3.2: a key may be limited to some templates."""
    allowed = facts.sender.templates if facts.sender else None
    if allowed is not None and (draft.template is None or draft.template.name not in allowed):
        yield Reason(
            code=Code.SCOPE_MISSING,
            clause="3.2",
            message="the key may not use this template",
            field="template",
        )


def team_key_stays_in_the_team(draft: Draft, facts: Facts, _now: datetime) -> Iterator[Reason]:
    """3.2: a team key reaches only the guest list."""
    if facts.sender and facts.sender.key_kind == "team" and draft.number not in facts.settings.guests:
        yield Reason(
            code=Code.NOT_AUTHORISED_SENDER,
            clause="3.2",
            message="a team key reaches only the numbers of the guest list",
            field="to",
        )


def radio_is_not_for_test_keys(_draft: Draft, facts: Facts, _now: datetime) -> Iterator[Reason]:
    """3.2: what a test key accepted ends before the modem, whatever held it on the way."""
    if facts.sender and facts.sender.key_kind == "test":
        yield Reason(
            code=Code.NOT_AUTHORISED_SENDER, clause="3.2", message="a test key's messages reach no modem"
        )


def policy_is_acknowledged(_draft: Draft, facts: Facts, _now: datetime) -> Iterator[Reason]:
    """9.2: who sends has acknowledged the version of the policy that is in force."""
    if facts.sender and not facts.sender.acknowledged:
        yield Reason(
            code=Code.POLICY_NOT_ACKNOWLEDGED,
            clause="9.2",
            message="the person this key acts for has not acknowledged the policy in force",
        )


RULES: Final = (
    Rule(sender_is_known, ("3.1",), (Code.NOT_AUTHORISED_SENDER,)),
    Rule(person_is_active, ("3.1",), (Code.KEY_OWNER_INACTIVE,)),
    Rule(key_stands, ("3.1",), (Code.NOT_AUTHORISED_SENDER,)),
    Rule(role_permits_sending, ("3.2",), (Code.NOT_AUTHORISED_SENDER,)),
    Rule(key_may_send, ("3.2",), (Code.SCOPE_MISSING,)),
    Rule(key_may_use_template, ("3.2",), (Code.SCOPE_MISSING,)),
    Rule(team_key_stays_in_the_team, ("3.2",), (Code.NOT_AUTHORISED_SENDER,)),
    Rule(
        radio_is_not_for_test_keys,
        ("3.2",),
        (Code.NOT_AUTHORISED_SENDER,),
        stages=frozenset({Stage.HANDOFF}),
    ),
    Rule(
        policy_is_acknowledged,
        ("9.2",),
        (Code.POLICY_NOT_ACKNOWLEDGED,),
        stages=frozenset({Stage.SUBMIT, Stage.RELEASE}),  # what was accepted before a new version goes out
    ),
)
