"""When and how much: the hours in which texts may arrive, and how many (clauses 3.2 and 5.2)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from policy.facts import Draft, Facts, Stage
from policy.limits import room_at
from policy.rules.rule import Rule
from policy.verdict import Code, Outcome, Reason

_ONCE: Final = frozenset({Stage.SUBMIT})  # counted in the transaction that accepts; it counts itself later


def hour_is_not_quiet(draft: Draft, facts: Facts, now: datetime) -> Iterator[Reason]:
    """5.2: nothing arrives in quiet hours, unless its template was approved as urgent; until then it waits.

    A message of which parts have left is finished, and what a test key sends reaches nobody. Where no window
    is on record nothing new is accepted.
    """
    at = max(now, draft.not_before or now)
    opens = _opening(draft, facts, at)
    if opens == at or draft.begun:
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


def _opening(draft: Draft, facts: Facts, at: datetime) -> datetime | None:
    urgent = facts.template is not None and facts.template.urgent
    if urgent or (facts.sender is not None and facts.sender.key_kind == "test"):
        return at
    return facts.settings.hours(facts.holidays, draft.purpose).opening(at)


def _waits(facts: Facts, opens: datetime | None) -> str:
    if opens is None:
        quiet = facts.settings.quiet_hours
        missing = "bank holidays" if quiet.division and not facts.holidays.years else "dates of term"
        return f"there is no time on record at which it may arrive: the {missing} are missing"
    local = opens.astimezone(facts.settings.zone)
    return f"these are quiet hours; it may arrive from {local:%A} {local.day} {local:%B %Y, %H:%M} on"


def recipient_has_room(draft: Draft, facts: Facts, now: datetime) -> Iterator[Reason]:
    """5.2: so many texts a day to one number, and the same wording not again at once; unknown is too many."""
    limits = facts.settings.limits
    recent = facts.recipient.recent if facts.recipient else None
    if recent is None:
        yield _limited("5.2", "it is not known how many texts this number got", field="to")
        return
    at = max(now, draft.not_before or now)
    at = _opening(draft, facts, at) or at
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
    Rule(hour_is_not_quiet, ("5.2",), (Code.QUIET_HOURS,)),
    Rule(recipient_has_room, ("5.2",), (Code.RATE_LIMITED,), stages=_ONCE),
    Rule(sender_has_room, ("3.2",), (Code.RATE_LIMITED,), stages=_ONCE),
)
