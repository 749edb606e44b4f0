"""How much a key, and the person behind it, may still send: the counts against their caps (3.2)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
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
class Span:
    """One cap of a key or a person, and the minute or day that it is counted in."""

    holder: str
    span: str
    since: datetime
    until: datetime
    most: int
    of: str
    words: str


def spans(
    connection: Connection, caller: Caller, settings: PolicySettings, now: datetime
) -> tuple[Span, ...]:
    """Return what caps there are for a caller."""
    found = people.authority(connection, caller.key_id)
    return () if found is None else tuple(_of(caller, found[0], settings, now))


def caps(connection: Connection, caller: Caller, there_are: Sequence[Span]) -> tuple[Cap, ...]:
    """Return each cap with what is used of it."""
    counted = {
        (use.holder, use.span, use.since): use.used
        for use in limits.used(connection, caller.key_id, caller.person_id)
    }
    return tuple(
        Cap(each.of, each.words, each.most, counted.get((each.holder, each.span, each.since), 0), each.until)
        for each in there_are
    )


def spend(connection: Connection, there_are: Sequence[Span], recipients: int) -> None:
    """Count recipients that were accepted, in the transaction that accepts them."""
    if recipients:
        limits.spend(connection, [Use(each.holder, each.span, each.since, recipients) for each in there_are])


def _of(caller: Caller, key: Row, settings: PolicySettings, now: datetime) -> Iterator[Span]:
    begin, end = _local_day(settings.zone, now.astimezone(settings.zone).date())
    if key["per_minute"] is not None:
        minute = now.replace(second=0, microsecond=0)
        until = minute + _MINUTE
        yield Span(caller.key_id, "minute", minute, until, key["per_minute"], "this key", "a minute")
    if key["daily"] is not None:
        yield Span(caller.key_id, "day", begin, end, key["daily"], "this key", "a day")
    if caller.key_kind is not KeyKind.TEST:  # whose messages reach nobody
        most = settings.limits.person_a_day
        yield Span(caller.person_id, "day", begin, end, most, "this person", "a day, by all keys together")


@lru_cache(maxsize=8)
def _local_day(zone: ZoneInfo, day: date) -> tuple[datetime, datetime]:
    """Return the midnights around a day, by the clock on the wall."""
    begin, end = (datetime.combine(d, time(), zone).astimezone(UTC) for d in (day, day + _DAY))
    return begin, end
