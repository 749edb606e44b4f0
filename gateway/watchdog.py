"""Tell systemd how we are, and only the truth: it hears that we live while everything that must move does.

Three things must move: the event loop (which runs this), the store (which writes a heartbeat) and the
supervisor of each modem. A store that refuses moves, and so does a modem that is away: a restart would
not help them. What hangs is named in the status and in the log, and the watchdog goes hungry.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

import structlog
from sqlalchemy import Connection

from gateway.descriptors import scarce
from gateway.model import Clock, ModemPhase, ModemState
from gateway.notify import notify
from gateway.store import Database, StoreUnavailable, outbox
from gateway.switch import Switch

log = structlog.get_logger()

_EVERY: Final = 5.0  # seconds between two looks where systemd asks for none
_STORE_PATIENCE: Final = 20.0  # seconds for one write: longer than the store waits for another process


class Supervised(Protocol):
    """What must be known of a modem's supervisor."""

    name: str

    @property
    def state(self) -> ModemState:
        """What the modem is doing."""

    @property
    def moved_at(self) -> float:
        """When the supervisor or its link last did something, in loop time."""

    @property
    def still_at_most(self) -> float:
        """For how many seconds a supervisor that is well may do nothing."""


@dataclass(slots=True)
class Watchdog:
    """Looks, and tells; `every` is the pause between two looks in seconds."""

    database: Database
    modems: Sequence[Supervised]
    clock: Clock
    every: float = _EVERY
    switch: Switch = field(default_factory=Switch)
    on_beat: Callable[[Connection], None] = lambda _: None  # part of each heartbeat's transaction
    serving: str = ""  # where; empty while we start
    _beat: asyncio.Task[None] | None = None
    _beat_since: float = 0.0
    _refusal: str = ""  # why the store refuses, if it does
    _note: str = ""  # what else people should know
    _told: str = ""
    _hung: tuple[str, ...] = field(default=())

    async def run(self) -> None:
        """Look until cancelled."""
        try:
            while True:
                self.look(asyncio.get_running_loop().time())
                await asyncio.sleep(self.every)
        finally:
            if self._beat is not None:
                self._beat.cancel()

    @property
    def beating(self) -> bool:
        """Whether the last heartbeat has come back."""
        return self._beat is None or self._beat.done()

    def note(self, sentence: str) -> None:
        """Show `sentence` in the status from now on; empty for none."""
        self._note = sentence

    def look(self, now: float) -> None:
        """Tell systemd how things are at loop time `now`; feed the watchdog if nothing hangs."""
        hung = tuple(self._hanging(now))
        if hung != self._hung:
            tell = log.error if hung else log.info
            tell("hanging" if hung else "moving again", action="watchdog", what=list(hung))
        self._hung = hung
        status = f"STATUS={self.status()}"
        lines = ([] if hung else ["WATCHDOG=1"]) + ([status] if status != self._told else [])
        self._told = status
        if lines:
            notify(*lines)

    def status(self) -> str:
        """Return one line for people: what hangs or refuses first, then what each modem does."""
        first = [f"HANGING: {what}" for what in self._hung] + [
            each for each in (self.switch.sentence().upper(), self._note, self._refusal, scarce()) if each
        ]
        where = f"serving on {self.serving}" if self.serving else "starting"
        return "; ".join(
            [*first, where, *(map(_of_modem, self.modems) if self.modems else ["no modem is configured"])]
        )

    def _hanging(self, now: float) -> Iterator[str]:
        yield from self._store(now)
        for modem in self.modems:
            if now - modem.moved_at > modem.still_at_most:
                yield f"the supervisor of modem {modem.name}, for {now - modem.moved_at:.0f} s"

    def _store(self, now: float) -> Iterator[str]:
        """Keep one heartbeat under way; a write that never comes back is what we look for."""
        if not self.beating:
            if now - self._beat_since > _STORE_PATIENCE:
                yield f"the store, for {now - self._beat_since:.0f} s"
            return
        self._beat_since = now
        self._beat = asyncio.create_task(self._write(), name="heartbeat")

    async def _write(self) -> None:
        try:
            await self.database.write(self._pulse)
        except StoreUnavailable as exc:
            self._refusal = f"nothing is accepted: {exc}"
        else:
            self._refusal = ""

    def _pulse(self, connection: Connection) -> None:
        outbox.beat(connection, self.clock())
        self.on_beat(connection)


def interval() -> float:
    """Return the pause between two looks that systemd's watchdog asks for (sd_watchdog_enabled(3))."""
    wanted, whose = os.environ.get("WATCHDOG_USEC", ""), os.environ.get("WATCHDOG_PID")
    if not wanted.isdecimal() or (whose is not None and whose != str(os.getpid())):
        return _EVERY
    return min(_EVERY, int(wanted) / 1_000_000 / 4)


def _of_modem(modem: Supervised) -> str:
    state = modem.state
    if state.phase is ModemPhase.READY:
        signal = f", {state.signal_dbm} dBm" if state.signal_dbm is not None else ""
        return f"{state.name} ready ({state.operator or state.registration}{signal})"
    return f"{state.name} {state.phase.value}" + (f" ({state.detail})" if state.detail else "")
