"""Working hours: a reply that may be an opt-out is to be read within one of them (6.2)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

READ_WITHIN: Final = timedelta(hours=1)  # of working time
_DAY: Final = (8, 18)  # o'clock, Monday to Friday


def worked(since: datetime, now: datetime, zone: ZoneInfo) -> timedelta:
    """Return how much of the time from `since` to `now` lies in working hours; both are aware.

    It is not counted further than a little beyond `READ_WITHIN`.
    """
    begin, end = _DAY
    total, day = timedelta(0), since.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    while day <= now and total <= READ_WITHIN:
        if day.weekday() < 5:
            opens, closes = max(since, day.replace(hour=begin)), min(now, day.replace(hour=end))
            total += max(timedelta(0), closes - opens)
        day += timedelta(days=1)
    return total


def is_late(since: datetime, now: datetime, zone: ZoneInfo) -> bool:
    """Say whether a reply has waited for longer than one working hour."""
    return worked(since, now, zone) > READ_WITHIN
