"""When and how much: the hours in which texts may arrive, and how many (clauses 3.2 and 5.2)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from policy.facts import Draft, Facts, SenderFacts, Stage, TemplateFacts
from policy.limits import room_at
from policy.quiet_hours import BankHolidays, Hours
from policy.rules.rule import Rule
from policy.settings import PolicySettings
from policy.verdict import Code, Outcome, Reason

_ONCE: Final = frozenset({Stage.SUBMIT})  # counted in the transaction that accepts; it counts itself later
_IN_TIME: Final = frozenset({Stage.SUBMIT, Stage.HANDOFF})  # what a person releases may still wait


def windows(
    settings: PolicySettings,
    holidays: BankHolidays,
    purpose: str,
    template: TemplateFacts | None,
    sender: SenderFacts | None,
) -> Hours | None:
    """Return when a text may arrive; None for at any time: urgent ones, and those that reach nobody."""
    urgent = template is not None and template.urgent
    if urgent or (sender is not None and sender.key_kind == "test"):
        return None
    return settings.hours(holidays, purpose)


def leaves_at(hours: Hours | None, not_before: datetime | None, now: datetime) -> datetime:
    """Return when a text may leave: now, at the time it names, or when a window opens (if ever one does)."""
    at = max(now, not_before or now)
    return at if hours is None else hours.opening(at) or at


def hour_is_not_quiet(draft: Draft, facts: Facts, now: datetime) -> Iterator[Reason]:
    """5.2: nothing arrives in quiet hours, unless its template was approved as urgent; until then it waits.

    A message of which parts have left is finished, and what a test key sends reaches nobody. Where no window
    is on record nothing new is accepted.
    """
    at = max(now, draft.not_before or now)
    hours = windows(facts.settings, facts.holidays, draft.purpose, facts.template, facts.sender)
    opens = at if hours is None or draft.begun else hours.opening(at)
    if opens == at:
        return
    denied = opens is None and draft.stage is Stage.SUBMIT
    yield Reason(
        code=Code.QUIET_HOURS,
        clause="5.2",
        message=_waits(facts, opens),
        retry=True,
        outcome=Outcome.DENY if denied else Outcome.HOLD,
        until=opens,
    )


def _waits(facts: Facts, opens: datetime | None) -> str:
    if opens is None:
        quiet = facts.settings.quiet_hours
        missing = "bank holidays" if quiet.division and not facts.holidays.years else "dates of term"
        return f"there is no time on record at which it may arrive: the {missing} are missing"
    local = opens.astimezone(facts.settings.zone)
    return f"these are quiet hours; it may arrive from {local:%A} {local.day} {local:%B %Y, %H:%M} on"


def recipient_has_room(draft: Draft, facts: Facts, now: datetime) -> Iterator[Reason]:
    """5.2: so many texts a day to one number, and the same wording not again at once; unknown is too many."""
    if facts.recipient is None:
        return
    limits, recent = facts.settings.limits, facts.recipient.recent
    if recent is None:
        yield _limited("5.2", "it is not known how many texts this number got", field="to")
        return
    hours = windows(facts.settings, facts.holidays, draft.purpose, facts.template, facts.sender)
    at = leaves_at(hours, draft.not_before, now)
    room = room_at([each.at for each in recent], at, limits.recipient_a_day)
    if room > at:
        most = f"{limits.recipient_a_day} texts in 24 hours are the most"
        yield _limited("5.2", f"this number has had its texts of the day: {most}", room, "to")
    again = [e.at + limits.same_wording for e in recent if e.same and abs(e.at - at) < limits.same_wording]
    if again:
        minutes = f"{limits.same_wording_minutes} minutes"
        yield _limited("5.2", f"this number got the same wording within {minutes}", max(again), "to")


def sender_has_room(_draft: Draft, facts: Facts, _now: datetime) -> Iterator[Reason]:
    """3.2: a key, and a person by all of their keys, send so much and no more; unknown is too much."""
    if facts.sender is None:
        return
    if facts.sender.caps is None:
        yield _limited("3.2", "it is not known how much this key has sent")
        return
    for cap in facts.sender.caps:
        if cap.used >= cap.most:
            yield _limited("3.2", f"{cap.of} may send to {cap.most} recipients {cap.span}", cap.until)


def _limited(clause: str, message: str, until: datetime | None = None, field: str | None = None) -> Reason:
    return Reason(
        code=Code.RATE_LIMITED, clause=clause, message=message, retry=True, field=field, until=until
    )


RULES: Final = (
    Rule(hour_is_not_quiet, ("5.2",), (Code.QUIET_HOURS,), stages=_IN_TIME),
    Rule(recipient_has_room, ("5.2",), (Code.RATE_LIMITED,), stages=_ONCE),
    Rule(sender_has_room, ("3.2",), (Code.RATE_LIMITED,), stages=_ONCE),
)
