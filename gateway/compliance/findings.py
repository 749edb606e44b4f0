"""What today's facts say of each clause that a person or the nightly work must keep; pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Final

from gateway.compliance.today import SOON, Today
from gateway.records.compliance import Finding, State
from gateway.working_time import is_late
from policy import PolicySettings

_NIGHTLY: Final = timedelta(hours=26)
_SEVERITY: Final = (State.KEPT, State.ATTENTION, State.BREACH)


def worst(findings: Iterable[Finding]) -> State:
    """Return the worst state of any; kept where there is none."""
    return max((each.state for each in findings), key=_SEVERITY.index, default=State.KEPT)


def of_today(today: Today, settings: PolicySettings, now: datetime) -> tuple[Finding, ...]:
    """Return what was looked at, clause by clause."""
    return (
        *_retention(today, settings, now),
        *_duties(today, settings),
        *_log(today, now),
        *_people(today, now),
        *_recipients(today, settings, now),
        *_sending(today, settings),
        *_document(today),
    )


def _retention(today: Today, settings: PolicySettings, now: datetime) -> Iterator[Finding]:
    if settings.retention.legal_hold:
        yield _act(
            "1.2", "A legal hold stops every removal.", "When it is over: [retention] legal_hold = false"
        )
    elif today.purged is None or now - today.purged.at > _NIGHTLY:
        yield _act("1.2", "What is too old has not been removed for a day.", "See the log: daily_failed")
    else:
        yield _kept("1.2", f"What is too old was removed on {_day(today.purged.at, settings)}.")


def _duties(today: Today, settings: PolicySettings) -> Iterator[Finding]:
    late = sum(each.overdue for each in today.incidents)
    if late:
        says = f"Requests, complaints or breaches whose time is over: {late}."
        yield Finding("1.2", State.BREACH, says, "Answer them now: schoolgate incident list")
    elif today.incidents:
        first = today.incidents[0]
        says = (
            f"{len(today.incidents)} open; the next ({first.kind}) is due by {_day(first.due_at, settings)}."
        )
        yield _act("1.2", f"Requests, complaints or breaches: {says}", "schoolgate incident list")
    else:
        yield _kept("1.2", "No request, complaint or breach is open.")
    if today.numbers_held:
        yield _kept("1.2", f"Numbers under a legal hold, of which nothing is removed: {today.numbers_held}.")


def _log(today: Today, now: datetime) -> Iterator[Finding]:
    last = today.verified
    if last is None or now - last.at > _NIGHTLY:
        yield _act("1.3", "The audit log has not been verified for a day.", "schoolgate audit verify")
    elif last.outcome != "whole":
        yield Finding(
            "1.3",
            State.BREACH,
            f"The audit log is not as it was written, from entry {last.detail.get('first_bad')} on.",
            "Keep the database as it is; schoolgate audit verify; docs/operations.md",
        )
    else:
        yield _kept("1.3", f"The audit log is whole: {last.detail.get('entries')} entries were verified.")


def _people(today: Today, now: datetime) -> Iterator[Finding]:
    active = [line for line in today.access if line.status == "active"]
    ending = sorted(
        line.handle for line in active if any(now < end <= now + SOON for end in line.roles.values())
    )
    if ending:
        yield _act("3.2", f"Roles end within 30 days: {', '.join(ending)}.", "schoolgate person grant")
    else:
        yield _kept("3.2", "No role ends within 30 days.")
    missing = sorted(line.handle for line in active if line.may_send and line.acknowledged_at is None)
    if missing:
        yield _act(
            "9.2",
            f"Not acknowledged the policy in force, and so cannot send: {', '.join(missing)}.",
            "schoolgate policy people --unacknowledged; each: schoolgate policy acknowledge",
        )
    else:
        yield _kept("9.2", "Everybody who may send has acknowledged the policy in force.")


def _recipients(today: Today, settings: PolicySettings, now: datetime) -> Iterator[Finding]:
    if today.consents.ending:
        says = f"Consents that end within 30 days: {today.consents.ending}."
        yield _act("4.1", says, "Ask these people again: schoolgate consent expiring")
    else:
        yield _kept("4.1", "No consent ends within 30 days.")
    if today.unread_since is None:
        yield _kept("6.2", "No reply waits for a person to read it.")
    elif is_late(today.unread_since, now, settings.zone):
        says = f"Replies that may be opt-outs and that nobody has read for a working hour: {today.unread}."
        yield _act("6.2", says, "schoolgate opt-out holds")
    else:
        yield _kept("6.2", f"Replies that may be opt-outs, not yet here for a working hour: {today.unread}.")


def _sending(today: Today, settings: PolicySettings) -> Iterator[Finding]:
    if today.suspended_since is not None:
        says = f"All sending is suspended since {_day(today.suspended_since, settings)}."
        yield _act("8.1", says, "schoolgate sending show; the owner: schoolgate sending resume")
    else:
        yield _kept("8.1", "Sending goes on.")
    suspended = [handle for handle, is_suspended in today.accused.items() if is_suspended]
    if suspended:
        says = f"Suspended until somebody else has decided: {', '.join(suspended)}."
        yield _act("8.2", says, "schoolgate violation list --undecided")
    elif today.accused:
        says = f"Violations that nobody has decided on: {', '.join(today.accused)}."
        yield _act("8.2", says, "schoolgate violation list --undecided")
    else:
        yield _kept("8.2", "There is no violation to decide on.")


def _document(today: Today) -> Iterator[Finding]:
    review = today.review
    if review.overdue_days:
        says = (
            f"The policy's review has been overdue since {review.due:%-d %B %Y} ({review.overdue_days} days)."
        )
        yield _act("9.1", says, "The owner reviews the policy, then: schoolgate policy review")
    else:
        yield _kept("9.1", f"The policy was reviewed on {review.last_reviewed:%-d %B %Y}.")


def _kept(clause: str, says: str) -> Finding:
    return Finding(clause, State.KEPT, says)


def _act(clause: str, says: str, remedy: str) -> Finding:
    return Finding(clause, State.ATTENTION, says, remedy)


def _day(at: datetime, settings: PolicySettings) -> str:
    return f"{at.astimezone(settings.zone):%-d %B %Y}"
