"""Whether sending goes on at all, and for this person (clauses 8.1, 8.2, 9.2)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from policy.facts import Draft, Facts, Stage
from policy.rules.rule import Rule
from policy.verdict import Code, Reason

_SUBMIT: Final = frozenset({Stage.SUBMIT})


def sending_goes_on(_draft: Draft, facts: Facts, _now: datetime) -> Iterator[Reason]:
    """8.1: while all sending is suspended nothing is taken in; what waits is kept, so no later stage asks."""
    if not facts.sending:
        yield Reason(
            code=Code.SENDING_SUSPENDED,
            clause="8.1",
            message="all sending is suspended; the owner of the policy lets it go on",
            retry=True,
        )


def person_may_go_on(_draft: Draft, facts: Facts, _now: datetime) -> Iterator[Reason]:
    """8.2: who was refused too often on what must never be sent waits for another person's decision."""
    if facts.sender and facts.sender.sending_suspended_at is not None:
        yield Reason(
            code=Code.NOT_AUTHORISED_SENDER,
            clause="8.2",
            message="the person's sending is suspended after repeated refusals, until somebody else decides",
        )


def person_is_trained(_draft: Draft, facts: Facts, now: datetime) -> Iterator[Reason]:
    """9.2: where training is required, who sends has been trained and need not be again yet."""
    if facts.sender is None or not facts.settings.training.required:
        return
    until = facts.sender.trained_until
    if until is None or until <= now:
        ended = "is not on record" if until is None else "has run out"
        yield Reason(
            code=Code.TRAINING_EXPIRED,
            clause="9.2",
            message=f"the training of the person this key acts for {ended}",
        )


RULES: Final = (
    Rule(sending_goes_on, ("8.1",), (Code.SENDING_SUSPENDED,), stages=_SUBMIT),
    Rule(person_may_go_on, ("8.2",), (Code.NOT_AUTHORISED_SENDER,)),
    Rule(person_is_trained, ("9.2",), (Code.TRAINING_EXPIRED,), stages=_SUBMIT),
)
