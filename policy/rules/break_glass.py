"""The one way past an opt-out: off, for named urgent templates, with two people besides the sender (6.2)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from policy.facts import Draft, Facts, Kind, Stage
from policy.rules.rule import Rule
from policy.verdict import Code, Outcome, Reason


def glass_may_be_broken(_draft: Draft, facts: Facts, _now: datetime) -> Iterator[Reason]:
    """6.2: urgent does not override an opt-out, unless the policy says so for this very template."""
    glass, template = facts.settings.break_glass, facts.template
    if not glass.enabled:
        yield _refuse("is turned off in the policy")
    elif template is None or not template.urgent or template.name not in glass.templates:
        yield _refuse("is for urgent templates that the policy names")
    elif facts.recipient is None:
        yield _refuse("needs to know the recipient")


def two_more_people_broke_it(draft: Draft, facts: Facts, _now: datetime) -> Iterator[Reason]:
    """6.2: two people approve it, neither of them the sender; until then it waits."""
    waits = draft.stage is Stage.SUBMIT
    answers = (facts.second_person, facts.third_person)
    approvers = {answer.decided_by for answer in answers if answer and answer.decided_by != answer.asked_by}
    if waits or len(approvers) < len(answers):
        yield Reason(
            code=Code.APPROVAL_REQUIRED,
            clause="6.2",
            message="a text past an opt-out waits until two people besides its sender have approved it",
            outcome=Outcome.HOLD if waits else Outcome.DENY,
        )


def _refuse(why: str) -> Reason:
    return Reason(
        code=Code.RECIPIENT_OPTED_OUT,
        clause="6.2",
        message=f"sending past an opt-out {why}",
        field="break_glass",
    )


_ALONE: Final = frozenset({Kind.BREAK_GLASS})
RULES: Final = (
    Rule(glass_may_be_broken, ("6.2",), (Code.RECIPIENT_OPTED_OUT,), _ALONE),
    Rule(two_more_people_broke_it, ("6.2",), (Code.APPROVAL_REQUIRED,), _ALONE),
)
