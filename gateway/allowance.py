"""How much one SIM may send: what a network takes for abuse blocks the SIM, so its sender pauses before.

Counted are parts, as the network counts: in any hour, on any day, and in an hour to one number. Counts are
kept in memory and read once from the store, when a SIM is first seen.
"""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import inf
from typing import Final

from sqlalchemy import Connection

from gateway.store import limits
from gateway.store.outbox import Candidate

_MINUTE: Final = timedelta(minutes=1)
_HOUR: Final = timedelta(hours=1)
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class SimCaps:
    """The most parts; 0 is no cap."""

    per_hour: int = 0
    per_day: int = 0
    number_per_hour: int = 0  # to one number
    identical_per_hour: int = 0  # of one wording to one number


@dataclass(frozen=True, slots=True)
class Pause:
    """Why a SIM sends nothing, and when it goes on."""

    why: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Given:
    """The parts that a SIM was given within an hour and a day, and the most that it may be; 0 is no cap."""

    hour: int
    day: int
    per_hour: int
    per_day: int


@dataclass(slots=True)
class Allowance:
    """What one SIM has been given, minute by minute, and lately to each number."""

    caps: SimCaps
    sim: str | None = None
    _minutes: deque[tuple[datetime, int]] = field(default_factory=deque)  # the oldest first
    _total: int = 0  # of all these minutes
    _lately: deque[tuple[datetime, bytes, str | None]] = field(default_factory=deque)
    _to: Counter[tuple[bytes, str | None]] = field(default_factory=Counter)  # of what is in `_lately`

    def follow(self, connection: Connection, sim: str | None, now: datetime) -> None:
        """Count for `sim` from now on; what it was given before is read from the store."""
        if sim == self.sim:
            return
        minutes = limits.given(connection, sim, now - _DAY) if sim else ()
        self._minutes, self._total = deque(minutes), sum(count for _, count in minutes)
        self._lately, self._to = deque(), Counter()
        lately = limits.given_lately(connection, sim, now - _HOUR) if sim and self._by_number else ()
        for at, number, wording in lately:
            self._add(at, number, wording)
        self.sim = sim

    @property
    def _by_number(self) -> bool:
        return bool(self.caps.number_per_hour or self.caps.identical_per_hour)

    def pause(self, now: datetime) -> Pause | None:
        """Return why nothing may go through this SIM now; None where something may."""
        spans = ((_HOUR, self.caps.per_hour, "an hour"), (_DAY, self.caps.per_day, "a day"))
        reached = [(span, most, words) for span, most, words in spans if 0 < most <= self._total]
        pauses = (_pause(self._minutes, *each, now) for each in reached)
        return max((p for p in pauses if p is not None), key=lambda p: p.until, default=None)

    def left(self, now: datetime) -> float:
        """Return how many parts may go through this SIM before it pauses; infinite without a cap."""
        spans = ((_HOUR, self.caps.per_hour), (_DAY, self.caps.per_day))
        return min((max(0, most - self._within(span, now)) for span, most in spans if most), default=inf)

    @property
    def steady(self) -> float:
        """The parts in a second that the caps let through in the long run; infinite without a cap."""
        spans = ((_HOUR, self.caps.per_hour), (_DAY, self.caps.per_day))
        return min((most / span.total_seconds() for span, most in spans if most), default=inf)

    def given(self, now: datetime) -> Given | None:
        """Return what this SIM was given, as the caps count it; None before one was seen."""
        if self.sim is None and not self._minutes:
            return None
        hour, day = self._within(_HOUR, now), self._within(_DAY, now)
        return Given(hour, day, self.caps.per_hour, self.caps.per_day)

    def _within(self, span: timedelta, now: datetime) -> int:
        return sum(count for minute, count in self._minutes if minute + _MINUTE + span > now)

    def later(self, candidate: Candidate, now: datetime) -> datetime | None:
        """Return when a message may go to its number through this SIM; None for now.

        A message of which parts have left is finished.
        """
        if not self._by_number or candidate.number > 1:
            return None
        waits = (
            self._wait(candidate.number_index, None, self.caps.number_per_hour, now),
            self._wait(candidate.number_index, candidate.wording, self.caps.identical_per_hour, now),
        )
        return max((at for at in waits if at is not None), default=None)

    def _wait(self, number: bytes, wording: str | None, most: int, now: datetime) -> datetime | None:
        """Return when one more fits; `wording` None counts all to the number."""
        if not most or self._to[number, wording] < most:
            return None
        times = [at for at, to, said in self._lately if to == number and wording in (None, said)]
        times = [at + _HOUR for at in times if at + _HOUR > now]
        return times[-most] if len(times) >= most else None

    def note(self, candidate: Candidate, now: datetime) -> None:
        """Count a part that is given to the SIM."""
        minute = now.replace(second=0, microsecond=0)
        before = self._minutes.pop()[1] if self._minutes and self._minutes[-1][0] == minute else 0
        self._minutes.append((minute, before + 1))
        self._total += 1
        while self._minutes[0][0] < now - _DAY - _MINUTE:
            self._total -= self._minutes.popleft()[1]
        if self._by_number:
            self._add(now, candidate.number_index, candidate.wording)
            while self._lately[0][0] <= now - _HOUR:
                self._remove(self._lately.popleft())

    def take_back(self, candidate: Candidate) -> None:
        """Count a part no more: it did not leave."""
        if self._minutes and self._minutes[-1][1]:
            minute, count = self._minutes.pop()
            self._minutes.append((minute, count - 1))
            self._total -= 1
        if self._by_number:
            mine = (candidate.number_index, candidate.wording)
            last = next((each for each in reversed(self._lately) if each[1:] == mine), None)
            if last is not None:
                self._lately.remove(last)
                self._remove(last)

    def _add(self, at: datetime, number: bytes, wording: str | None) -> None:
        self._lately.append((at, number, wording))
        self._to.update({(number, None), (number, wording)})

    def _remove(self, past: tuple[datetime, bytes, str | None]) -> None:
        _, number, wording = past
        for key in {(number, None), (number, wording)}:
            self._to[key] -= 1
            if not self._to[key]:
                del self._to[key]


def _pause(
    minutes: deque[tuple[datetime, int]], span: timedelta, most: int, words: str, now: datetime
) -> Pause | None:
    """Return the pause that a cap brings: a minute counts until it is over and `span` has passed."""
    counted = 0
    for minute, count in reversed(minutes):
        until, counted = minute + _MINUTE + span, counted + count
        if until <= now:
            return None
        if counted >= most:
            return Pause(f"this SIM has sent its {most} parts {words}", until)
    return None
