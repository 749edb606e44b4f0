"""Typed slots: the only parts of a message that a sender chooses (clauses 2.2, 3.3, 5.1).

No type takes arbitrary text. A value is a date, a time, a code with a known prefix, an address on a known
host, or one of a list that was approved with the template or stands in the organisation's settings.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from policy.settings import PolicySettings


class SlotError(Exception):
    """The value does not fit; the sentence says what is allowed, and never repeats the value."""

    def __init__(self, sentence: str, clause: str = "3.3") -> None:
        super().__init__(sentence)
        self.clause = clause


@dataclass(frozen=True, slots=True)
class Filled:
    """A value as it stands in the text, and what it means, for comparing it with other slots."""

    shown: str
    meaning: date | time | str


@dataclass(frozen=True, slots=True)
class _Ask:
    """One value to be judged, and everything it is judged by."""

    value: str
    kind: str
    spec: Mapping[str, Any]
    settings: PolicySettings
    today: date

    @property
    def listed(self) -> Sequence[str]:
        """What is allowed: the template's own list, else the organisation's."""
        choices: Sequence[str] = self.spec.get("choices") or self.settings.lists.get(self.kind, ())
        return choices


_MONTHS: Final = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
_DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_ISO_DATE: Final = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_LONG_DATE: Final = re.compile(
    r"(?:([a-z]{3,9}),? )?([0-9]{1,2})(?:st|nd|rd|th)? ([a-z]{3,9})(?: ([0-9]{4}))?", re.IGNORECASE | re.ASCII
)
_TIME_24: Final = re.compile(r"([0-9]{2}):([0-9]{2})")
_TIME_12: Final = re.compile(r"([0-9]{1,2})(?:[:.]([0-9]{2}))? ?([ap])\.?m\.?", re.IGNORECASE | re.ASCII)
_GROUP: Final = re.compile(r"Year (?:[1-9]|1[0-3])[A-Z]?|Reception|Nursery")
_REFERENCE: Final = re.compile(r"([A-Z]{1,6})[-/]?[0-9]{1,8}")
_MONEY: Final = re.compile(r"£[0-9]{1,4}(?:\.[0-9]{2})?")
_URL: Final = re.compile(r"https://([a-z0-9.-]{1,60})(/[A-Za-z0-9/_.-]{0,40})?")
_FAR: Final = 300  # days; a date without a year is the next such day within that


def _date(ask: _Ask) -> Filled:
    """Take an ISO date or "Friday 4 December"; not past, and with the right weekday."""
    day = _iso_date(ask.value) or _long_date(ask.value, ask.today)
    if day < ask.today:
        raise SlotError("the date is past", "5.1")
    if ask.spec.get("style") == "numeric":
        return Filled(f"{day:%d/%m/%Y}", day)
    year = "" if 0 <= (day - ask.today).days <= _FAR else f" {day.year}"
    return Filled(f"{_DAYS[day.weekday()]} {day.day} {_MONTHS[day.month - 1]}{year}", day)


def _iso_date(value: str) -> date | None:
    found = _ISO_DATE.fullmatch(value)
    return None if found is None else _real(int(found[1]), int(found[2]), int(found[3]))


def _long_date(value: str, today: date) -> date:
    found = _LONG_DATE.fullmatch(value)
    month = _named(_MONTHS, found[3]) if found else None
    if found is None or month is None:
        raise SlotError('a date is written as 2026-12-04 or "Friday 4 December 2026"')
    written = (month + 1, int(found[2]))
    day = _real(int(found[4]) if found[4] else _year_meant(written, today), *written)
    if found[1] and _named(_DAYS, found[1]) != day.weekday():
        raise SlotError("the weekday does not match the date", "5.1")
    return day


def _year_meant(written: tuple[int, int], today: date) -> int:
    """Return the year of the next such month and day; a day of the last months is meant as past."""
    earliest = today + timedelta(days=_FAR - 364)
    return earliest.year + (written < (earliest.month, earliest.day))


def _named(names: Sequence[str], written: str) -> int | None:
    """Return which of `names` is meant: in full, or its first three letters or more."""
    return next((i for i, name in enumerate(names) if name.casefold().startswith(written.casefold())), None)


def _real(year: int, month: int, day: int) -> date:
    try:
        return date(year, month, day)
    except ValueError:
        raise SlotError("there is no such day in the calendar", "5.1") from None


def _time(ask: _Ask) -> Filled:
    """Take 15:30 (24 hours) or 3:30pm; show it as people say it."""
    if found := _TIME_24.fullmatch(ask.value):
        hour, minute = int(found[1]), int(found[2])
    elif (found := _TIME_12.fullmatch(ask.value)) and 1 <= int(found[1]) <= 12:
        hour = int(found[1]) % 12 + (12 if found[3] in "pP" else 0)
        minute = int(found[2] or 0)
    else:
        raise SlotError("a time is written as 15:30 or 3:30pm")
    if hour > 23 or minute > 59:
        raise SlotError("there is no such time of day", "5.1")
    minutes = f":{minute:02}" if minute else ""
    return Filled(f"{(hour - 1) % 12 + 1}{minutes}{'am' if hour < 12 else 'pm'}", time(hour, minute))


def _listed(ask: _Ask) -> Filled:
    """Take one of an approved list, written as it is there."""
    if ask.value not in ask.listed:
        allowed = "; ".join(ask.listed[:12]) or "nothing yet: approve a list first"
        raise SlotError(f"allowed: {allowed}{' …' if len(ask.listed) > 12 else ''}")
    return Filled(ask.value, ask.value)


def _group(ask: _Ask) -> Filled:
    """Take one of the template's own list; without one, a year group or class, or one of the list."""
    if not ask.spec.get("choices") and _GROUP.fullmatch(ask.value):
        return Filled(ask.value, ask.value)
    return _listed(ask)


def _reference(ask: _Ask) -> Filled:
    """Take a known prefix and up to eight digits: too few for a telephone, NHS or card number."""
    found = _REFERENCE.fullmatch(ask.value)
    if found is None or found[1] not in ask.listed:
        prefixes = ", ".join(ask.listed) or "none is configured"
        raise SlotError(f"a reference is a known prefix and up to 8 digits; prefixes: {prefixes}")
    return Filled(ask.value, ask.value)


def _money(ask: _Ask) -> Filled:
    """Take an amount of the approved tariff, never one person's."""
    if not _MONEY.fullmatch(ask.value):
        raise SlotError("an amount is written as £12 or £12.50")
    return _listed(ask)


def _url(ask: _Ask) -> Filled:
    """Take the front page of an approved host, or a listed address on one: a path could say anything."""
    found = _URL.fullmatch(ask.value)
    if found is None or found[1] not in ask.settings.url_hosts:
        hosts = ", ".join(sorted(ask.settings.url_hosts)) or "none is configured"
        raise SlotError(
            f"an address starts with https:// and an approved host, without ? or #; hosts: {hosts}"
        )
    return _listed(ask) if (found[2] or "/") != "/" else Filled(ask.value, ask.value)


@dataclass(frozen=True, slots=True)
class SlotType:
    """A type: how a value is judged, and whether the template must bring a list of its own."""

    fill: Callable[[_Ask], Filled]
    needs_choices: bool = False
    options: frozenset[str] = frozenset({"choices"})


TYPES: Final[Mapping[str, SlotType]] = {
    "date": SlotType(_date, options=frozenset({"style", "after"})),
    "time": SlotType(_time, options=frozenset({"after"})),
    "group": SlotType(_group),
    "event": SlotType(_listed),
    "place": SlotType(_listed),
    "staff_name": SlotType(_listed),
    "organisation_phone": SlotType(_listed),
    "reference": SlotType(_reference),
    "money": SlotType(_money),
    "reason": SlotType(_listed),
    "route": SlotType(_listed),
    "url": SlotType(_url),
    "choice": SlotType(_listed, needs_choices=True),
}


def fill(value: str, spec: Mapping[str, Any], settings: PolicySettings, now: datetime) -> Filled:
    """Judge one value by its slot's approved specification; raise `SlotError`."""
    kind = str(spec.get("type"))
    if kind not in TYPES:
        raise SlotError(f"the template gives it no known type; types: {', '.join(TYPES)}")
    today = now.astimezone(settings.zone).date()
    return TYPES[kind].fill(_Ask(value.strip(" "), kind, spec, settings, today))


_SAMPLES: Final[Mapping[str, str]] = {
    "date": "Friday",
    "time": "3pm",
    "money": "£5",
    "staff_name": "Mrs Green",
}


def sample_of(spec: Mapping[str, Any]) -> str:
    """Return what a slot might hold, for judging the words around it."""
    choices = spec.get("choices")
    if isinstance(choices, list | tuple) and choices:
        return str(choices[0])
    return _SAMPLES.get(str(spec.get("type")), "the hall")
