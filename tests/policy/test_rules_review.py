"""9.1: the policy is reviewed every year, or bulk waits."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from policy import Kind, Outcome, Stage, decide
from tests.policy.cases import (
    CONSENT,
    DRAFT,
    SENDER,
    SETTINGS,
    draft,
    facts,
    found,
    on,
    reply,
    reply_facts,
    settings,
)

OVERDUE = ("POLICY_REVIEW_OVERDUE", "9.1")
BULK = SETTINGS.bulk_above + 1


def reasons(
    day: str | datetime, recipients: int = 1, stage: Stage = Stage.RELEASE, **review: object
) -> object:
    """Decide, on a day, for a draft that nothing but the review could speak against."""
    now = on(day) if isinstance(day, str) else day
    lasting = {"expires_at": now + timedelta(days=1)}
    known = facts(
        settings=settings(review=SETTINGS.review.model_dump() | review),
        consents=[type(CONSENT)(purpose=CONSENT.purpose, given_at=CONSENT.given_at, **lasting)],
        sender={
            "roles": dict.fromkeys(SENDER.roles, now + timedelta(days=1)),
            "key_expires_at": now + timedelta(days=1),
        },
        template=lasting,
    )
    return found(decide(draft(recipients=recipients, stage=stage), known, now))


def test_9_1_the_review_is_due_a_year_after_the_last() -> None:
    assert SETTINGS.review.due == date(2025, 11, 8)
    assert SETTINGS.overdue_by(date(2025, 11, 8)) is None
    assert SETTINGS.overdue_by(date(2025, 11, 9)) == timedelta(days=1)


def test_9_1_a_review_on_a_leap_day_is_due_on_the_first_of_march() -> None:
    review = SETTINGS.review.model_copy(update={"last_reviewed": date(2024, 2, 29)})
    assert review.due == date(2025, 3, 1)


@pytest.mark.parametrize("day", ["2025-06-02", "2025-11-08", "2025-11-09", "2025-12-08"])
def test_9_1_bulk_goes_until_the_grace_is_over(day: str) -> None:
    assert reasons(day, BULK) == []


@pytest.mark.parametrize("day", ["2025-12-09", "2026-06-01", "2030-01-01"])
def test_9_1_an_overdue_review_stops_bulk_after_the_grace(day: str) -> None:
    assert reasons(day, BULK) == [OVERDUE]


def test_9_1_an_overdue_review_lets_single_messages_and_small_batches_through() -> None:
    assert reasons("2026-06-01", 1) == []
    assert reasons("2026-06-01", SETTINGS.bulk_above) == []


def test_9_1_a_recorded_review_lets_bulk_go_again() -> None:
    assert reasons("2026-06-01", BULK) == [OVERDUE]
    assert reasons("2026-06-01", BULK, last_reviewed="2026-01-12") == []


def test_9_1_the_organisation_may_choose_to_be_warned_only() -> None:
    assert reasons("2026-06-01", BULK, overdue="warn") == []


def test_9_1_the_organisation_may_choose_to_stop_everything() -> None:
    assert reasons("2026-06-01", 1, overdue="block_all") == [OVERDUE]
    assert reasons("2025-12-08", 1, overdue="block_all") == []


def test_9_1_the_grace_is_a_setting() -> None:
    assert reasons("2025-11-09", BULK, grace_days=0) == [OVERDUE]
    assert reasons("2025-11-08", BULK, grace_days=0) == []


@pytest.mark.parametrize("stage", [Stage.RELEASE, Stage.HANDOFF])
def test_9_1_bulk_that_waits_is_stopped_too(stage: Stage) -> None:
    assert reasons("2026-06-01", BULK, stage) == [OVERDUE]


def test_9_1_the_day_is_that_of_the_school() -> None:
    """Grace ends at midnight in London: 23:30 UTC in summer is the next day there."""
    last = {"last_reviewed": "2024-07-01", "grace_days": 0}  # due 1 July 2025, overdue from 2 July
    assert reasons(datetime(2025, 7, 1, 22, 30, tzinfo=UTC), BULK, **last) == []
    assert reasons(datetime(2025, 7, 1, 23, 30, tzinfo=UTC), BULK, **last) == [OVERDUE]


def test_9_1_the_reason_says_since_when_and_that_a_retry_can_help() -> None:
    known = facts(template={"expires_at": on("2027-01-01")})
    reason = next(
        r for r in decide(draft(recipients=BULK), known, on("2026-06-01")).reasons if r.clause == "9.1"
    )
    assert "on 8 November 2025" in reason.message
    assert "to many at once" in reason.message
    assert reason.retry
    assert (reason.http_status, reason.outcome) == (503, Outcome.DENY)


def test_9_1_the_gateways_own_replies_never_wait_for_a_review() -> None:
    blocked = settings(review=SETTINGS.review.model_dump() | {"overdue": "block_all", "grace_days": 0})
    now = on("2026-06-01")
    told = reply_facts(settings=blocked, recipient={"opted_out": {"": now}})
    assert decide(reply(Kind.OPT_OUT_CONFIRMATION, recipients=BULK), told, now).outcome is Outcome.ALLOW
    assert (
        decide(reply(Kind.HELP, recipients=BULK), reply_facts(settings=blocked), now).outcome is Outcome.ALLOW
    )


def test_9_1_a_draft_is_one_message_unless_it_says_otherwise() -> None:
    assert DRAFT.recipients == 1
