"""How long the queue, and what would be added, takes: modems, caps of SIMs and quiet hours as they are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

from gateway.allowance import Allowance
from gateway.model import Clock, ModemPhase
from gateway.records import Forecast, Lane
from gateway.sender import Radio, Rate
from gateway.store import Database, outbox, quiet
from policy.quiet_hours import Hours

_LONGEST: Final = 400 * 24 * 3600.0  # seconds
_EXACT: Final = 0.01  # seconds


class Line(Protocol):
    """A modem with what is known of its speed."""

    @property
    def modem(self) -> Radio:
        """The modem."""

    @property
    def rate(self) -> Rate:
        """How quick it is."""

    @property
    def allowance(self) -> Allowance:
        """What its SIM may still send."""


@dataclass(frozen=True, slots=True)
class _Pace:
    """How many parts go through a modem: quickly while its SIM has some left, then as the caps let more."""

    wait: float  # seconds
    fast: float  # parts a second
    left: float  # parts
    slow: float  # parts a second

    @classmethod
    def of(cls, line: Line, now: datetime) -> _Pace | None:
        """Return it; None for a modem that is not ready or not measured."""
        seconds = line.rate.seconds
        if not seconds or line.modem.state.phase is not ModemPhase.READY:
            return None
        pause = line.allowance.pause(now)
        wait = (pause.until - now).total_seconds() if pause else 0.0
        return cls(wait, 1 / seconds, line.allowance.left(now), min(1 / seconds, line.allowance.steady))

    def parts(self, seconds: float) -> float:
        """Return how many parts go through in so long."""
        working = max(0.0, seconds - self.wait)
        quick = min(working, self.left / self.fast)
        return quick * self.fast + (working - quick) * self.slow


def drain(lines: Sequence[Line], parts: int, now: datetime) -> timedelta | None:
    """Return how long so many parts take in windows that are open; None without a modem that is measured."""
    paces = [pace for line in lines if (pace := _Pace.of(line, now)) is not None]
    if not paces:
        return None
    low, high = 0.0, 1.0
    while high < _LONGEST and sum(pace.parts(high) for pace in paces) < parts:
        low, high = high, high * 2
    while high - low > max(_EXACT, high * 1e-6):
        middle = (low + high) / 2
        enough = sum(pace.parts(middle) for pace in paces) >= parts
        low, high = (low, middle) if enough else (middle, high)
    return timedelta(seconds=high if parts else 0.0)


@dataclass(frozen=True, slots=True)
class Forecasts:
    """Counts the queue and measures the modems; what has not been measured is not guessed."""

    database: Database
    lines: Sequence[Line]
    hours: Callable[[], Hours]  # of what waits for no term
    clock: Clock

    async def forecast(self, parts: int) -> Forecast:
        """Say how long the queue and `parts` more take; None while no ready modem has a measured rate.

        What waits for a window is part of the queue.
        """
        queue = await self.database.read(lambda c: outbox.waiting(c) + quiet.waiting(c))
        now = self.clock()
        lanes = tuple(_lane(line, now) for line in self.lines)
        speed = sum(1 / lane.seconds_per_part for lane in lanes if lane.ready and lane.seconds_per_part)
        work = drain(self.lines, queue + parts, now)
        done_at = None if work is None else self.hours().open_for(now, work)
        seconds = None if done_at is None else (done_at - now).total_seconds()
        return Forecast(queue, parts, seconds, done_at, speed * 60 if speed else None, lanes)


def _lane(line: Line, now: datetime) -> Lane:
    ready = line.modem.state.phase is ModemPhase.READY
    pause = line.allowance.pause(now)
    return Lane(line.modem.name, ready, line.rate.seconds, pause.until if pause else None)
