"""Whether the gateway can do its job now, and if not, what is wrong in plain words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol
from zoneinfo import ZoneInfo

from gateway.allowance import Given, Pause
from gateway.descriptors import scarce
from gateway.measures import Spread, Use, suppression
from gateway.model import Clock, ModemPhase, ModemState, Status
from gateway.records import Readiness
from gateway.sender import Radio
from gateway.store import Database, StoreUnavailable, messages, outbox
from gateway.store.alerts import Ages, ages
from gateway.switch import Switch
from gateway.working_time import is_late


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
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("Europe/London"))
    notes: tuple[Callable[[], str], ...] = ()  # each says what people should know of, or nothing
    pauses: Callable[[], Mapping[str, Pause]] = dict  # of the SIMs that have reached a cap
    given: Callable[[], Mapping[str, Given]] = dict  # to the SIMs, of late
    suppression: Spread = field(default_factory=suppression)  # the one that `Inbound` fills

    async def ready(self) -> Readiness:
        """Ready = the store writes, a modem works, callers can connect, sending is not suspended."""
        reasons = []
        try:
            await self.database.write(lambda c: outbox.beat(c, self.clock()))
        except StoreUnavailable as exc:
            reasons.append(str(exc))
        if not any(state.phase is ModemPhase.READY for state in self.modems()):
            reasons.append("no modem is registered")
            reasons.extend(f"{state.name}: {state.detail or state.phase.value}" for state in self.modems())
        else:
            ready = [state for state in self.modems() if state.phase is ModemPhase.READY]
            if all(state.self_test_error for state in ready):  # what works by its own word only
                reasons += [f"{each.name}: its self-test failed: {each.self_test_error}" for each in ready]
        reasons += filter(None, (self.switch.sentence(), scarce()))
        return Readiness(ready=not reasons, reasons=tuple(reasons), notices=await self._notices())

    async def _notices(self) -> tuple[str, ...]:
        """Return what does not keep the gateway from working, and waits for people."""
        return tuple(filter(None, (await self._waiting_replies(), *(note() for note in self.notes))))

    async def _waiting_replies(self) -> str:
        try:
            since = (await self.ages()).hold
        except StoreUnavailable:
            return ""
        if since is None:
            return ""
        late = is_late(since, self.clock(), self.zone)
        target = "past its working hour" if late else "to be read within one working hour"
        return f"replies wait for a person, the oldest {target}: schoolgate opt-out holds"

    def modems(self) -> tuple[ModemState, ...]:
        """Return a snapshot of every modem."""
        pauses, given = self.pauses(), self.given()
        return tuple(
            _counted(radio.state, pauses.get(radio.name), given.get(radio.name)) for radio in self.radios
        )

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


def _counted(state: ModemState, pause: Pause | None, given: Given | None) -> ModemState:
    """Return a state with what was counted of its SIM."""
    if given is not None:
        state = replace(
            state,
            sent_hour=given.hour,
            sent_day=given.day,
            cap_hour=given.per_hour or None,
            cap_day=given.per_day or None,
        )
    return state if pause is None else replace(state, paused=pause.why, paused_until=pause.until)
