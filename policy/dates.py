"""Dates and times as people write them in a text (5.1): what is meant, and what cannot be."""

from __future__ import annotations

import re
from calendar import isleap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import Final

_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_JUST_NOW: Final = timedelta(days=14)  # a date without a year that passed so lately is meant as past
_RECENT: Final = timedelta(days=64)  # likewise where its weekday says so
MONTH: Final = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?"
    r"|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
_WEEKDAY: Final = r"(?P<weekday>(?:mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:day)?)"
_IN_WORDS: Final = re.compile(
    rf"(?<![\w/.])(?:{_WEEKDAY}\.?,? (?:the )?)?(?:(?P<day>[0-9]{{1,2}})(?:st|nd|rd|th)?(?: of)?"
    rf" (?P<month>{MONTH})\b\.?|(?P<month2>{MONTH}) (?P<day2>[0-9]{{1,2}})(?:st|nd|rd|th)?\b(?![:.][0-9]))"
    r"(?:,? (?P<year>20[0-9]{2})\b)?",
    re.IGNORECASE,
)
_IN_NUMBERS: Final = re.compile(
    rf"(?<![\w/.])(?:{_WEEKDAY}\.?,? )?(?P<day>[0-9]{{1,2}})(?P<dash>[/.\-])(?P<month>[0-9]{{1,2}})(?P=dash)"
    r"(?P<year>20[0-9]{2}|[0-9]{2})(?![\w/])"
    r"|(?<![\w/.\-])(?P<iso>20[0-9]{2}-[0-9]{2}-[0-9]{2})(?![\w\-])",
    re.IGNORECASE,
)
_TIME: Final = r"([0-9]{1,2})(?:[:.]([0-9]{2}))? ?([ap])?\.?(?:m\b\.?)?"
_TIMES: Final = re.compile(
    rf"(?<![\w:.£/])(?:\b(moved?s?|changed?s?|brought|put|now)\b[^.\n]{{0,30}}from )?{_TIME}"
    rf" ?(?:-|to|until|till) ?{_TIME}(?![\w:/])",
    re.IGNORECASE,
)
# Quick to look for, and without them there is no date, no span.
_MONTH_NAMED: Final = re.compile(rf"\b{MONTH}\b", re.IGNORECASE)
_DATE_LIKE: Final = re.compile(r"[0-9][/.\-][0-9]")
_SPAN_LIKE: Final = re.compile(r"(?:-|to|until|till) ?[0-9]", re.IGNORECASE)
_LOOKING_BACK: Final = re.compile(
    r"\b(?:thanks?|was|were|held|took|raised|came|since|dated|visited|attended|won|last)\b", re.IGNORECASE
)
_SENTENCE: Final = re.compile(r"[.!?\n](?:\s|$)")


@dataclass(frozen=True, slots=True)
class _Time:
    """A time of day as written."""

    hour: str
    minute: str | None
    half: str | None  # a or p

    @property
    def of_24_hours(self) -> bool:
        """A bare "9:30" may be of the evening; "09:30" and "19:30" may not."""
        return self.minute is not None and len(self.hour) == 2

    @property
    def value(self) -> time:
        """Raise `ValueError` where there is no such time."""
        hour = int(self.hour)
        if self.half is not None:
            hour = hour % 12 + (12 if self.half in "pP" else 0)
        return time(hour, int(self.minute or 0))


def date_faults(text: str, today: date) -> Iterator[tuple[str, str]]:
    """Yield each date that cannot be meant: what is wrong, and the words."""
    for hint, pattern in ((_MONTH_NAMED, _IN_WORDS), (_DATE_LIKE, _IN_NUMBERS)):
        for found in pattern.finditer(text) if hint.search(text) else ():
            fault = _fault(found.groupdict(), today, _sentence_of(text, found.start()))
            if fault is not None:
                yield fault, found[0]


def reversed_times(text: str) -> Iterator[str]:
    """Yield the words of each pair of times of one day that stand in the wrong order."""
    for found in _TIMES.finditer(text) if _SPAN_LIKE.search(text) else ():
        first, last = _Time(*found.group(2, 3, 4)), _Time(*found.group(5, 6, 7))
        alike = (first.half is None) == (last.half is None)
        if found[1] or not alike or (first.half is None and not (first.of_24_hours and last.of_24_hours)):
            continue  # "9 to 3pm" and "9:30 to 3:30" are in order, "moved from 5pm to 4pm" is no span
        try:
            if first.value >= last.value:
                yield found[0]
        except ValueError:
            continue  # no times: "10.75 to 12.80"


def _sentence_of(text: str, at: int) -> str:
    ends = [found.end() for found in _SENTENCE.finditer(text)]
    start = max((end for end in ends if end <= at), default=0)
    return text[start : min((end for end in ends if end > at), default=len(text))]


def _fault(parts: Mapping[str, str | None], today: date, sentence: str) -> str | None:
    weekday = parts["weekday"]
    wanted = None if weekday is None else _DAYS.index(weekday[:3].lower())
    try:
        day = _day_meant(parts, today, wanted)
    except ValueError:
        return "a date that is not in the calendar"
    if wanted is not None and day.weekday() != wanted:
        return "a weekday that does not match its date"
    if day < today and not _LOOKING_BACK.search(sentence):
        return "a date that is past"
    return None


def _day_meant(parts: Mapping[str, str | None], today: date, weekday: int | None) -> date:
    """Return the day. Without a year it is the next such day, unless the last one is more likely meant."""
    if parts.get("iso"):
        return date.fromisoformat(str(parts["iso"]))
    named = parts.get("month2") or str(parts["month"])
    month = int(named) if named.isdigit() else _MONTHS.index(named[:3].lower()) + 1
    number = int(parts.get("day2") or str(parts["day"]))
    if year := parts["year"]:
        return date(int(year) % 100 + 2000, month, number)
    around = list(_around(today, month, number))
    coming = next(day for day in around if day >= today)
    gone = next(day for day in reversed(around) if day < today)
    if weekday is None:
        return gone if today - gone <= _JUST_NOW else coming
    return gone if coming.weekday() != weekday == gone.weekday() and today - gone <= _RECENT else coming


def _around(today: date, month: int, number: int) -> Iterator[date]:
    """Yield such days of the years about; of 29 February there are fewer. Raises `ValueError` for none."""
    leap = (month, number) == (2, 29)
    for year in range(today.year - 8, today.year + 9) if leap else range(today.year - 1, today.year + 2):
        if not leap or isleap(year):
            yield date(year, month, number)
