"""Text without a template: for few people, and never without a second one (clauses 3.2, 3.3)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from policy.facts import Draft, Facts, Stage
from policy.rules.rule import Rule
from policy.verdict import Code, Outcome, Reason

FREE_TEXT: Final = "messages:free_text"


def sender_may_write_freely(draft: Draft, facts: Facts, now: datetime) -> Iterator[Reason]:
    """3.2: text of one's own takes a scope and a role of its own."""
    sender = facts.sender
    if not draft.free_text or sender is None:
        return
    if FREE_TEXT not in sender.scopes:
        yield Reason(code=Code.SCOPE_MISSING, clause="3.2", message=f"the key lacks the scope {FREE_TEXT}")
    if not any(sender.roles[role] > now for role in facts.settings.free_text_roles & sender.roles.keys()):
        yield Reason(
            code=Code.NOT_AUTHORISED_SENDER,
            clause="3.2",
            message="only who has the role for it may send text without a template; use a template",
        )


def free_text_has_a_second_person(draft: Draft, facts: Facts, _now: datetime) -> Iterator[Reason]:
    """3.3: a second person reads every text without a template before it goes."""
    if not draft.free_text:
        return
    waits = draft.stage is Stage.SUBMIT
    second = facts.second_person
    if waits or second is None or second.decided_by == second.asked_by:
        yield Reason(
            code=Code.APPROVAL_REQUIRED,
            clause="3.3",
            message="text without a template waits until a second person has read it",
            outcome=Outcome.HOLD if waits else Outcome.DENY,
            field="text",
        )


RULES: Final = (
    Rule(sender_may_write_freely, ("3.2",), (Code.SCOPE_MISSING, Code.NOT_AUTHORISED_SENDER)),
    Rule(free_text_has_a_second_person, ("3.3",), (Code.APPROVAL_REQUIRED,)),
)
