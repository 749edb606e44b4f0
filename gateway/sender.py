"""One task for each modem: claim, hand over, settle; nothing goes before what came in is acted on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import structlog
from sqlalchemy import Connection

from gateway.bell import Bell
from gateway.gate import Gate
from gateway.handoff import Claim, Handoff
from gateway.model import (
    Accepted,
    Clock,
    FailureKind,
    ModemState,
    NotSent,
    Refused,
    Revoked,
    SendOutcome,
    Unclear,
)
from gateway.store import Database, StoreUnavailable

log = structlog.get_logger()

_STORE_PAUSE = 1.0  # seconds, when the database refuses
_DEVICE_PAUSE = 15.0  # seconds, when the SIM or the modem refuses: no message is to blame


class Radio(Protocol):
    """What the sender needs of a modem."""

    name: str

    @property
    def state(self) -> ModemState:
        """What the modem is doing."""

    @property
    def is_settled(self) -> bool:
        """Whether `settled()` would return at once."""

    async def settled(self) -> None:
        """Wait until the link may transmit and all that came in is committed."""

    async def send(self, pdu: bytes, *, permit: Callable[[], bool], more: bool) -> SendOutcome:
        """Hand one part over."""


@dataclass(slots=True)
class Rate:
    """Seconds that one part takes on a modem, smoothed; None before the first."""

    seconds: float | None = None

    def note(self, seconds: float) -> None:
        """Take one more measurement in."""
        self.seconds = seconds if self.seconds is None else 0.9 * self.seconds + 0.1 * seconds


@dataclass(slots=True)
class Sender:
    """Draws parts from the outbox for one modem, for as long as the daemon runs."""

    modem: Radio
    handoff: Handoff
    database: Database
    gate: Gate
    bell: Bell
    clock: Clock
    rate: Rate = field(default_factory=Rate)

    async def run(self) -> None:
        """Send until cancelled; a part in flight is finished and recorded first."""
        while True:
            try:
                await self._burst()
            except StoreUnavailable as exc:
                log.warning("store unavailable", action="store_unavailable", why=str(exc))
                await asyncio.sleep(_STORE_PAUSE)

    async def _burst(self) -> None:
        """Send until nothing is due, then wait for the bell."""
        await self.modem.settled()
        rung = self.bell.listen()
        claim = await self._write(None, None)
        while claim is not None:
            claim = await self._finish(claim)
        if self.modem.is_settled:
            await rung.wait()

    async def _finish(self, claim: Claim) -> Claim | None:
        """Hand over, record, and claim what follows: the step that must not tear."""
        job = asyncio.create_task(self._send_and_record(claim), name=f"send {claim.candidate.message_id}")
        try:
            return await asyncio.shield(job)
        except asyncio.CancelledError:
            follower = await job
            if follower is not None:
                await self._write(follower, NotSent("the gateway stops"), go_on=False)
            raise

    async def _send_and_record(self, claim: Claim) -> Claim | None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        outcome = await self.modem.send(claim.pdu, permit=lambda: claim.permit.valid, more=claim.more)
        self.gate.give_back(claim.permit)
        if isinstance(outcome, Accepted):
            self.rate.note(loop.time() - began)
        _tell(self.modem.name, claim, outcome)
        paused = isinstance(outcome, Refused) and outcome.kind is FailureKind.DEVICE
        follower = await self._write(claim, outcome, go_on=self.modem.is_settled and not paused)
        if paused:
            await asyncio.sleep(_DEVICE_PAUSE)
        return follower

    async def _write(
        self, claim: Claim | None, outcome: SendOutcome | None, *, go_on: bool = True
    ) -> Claim | None:
        """Settle one part and claim the next in one transaction."""

        def transaction(connection: Connection) -> Claim | None:
            now = self.clock()
            if claim is not None and outcome is not None:
                self.handoff.settle(connection, claim, outcome, now)
            return self.handoff.claim(connection, self.modem.state.imsi or None, now) if go_on else None

        return await self.database.write(transaction)


def _tell(modem: str, claim: Claim, outcome: SendOutcome) -> None:
    event = log.bind(modem=modem, message=claim.candidate.message_id, part=claim.candidate.number)
    match outcome:
        case Accepted(mr):
            event.info("part sent", action="part_sent", mr=mr)
        case Refused(kind, code, text):
            event.warning("part refused", action="part_refused", kind=kind.value, code=code, why=text)
        case Unclear(reason):
            event.warning("part uncertain", action="part_uncertain", why=reason)
        case NotSent(reason):
            event.info("part not sent", action="part_not_sent", why=reason)
        case Revoked():
            event.info("permit revoked before the PDU", action="part_revoked")
