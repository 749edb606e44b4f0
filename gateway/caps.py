"""How much a key, and the person behind it, may still send: the counts against their caps (3.2)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from gateway.records import Caller, KeyKind
from gateway.store import limits, people
from gateway.store.limits import Use
from gateway.store.prepared import Row
from policy import PolicySettings
from policy.limits import Cap

_MINUTE = timedelta(minutes=1)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class _Span:
    """One cap, and the minute or day that it is counted in."""

    holder: str
    span: str
    since: datetime
    until: datetime
    most: int
    of: str
    words: str


def caps(connection: Connection, caller: Caller, settings: PolicySettings, now: datetime) -> tuple[Cap, ...]:
    """Return what caps there are for a caller, each with what is used of it."""
    spans = _spans(connection, caller, settings, now)
    counted = {
        (use.holder, use.span, use.since): use.used
        for use in limits.used(connection, caller.key_id, caller.person_id)
    }
    return tuple(
        Cap(each.of, each.words, each.most, counted.get((each.holder, each.span, each.since), 0), each.until)
        for each in spans
    )


def spend(
    connection: Connection, caller: Caller, settings: PolicySettings, recipients: int, now: datetime
) -> None:
    """Count recipients that were accepted, in the transaction that accepts them."""
    spans = _spans(connection, caller, settings, now) if recipients else ()
    limits.spend(connection, [Use(each.holder, each.span, each.since, recipients) for each in spans])


def _spans(
    connection: Connection, caller: Caller, settings: PolicySettings, now: datetime
) -> tuple[_Span, ...]:
    found = people.authority(connection, caller.key_id)
    return () if found is None else tuple(_of(caller, found[0], settings, now))


def _of(caller: Caller, key: Row, settings: PolicySettings, now: datetime) -> Iterator[_Span]:
    begin, end = _local_day(settings.zone, now)
    minute = now.replace(second=0, microsecond=0)
    if key["per_minute"] is not None:
        until = minute + _MINUTE
        yield _Span(caller.key_id, "minute", minute, until, key["per_minute"], "this key", "a minute")
    if key["daily"] is not None:
        yield _Span(caller.key_id, "day", begin, end, key["daily"], "this key", "a day")
    if caller.key_kind is not KeyKind.TEST:  # whose messages reach nobody
        most = settings.limits.person_a_day
        yield _Span(caller.person_id, "day", begin, end, most, "this person", "a day, by all keys together")


def _local_day(zone: ZoneInfo, now: datetime) -> tuple[datetime, datetime]:
    """Return the midnights around `now`, by the clock on the wall."""
    day = now.astimezone(zone).date()
    begin, end = (datetime.combine(d, time(), zone).astimezone(UTC) for d in (day, day + _DAY))
    return begin, end
