"""What time alone brings about: scheduled parts fall due, validity ends, doubts are decided."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Connection

from gateway import batch_progress, receipts, resending
from gateway.begun import Begun
from gateway.bell import Bell
from gateway.clock_watch import ClockWatch
from gateway.facts import PolicyDesk
from gateway.inbound import Inbound
from gateway.model import CancelReason, Clock, Event, Status
from gateway.store import (
    Database,
    StoreUnavailable,
    audit,
    events,
    idempotency,
    lifecycle,
    messages,
    outbox,
    quiet,
    webhooks,
)
from gateway.store.prepared import Row
from gateway.store.schema import message

log = structlog.get_logger()

_TICK = 1.0  # seconds
_HOURLY = 3600  # ticks
_STOPPED = "the gateway stopped between the hand-off and the modem's answer"


@dataclass(slots=True)
class Upkeep:
    """One look a second, a write only when something is due."""

    gateway: str
    database: Database
    desk: PolicyDesk
    inbound: Inbound
    bell: Bell
    clock: Clock
    doubt: timedelta
    begun: Mapping[str, Begun]  # of each modem
    late: deque[tuple[str, int]]  # modem and TP-MR of results that came after all
    lanes: Collection[str] = ()  # that modems take
    jumps: ClockWatch = field(default_factory=ClockWatch)
    _set_back: bool = True  # and nobody has looked at what waits; before the start it may have been

    async def recover(self) -> None:
        """After a start: what was between hand-off and answer is in doubt; half a batch is no batch."""
        newest = await self.database.read(audit.newest)
        self.jumps.begin(self.clock(), newest, asyncio.get_running_loop().time())
        await self.database.write(lambda c: self._recover(c, self.clock()))
        for ident in await self.database.read(messages.batches_unsettled):
            await batch_progress.follow(self.database, self.desk, ident, self.clock)
        await self.inbound.retry_pending()

    def _recover(self, connection: Connection, now: datetime) -> None:
        recipients: dict[bytes, None] = {}
        for row in lifecycle.in_doubt(connection, Status.SENDING, self.gateway):
            begun = self.begun[row["modem"]].last() if row["modem"] in self.begun else None
            left = begun is None or row["claim_order"] <= begun  # it can have left
            ident, number = row["message_id"], row["number"]
            if left:
                lost = Event.LOST_TRACK
                lifecycle.change(connection, ident, number, Status.SENDING, lost, now, cause=_STOPPED)
            else:
                outbox.give_back(connection, ident, number, Status.SENDING, now, cause=None)
            recipients[row["number_index"]] = None
        for number_index in recipients:
            receipts.settle_parked(connection, number_index, now)
        outbox.keep_to_lanes(connection, self.lanes)
        for ident in messages.batches_accepting(connection):
            mine = message.c.batch_id == ident
            lifecycle.cancel_waiting(connection, mine, CancelReason.CALLER, now, "batch was not completed")
            messages.amend_batch(connection, ident, status="cancelled")

    async def run(self) -> None:
        """Tick until cancelled."""
        ticks = 0
        while True:
            try:
                await self._tick(self.clock(), hourly=ticks % _HOURLY == 0)
            except StoreUnavailable as exc:
                log.warning("store unavailable", action="store_unavailable", why=str(exc))
            ticks += 1
            await asyncio.sleep(_TICK)

    async def _tick(self, now: datetime, *, hourly: bool) -> None:
        jump = self.jumps.look(now, asyncio.get_running_loop().time())
        if jump:
            log.warning("the clock jumped", action="clock_jumped", seconds=round(jump))
        self._set_back |= jump < 0
        if self._set_back:
            await self._hurry(now)
            self._set_back = False
        due, opens, queued = await self.database.read(lambda c: self._news(c, now))
        late = tuple(self.late)
        if due or late:
            await self.database.write(lambda c: self._work(c, late, now))
        if hourly:
            await self._tidy(now)
        for _ in late:
            self.late.popleft()
        if due or opens:
            await self._let_go(now)
        if due or opens or queued:
            self.bell.ring()

    def _news(self, connection: Connection, now: datetime) -> tuple[bool, bool, bool]:
        """Say what there is to do: work of our own, windows that have opened, parts for the senders."""
        return self._due(connection, now), quiet.any_due(connection, now), outbox.any_due(connection, now)

    async def _hurry(self, now: datetime) -> None:
        """Let what waits for a time that was now, before the clock was set back, wait no longer."""
        if moved := await self.database.write(lambda c: outbox.hurry(c, now)):
            log.warning("the clock was set back", action="clock_set_back", parts=moved)

    async def _let_go(self, now: datetime) -> None:
        """Queue what waited for a time or a window; other transactions run between the slices."""
        while await self.database.write(lambda c: lifecycle.release_scheduled(c, now, quiet.SLICE)):
            pass
        opened = 0
        while some := await self.database.write(lambda c: quiet.let_go(c, now)):
            opened += some
        if opened:
            log.info("a window has opened", action="window_opened", messages=opened)

    def _due(self, connection: Connection, now: datetime) -> bool:
        return lifecycle.something_due(connection, now) or any(self._decided(connection, now))

    def _decided(self, connection: Connection, now: datetime) -> list[Row]:
        return resending.due(connection, self.gateway, self.doubt, now)

    def _work(self, connection: Connection, late: Iterable[tuple[str, int]], now: datetime) -> None:
        for modem, mr in late:
            settled = receipts.late_result(connection, self.gateway, modem, mr, now)
            log.info("late result", action="late_result", modem=modem, mr=mr, settled=settled)
        lifecycle.expire_due(connection, now)
        for row in self._decided(connection, now):
            resending.decide(connection, self.desk, row, now)

    async def _tidy(self, now: datetime) -> None:
        """Put away what is over; what takes looking is looked for where nobody waits."""
        await self.database.write(lambda c: self._forget(c, now))
        while old := await self.database.read(lambda c: events.old(c, now)):
            await self.database.write(lambda c, seqs=old: events.forget(c, seqs))  # type: ignore[misc]

    def _forget(self, connection: Connection, now: datetime) -> None:
        self.inbound.tidy(connection, now)
        idempotency.forget_old(connection, now)
        webhooks.forget_old(connection, now)
