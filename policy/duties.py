"""By when something must be answered (1.2): UK GDPR, articles 12(3) and 33(1), and the policy's own days."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Final

from policy.settings import PolicySettings

_BREACH: Final = timedelta(hours=72)
_DAY: Final = timedelta(days=1)


class Duty(StrEnum):
    """What has a clock."""

    ACCESS = "access"  # a person asks for their data, or for its erasure: one month
    COMPLAINT = "complaint"
    BREACH = "breach"  # of personal data: 72 hours, nights and Sundays included


def due(kind: Duty, known_at: datetime, settings: PolicySettings) -> datetime:
    """Return when the time ends that began at `known_at` (aware), in the organisation's zone.

    A month ends with the day of the same number, or with the last one of a shorter month; what is counted in
    days ends at midnight after the last of them.
    """
    local = known_at.astimezone(settings.zone)
    if kind is Duty.BREACH:
        return (known_at + _BREACH).astimezone(settings.zone)
    if kind is Duty.ACCESS:
        last = _a_month_after(local.date())
    else:
        last = local.date() + settings.incidents.complaint_days * _DAY
    return datetime.combine(last + _DAY, time(), settings.zone)


def _a_month_after(day: date) -> date:
    year, month = (day.year, day.month + 1) if day.month < 12 else (day.year + 1, 1)
    return date(year, month, min(day.day, monthrange(year, month)[1]))
