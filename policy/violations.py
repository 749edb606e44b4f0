"""Which refusals count against the person, and when there are too many of them (clause 8.2)."""

from __future__ import annotations

from datetime import datetime, timedelta

from policy.settings import PolicySettings
from policy.verdict import Decision, Outcome, Reason


def counted(decision: Decision, settings: PolicySettings) -> tuple[Reason, ...]:
    """Return the refusals of a submission that count, as `violations.counts` of the settings lists them."""
    counts = settings.violations.counts
    return tuple(
        reason
        for reason in decision.reasons
        if reason.outcome is Outcome.DENY and reason.code in counts.get(reason.clause, ())
    )


def since(now: datetime, settings: PolicySettings) -> datetime:
    """Return from when on violations still count."""
    return now - timedelta(days=settings.violations.within_days)


def are_too_many(undecided: int, settings: PolicySettings) -> bool:
    """Return whether so many submissions within the time suspend the person's sending."""
    return undecided >= settings.violations.suspend_at
