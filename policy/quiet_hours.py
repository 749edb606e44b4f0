"""When texts may arrive: windows of local time by the kind of day, and where the next one begins.

Windows are meant in the organisation's zone, so they move with summer time; instants are aware. A day whose
year is not among the bank holidays on record is closed: what is not known does not permit.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Annotated, Final, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, model_validator

_HORIZON: Final = 400  # days that are looked through for the next window
_DAY: Final = timedelta(days=1)
_SATURDAY, _SUNDAY = 5, 6
NONE: Final = "none"
_WINDOW: Final = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)")


def _window(written: str) -> str:
    if written == NONE:
        return written
    found = _WINDOW.fullmatch(written)
    begin, end = _minutes(written) if found else (0, 0)
    if not begin < end <= 24 * 60:
        raise ValueError('is a window of one day as "08:00-20:00" (24:00 at most), or "none"')
    return written


@cache
def _minutes(written: str) -> tuple[int, int]:
    """Return the minutes of the day at which a window begins and ends; the same for none."""
    if written == NONE:
        return 0, 0
    begin, _, end = written.partition("-")
    return int(begin[:2]) * 60 + int(begin[3:]), int(end[:2]) * 60 + int(end[3:])


Window = Annotated[str, AfterValidator(_window)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class Term(_Section):
    """One school term, both days included."""

    first: date
    last: date

    @model_validator(mode="after")
    def _in_order(self) -> Term:
        if self.first > self.last:
            raise ValueError("first is after last")
        return self


class QuietHours(_Section):
    """When texts may arrive; outside of it they wait (5.2)."""

    weekdays: Window = "08:00-20:00"
    saturdays: Window = "09:00-17:00"
    sundays: Window = NONE
    bank_holidays: Window = NONE
    division: Literal["", "ENG", "WLS", "SCT", "NIR", "GG", "JE", "IM"] = (
        "ENG"  # whose; "": they are no matter
    )
    closed: frozenset[date] = frozenset()  # days of our own on which nothing goes out
    terms: tuple[Term, ...] = ()
    term_only: frozenset[str] = frozenset()  # purposes that wait for term

    @model_validator(mode="after")
    def _terms_are_known(self) -> QuietHours:
        if self.term_only and not self.terms:
            raise ValueError("term_only: needs the dates of the terms ([[quiet_hours.terms]])")
        return self


@dataclass(frozen=True, slots=True)
class BankHolidays:
    """The bank holidays on record: which days, and for which years they are known."""

    days: Mapping[date, str]
    years: Set[int]


NOT_KNOWN: Final = BankHolidays({}, frozenset())


@dataclass(frozen=True, slots=True)
class Hours:
    """The windows as they are for one purpose."""

    quiet: QuietHours
    zone: ZoneInfo
    holidays: BankHolidays
    purpose: str = ""
    _spans: dict[date, tuple[datetime, datetime] | None] = field(
        default_factory=dict, compare=False, repr=False
    )

    def opening(self, at: datetime) -> datetime | None:
        """Return the first instant from `at` on at which a text may arrive: `at` itself in a window.

        None where no window is on record within 400 days.
        """
        found = self._next(at)
        return None if found is None else max(at, found[0])

    def end(self, at: datetime) -> datetime:
        """Return `at` if it lies in a window, else the end of the next one; `at` where there is none."""
        found = self._next(at)
        return at if found is None or found[0] <= at else found[1]

    def open_for(self, at: datetime, work: timedelta) -> datetime | None:
        """Return when `work` begun at `at` is done, where it goes on only in windows.

        None if that is not within 400 days.
        """
        last = at + _HORIZON * _DAY
        while (found := self._next(at)) and found[0] < last:
            begin, end = max(at, found[0]), found[1]
            if work <= end - begin:
                return begin + work
            work, at = work - (end - begin), end
        return None

    def _next(self, at: datetime) -> tuple[datetime, datetime] | None:
        """Return the window that `at` lies in, else the next one."""
        day = at.astimezone(self.zone).date()
        for _ in range(_HORIZON):
            span = self._span(day)
            if span is not None and at < span[1]:
                return span
            day += _DAY
        return None

    def _span(self, day: date) -> tuple[datetime, datetime] | None:
        """Return a day's window; each is worked out once."""
        if day not in self._spans:
            begin, end = (self._instant(day, minutes) for minutes in _minutes(self._written(day)))
            # An hour that the clocks leave out is no window.
            self._spans[day] = (begin, end) if begin < end else None
        return self._spans[day]

    def _instant(self, day: date, minutes: int) -> datetime:
        hours, rest = divmod(minutes, 60)
        if hours == 24:
            day, hours = day + _DAY, 0
        return datetime.combine(day, time(hours, rest), self.zone).astimezone(UTC)

    def _written(self, day: date) -> str:
        quiet = self.quiet
        if day in quiet.closed or not self._in_term(day):
            return NONE
        if quiet.division and (day.year not in self.holidays.years or day in self.holidays.days):
            return quiet.bank_holidays if day in self.holidays.days else NONE
        if day.weekday() in (_SATURDAY, _SUNDAY):
            return quiet.saturdays if day.weekday() == _SATURDAY else quiet.sundays
        return quiet.weekdays

    def _in_term(self, day: date) -> bool:
        quiet = self.quiet
        return self.purpose not in quiet.term_only or any(t.first <= day <= t.last for t in quiet.terms)
