"""The modem as the rest of the gateway knows it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Final

import structlog

from gateway.faults import described
from gateway.measures import Use
from gateway.model import Clock, InboundSink, ModemPhase, ModemState, NotSent, SendOutcome
from gateway.modem.bringup import Ready
from gateway.modem.connection import Connection
from gateway.modem.console import Said
from gateway.modem.copies import Copies
from gateway.modem.credit import Credit
from gateway.modem.errors import ModemGone, TakesNothing
from gateway.modem.link import Ended, Sleep, keep_connected
from gateway.modem.port import Port
from gateway.modem.recovery import Recovery
from gateway.modem.references import References
from gateway.modem.settings import CardInMind, CardMemory, ModemSettings, PinMemory
from gateway.modem.standing import Standing, flapping

log = structlog.get_logger()

_LONGEST_PAUSE: Final = 65.0  # between two attempts to connect, or in a bring-up
_PATIENCE: Final = 30.0  # for what came in between `settled()` and `send()`


class Modem:
    """One configured modem: keeps its link, reads what comes, sends what it is given."""

    def __init__(
        self,
        settings: ModemSettings,
        *,
        sink: InboundSink,
        clock: Clock,
        sleep: Sleep = asyncio.sleep,
        remember_pin: PinMemory,
        card: CardMemory | None = None,
        on_late_result: Callable[[int], None] = lambda _: None,
        copies: Copies | None = None,
    ) -> None:
        """Touch nothing yet; `run` does the work.

        `on_late_result` gets the TP-MR of a result that came after its part was given up as unclear;
        `copies` remembers what was written to the modem's memory.
        """
        self.name = settings.name
        self.use = Use()
        self._settings = settings
        self._sink = sink
        self._clock = clock
        self._sleep = sleep
        self._remember_pin = remember_pin
        self._connection: Connection | None = None
        self._carded: Connection | None = None  # whose SIM was noted
        self._card = card or CardInMind()
        self._again = ""  # why there is a next attempt
        self._mute = ""  # why the link before took no part, until one is taken
        self._references = References(on_late_result)
        self._copies = copies or Copies()
        self._settled = asyncio.Event()
        self._changed = asyncio.Event()  # replaced at every change
        self._moved_at = time.monotonic()  # the event loop's clock
        state = ModemState(
            name=settings.name,
            port=settings.port,
            phase=ModemPhase.SEARCHING,
            since=clock(),
            detail="not started yet",
        )
        self._standing = Standing(state, clock)
        self._report = self._standing.report
        self._recovery = Recovery(settings, self._card, self._report)
        self.report = self._report  # what others learn of the modem
        self.subscribe = self._standing.subscribe
        self._credit = Credit(settings, self._report, clock) if settings.credit_ussd else None

    @property
    def state(self) -> ModemState:
        """What the modem is doing, for people, health and metrics."""
        return self._standing.state

    @property
    def moved_at(self) -> float:
        """When the supervisor or its link last did something, in loop time: a turn, a report, a part."""
        return self._moved_at

    @property
    def still_at_most(self) -> float:
        """For how many seconds a supervisor that is well may do nothing: a part in flight, or a pause."""
        return self._settings.timeouts.submit + _LONGEST_PAUSE

    @property
    def is_settled(self) -> bool:
        """Whether `settled()` would return at once."""
        return self._settled.is_set()

    async def run(self) -> None:
        """Keep the modem connected until cancelled."""
        try:
            await keep_connected(self._connect, ended=self._ended, sleep=self._pause)
        finally:
            self._refresh()

    async def settled(self) -> None:
        """Wait until the link may transmit and all inbound messages that we know of are committed."""
        while not self._settled.is_set():
            await self._settled.wait()

    async def send(self, pdu: bytes, *, permit: Callable[[], bool], more: bool) -> SendOutcome:
        """Hand one part over. What came in since `settled()` is read first: it may revoke the permit."""
        if not self._settled.is_set() and (why := await self._unsettled()) is not None:
            return NotSent(why)
        connection = self._connection
        if connection is None:
            return NotSent(self._standing.excuse)
        began = time.monotonic()
        try:
            outcome = await connection.send(pdu, permit=permit, more=more)
        finally:
            self._moved_at = time.monotonic()
        if self._mute and not isinstance(outcome, NotSent):
            self._mute = ""
            self._refresh()
        self.use.note(began, self._moved_at, outcome)
        return outcome

    async def converse(self, line: str) -> Said:
        """Say a person's command between two of ours; raise `ModemGone` where that cannot be now."""
        connection = self._connection
        if connection is None or connection.ready is None:
            raise ModemGone(self._standing.excuse)
        return await connection.converse(line)

    async def _unsettled(self) -> str | None:
        """Wait while messages are being read; return why nothing can be sent, or None once it can."""
        try:
            async with asyncio.timeout(_PATIENCE):
                while not self._settled.is_set():
                    if self._connection is None or not self._connection.transmits:
                        return self._standing.excuse
                    await self._changed.wait()
        except TimeoutError:
            return "inbound messages wait to be committed"
        return None

    async def _connect(self) -> Ended:
        worked = False
        self._moved_at = time.monotonic()
        try:
            port = await self._open()
            connection = self._connection = self._build(port)
            try:
                iccid, imsi = self._card.known(), self._card.known_imsi()
                await connection.run(known_card=iccid, known_imsi=imsi, memory=self._remember_pin)
            finally:
                self._connection = None
                worked = connection.ready is not None
                self._refresh()
        except ModemGone as exc:
            return Ended(exc, worked)
        except Exception as exc:  # noqa: BLE001
            # A fault of ours must not end the only thing that reads the SIM.
            log.error("modem.fault", modem=self.name, error=described(exc))  # noqa: TRY400 - may quote a PIN
            return Ended(ModemGone(f"internal error: {type(exc).__name__}"), worked=False)
        return Ended(ModemGone("the link ended"), worked)

    async def _open(self) -> Port:
        """Climb the rung that is due, then open the port; raises `ModemGone`."""
        return await self._recovery.open(
            lambda path: self._report(phase=ModemPhase.OPENING, detail=self._again, port=path)
        )

    def _build(self, port: Port) -> Connection:
        return Connection(
            self._settings,
            port,
            sink=self._sink,
            clock=self._clock,
            sleep=self._pause,
            report=self._report,
            changed=self._refresh,
            references=self._references,
            copies=self._copies,
            credit=self._credit,
            stumbled=self._recovery.stumbled,
        )

    async def _pause(self, seconds: float) -> None:
        self._moved_at = time.monotonic()  # who pauses moves: the store refuses, or the modem is away
        await self._sleep(seconds)

    def _ended(self, end: Ended, failures: int, first: bool) -> None:
        self._again = f"it is tried again after: {end.reason}"
        if end.worked:  # else it was given none
            self._mute = f"it took no part: {end.reason}" if isinstance(end.reason, TakesNothing) else ""
        level = log.warning if first else log.debug
        level("modem.lost", modem=self.name, port=self._settings.port, why=str(end.reason), failures=failures)
        self._report(
            phase=end.reason.phase,
            detail=str(end.reason),
            registration="unknown",
            signal_dbm=None,
            failures=self._standing.state.failures + end.worked,
        )
        self._recovery.ended(end.reason, failures, first)

    def _refresh(self) -> None:
        """Follow what the connection says about itself."""
        self._moved_at = time.monotonic()
        connection = self._connection
        if connection is not None and connection.ready is not None:
            if self._carded is not connection:
                self._note_card(connection, connection.ready)
            self._enter_phase(connection)
        if connection is not None and connection.transmits and connection.clean:
            self._settled.set()
        else:
            self._settled.clear()
        self._changed.set()
        self._changed = asyncio.Event()

    def _note_card(self, connection: Connection, ready: Ready) -> None:
        self._carded, self._again = connection, ""
        card = self._card
        before = card.known(), card.known_imsi(), card.known_imei()
        known = before[0] or ready.iccid, before[1] or ready.imsi, ready.equipment.imei or before[2]
        if known != before:
            card.remember(*known)

    def _enter_phase(self, connection: Connection) -> None:
        if connection.registered:
            if self._standing.state.phase is not ModemPhase.READY:
                log.info("modem.ready", modem=self.name, port=self._settings.port, model=self.state.model)
            detail = self._mute or connection.warning or flapping(self._standing.state)
            mute = bool(self._mute or connection.pauses.warning)
            self._report(phase=ModemPhase.READY, detail=detail, takes_nothing=mute)
        else:
            word = self._standing.state.registration.replace("_", " ")
            self._report(
                phase=ModemPhase.REGISTERING, detail=f"no network takes this SIM: registration is {word}"
            )
