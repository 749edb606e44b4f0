"""One task for each modem: claim, hand over, settle; nothing goes before what came in is acted on."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Protocol

import structlog
from sqlalchemy import Connection

from gateway.allowance import Allowance, Given, Pause, SimCaps
from gateway.begun import Begun
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
from gateway.outage import Outage
from gateway.store import Database, StoreUnavailable

log = structlog.get_logger()

_STORE_PAUSE = 1.0  # seconds, when the database refuses


Done = tuple[Claim, SendOutcome]
"""A part that a modem was given, and what it came to."""


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
    begun: Begun
    device_pause: float  # seconds, when the SIM, the modem or the network refuses everything
    allowance: Allowance = field(default_factory=lambda: Allowance(SimCaps()))
    rate: Rate = field(default_factory=Rate)
    _paused: Pause | None = None  # as it was told last
    _outage: Outage = field(init=False)
    _stopping: bool = False
    _on_air: asyncio.Event = field(default_factory=asyncio.Event)  # the PDU was begun, or will not be

    def __post_init__(self) -> None:
        self._outage = Outage(self.modem.name)

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
        self._tell_pause()
        claim, done = await self._write(None, claim_next=True), None
        while claim is not None:
            claim, done = await self._finish(claim, done)
        if self.modem.is_settled:
            await rung.wait()

    async def _finish(self, claim: Claim, done: Done | None) -> tuple[Claim | None, Done | None]:
        """Hand over and record: the step that must not tear."""
        job = asyncio.create_task(self._hand_over(claim, done), name=f"send {claim.candidate.message_id}")
        try:
            return await asyncio.shield(job)
        except asyncio.CancelledError:
            self._stopping = True
            follower, done = await job
            await self._write(done, claim_next=False)
            if follower is not None:
                await self._write((follower, NotSent("the gateway stops")), claim_next=False)
            raise

    async def _hand_over(self, claim: Claim, done: Done | None) -> tuple[Claim | None, Done | None]:
        """Send a part; meanwhile record what became of the one before and decide on the next.

        Returns the next, and what became of this one where that is not recorded yet. So the modem never waits
        for the store, and at most one outcome is ahead of it (`Upkeep.recover` counts on that).
        """
        whole = claim.candidate.number == claim.candidate.total  # else the next part comes next
        self._on_air.clear()
        meanwhile = asyncio.create_task(self._meanwhile(done, claim_next=whole))
        outcome = await self._send(claim)
        self._on_air.set()
        follower = await meanwhile
        if not _goes_on(outcome):
            await self._write((claim, outcome), claim_next=False)
            await self._give_up(follower, outcome)
            return None, None
        if follower is None:
            return await self._write((claim, outcome), claim_next=True), None
        return follower, (claim, outcome)

    async def _meanwhile(self, done: Done | None, *, claim_next: bool) -> Claim | None:
        """Leave the processor to the modem's dialogue until its PDU is out."""
        await self._on_air.wait()
        try:
            return await self._write(done, claim_next=claim_next)
        except StoreUnavailable:
            if done is not None:  # an outcome, while stopping
                raise
            return None  # only a claim failed: what is on the air is recorded first

    async def _give_up(self, follower: Claim | None, outcome: SendOutcome) -> None:
        if follower is not None:
            await self._write((follower, NotSent("the modem takes nothing now")), claim_next=False)
        if isinstance(outcome, Refused):
            await asyncio.sleep(self.device_pause)

    async def _send(self, claim: Claim) -> SendOutcome:
        outcome: SendOutcome = Revoked()
        if claim.permit.valid:
            loop = asyncio.get_running_loop()
            began = loop.time()
            outcome = await self.modem.send(claim.pdu, permit=lambda: self._begin(claim), more=claim.more)
            if isinstance(outcome, Accepted):
                self.rate.note(loop.time() - began)
        self.gate.give_back(claim.permit)
        return self._outage.judged(claim.candidate.number_index, outcome)

    def _begin(self, claim: Claim) -> bool:
        """Answer the modem's question at the prompt, in the step that writes the PDU."""
        if claim.permit.valid:
            self.begun.mark(claim.order)
        self._on_air.set()
        return claim.permit.valid

    async def _write(self, done: Done | None, *, claim_next: bool) -> Claim | None:
        """Record an outcome and claim what follows, in one transaction."""
        if done is None:
            return self._noted(await self.database.write(self._claim)) if claim_next else None
        following = await self._insist(partial(self._settle, done=done, claim_next=claim_next))
        if isinstance(done[1], (Refused, NotSent, Revoked)):
            self.allowance.take_back(done[0].candidate)
        _tell(self.modem.name, *done)
        return self._noted(following)

    def _noted(self, claim: Claim | None) -> Claim | None:
        if claim is not None:
            self.handoff.took(claim)
            self.allowance.note(claim.candidate, self.clock())
        return claim

    def _tell_pause(self) -> None:
        """Log that the SIM has reached a cap, or goes on."""
        before, self._paused = self._paused, self.allowance.pause(self.clock())
        if self._paused and not before:
            why, until = self._paused.why, self._paused.until.isoformat()
            log.warning("SIM pauses", action="sim_paused", modem=self.modem.name, why=why, until=until)
        elif before and not self._paused:
            log.info("SIM goes on", action="sim_goes_on", modem=self.modem.name)

    def _settle(self, connection: Connection, *, done: Done, claim_next: bool) -> Claim | None:
        self.handoff.settle(connection, *done, self.clock())
        return self._claim(connection) if claim_next else None

    def _claim(self, connection: Connection) -> Claim | None:
        sim, now = self.modem.state.imsi or None, self.clock()
        self.allowance.follow(connection, sim, now)
        if self.allowance.pause(now) is not None:
            return None
        return self.handoff.claim(connection, sim, time.monotonic_ns(), now, self.allowance)

    async def _insist(self, transaction: Callable[[Connection], Claim | None]) -> Claim | None:
        """Write however long the store needs: what is known of the radio must not be forgotten."""
        while True:
            try:
                return await self.database.write(transaction)
            except StoreUnavailable as exc:
                if self._stopping:
                    raise
                log.warning("an outcome waits for the store", action="store_unavailable", why=str(exc))
            await asyncio.sleep(_STORE_PAUSE)


def pauses(senders: Iterable[Sender], now: datetime) -> Mapping[str, Pause]:
    """Return which modems' SIMs pause, by the modem's name."""
    found = {sender.modem.name: sender.allowance.pause(now) for sender in senders}
    return {name: pause for name, pause in found.items() if pause is not None}


def given(senders: Iterable[Sender], now: datetime) -> Mapping[str, Given]:
    """Return what the SIMs were given of late, by the modem's name; those not seen yet are left out."""
    found = {sender.modem.name: sender.allowance.given(now) for sender in senders}
    return {name: each for name, each in found.items() if each is not None}


def _goes_on(outcome: SendOutcome) -> bool:
    """Return whether the modem can take another part at once."""
    if isinstance(outcome, Refused):
        return outcome.kind is not FailureKind.DEVICE and not outcome.everybody
    return not isinstance(outcome, NotSent)


def _tell(modem: str, claim: Claim, outcome: SendOutcome) -> None:
    about = {"modem": modem, "message": claim.candidate.message_id, "part": claim.candidate.number}
    match outcome:
        case Accepted(mr):
            log.info("part sent", action="part_sent", mr=mr, **about)
        case Refused(kind, code, text):
            log.warning("part refused", action="part_refused", kind=kind.value, code=code, why=text, **about)
        case Unclear(reason):
            log.warning("part uncertain", action="part_uncertain", why=reason, **about)
        case NotSent(reason):
            log.info("part not sent", action="part_not_sent", why=reason, **about)
        case Revoked():
            log.info("permit revoked before the PDU", action="part_revoked", **about)
