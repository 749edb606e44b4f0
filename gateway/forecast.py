"""How long the queue, and what would be added to it, will take on the modems as they are now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from gateway.model import Clock, ModemPhase
from gateway.records import Forecast, Lane
from gateway.sender import Radio, Rate
from gateway.store import Database, outbox


@dataclass(frozen=True, slots=True)
class Forecasts:
    """Counts the queue and measures the modems; what has not been measured is not guessed."""

    database: Database
    lanes: Sequence[tuple[Radio, Rate]]
    clock: Clock

    async def forecast(self, parts: int) -> Forecast:
        """Say how long the queue and `parts` more take; None while no ready modem has a measured rate."""
        queue = await self.database.read(outbox.waiting)
        lanes = tuple(
            Lane(radio.name, radio.state.phase is ModemPhase.READY, rate.seconds)
            for radio, rate in self.lanes
        )
        speed = sum(1 / lane.seconds_per_part for lane in lanes if lane.ready and lane.seconds_per_part)
        seconds = (queue + parts) / speed if speed else None
        now = self.clock()
        done_at = None if seconds is None else now + timedelta(seconds=seconds)
        return Forecast(queue, parts, seconds, done_at, speed * 60 if speed else None, lanes)
