"""Is the policy itself in date: reviewed within the year (clause 9.1)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from policy.facts import Draft, Facts
from policy.rules.rule import Rule
from policy.verdict import Code, Reason


def policy_is_reviewed(draft: Draft, facts: Facts, now: datetime) -> Iterator[Reason]:
    """9.1: when the yearly review is overdue beyond the grace, bulk (or everything) waits for it.

    Bulk is what 3.3 calls bulk: more recipients than `bulk_above`. `warn` refuses nothing.
    """
    settings, review = facts.settings, facts.settings.review
    late = settings.overdue_by(now.astimezone(settings.zone).date())
    if late is None or late <= timedelta(days=review.grace_days) or review.overdue == "warn":
        return
    if review.overdue == "block_all" or draft.recipients > settings.bulk_above:
        what = "all sending" if review.overdue == "block_all" else "sending to many at once"
        yield Reason(
            code=Code.POLICY_REVIEW_OVERDUE,
            clause="9.1",
            message=f"the policy's review was due on {review.due.day} {review.due:%B %Y}; that stops {what} "
            "until its owner has reviewed it and recorded the date",
            retry=True,
        )


RULES: Final = (Rule(policy_is_reviewed, ("9.1",), (Code.POLICY_REVIEW_OVERDUE,)),)
