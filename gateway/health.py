"""Whether the gateway can do its job now, and if not, what is wrong in plain words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from gateway.measures import Spread, Use, suppression
from gateway.model import Clock, ModemPhase, ModemState, Status
from gateway.records import Readiness
from gateway.sender import Radio
from gateway.store import Database, StoreUnavailable, messages, outbox
from gateway.store.alerts import Ages, ages
from gateway.switch import Switch


class Measured(Radio, Protocol):
    """A modem that counts what it was used for."""

    use: Use


@dataclass(slots=True)
class Health:
    """Asks the store and the modems; caches nothing."""

    database: Database
    radios: Sequence[Measured]
    clock: Clock
    switch: Switch = field(default_factory=Switch)
    suppression: Spread = field(default_factory=suppression)  # the one that `Inbound` fills

    async def ready(self) -> Readiness:
        """Ready = the store writes, a modem is registered, and nobody has suspended sending."""
        reasons = []
        try:
            await self.database.write(lambda c: outbox.beat(c, self.clock()))
        except StoreUnavailable as exc:
            reasons.append(str(exc))
        if not any(state.phase is ModemPhase.READY for state in self.modems()):
            reasons.append("no modem is registered")
            reasons.extend(f"{state.name}: {state.detail or state.phase.value}" for state in self.modems())
        if suspended := self.switch.sentence():
            reasons.append(suspended)
        return Readiness(ready=not reasons, reasons=tuple(reasons))

    def modems(self) -> tuple[ModemState, ...]:
        """Return a snapshot of every modem."""
        return tuple(radio.state for radio in self.radios)

    def uses(self) -> Mapping[str, Use]:
        """Return what each modem was used for since the start."""
        return {radio.name: radio.use for radio in self.radios}

    async def ages(self) -> Ages:
        """Return since when the oldest of what waits has waited."""
        return await self.database.read(lambda c: ages(c, self.clock()))

    async def queue(self) -> int:
        """Return how many parts wait to be sent."""
        return await self.database.read(outbox.waiting)

    async def messages(self) -> Mapping[Status, int]:
        """Return how many messages whose life has not ended are in each status."""
        return await self.database.read(messages.open_counts)
