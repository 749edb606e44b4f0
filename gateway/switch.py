"""The switch that suspends all sending at once, whoever sends what (8.1).

Its state is in memory, where the hand-off looks before it looks for work, and in the store, from which it
comes back after any end of the process. While it is off nothing is taken in and nothing goes out; what waits
is kept. Anybody with the scope may throw it; only a person may throw it back.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, RowMapping

from gateway.bell import Bell
from gateway.errors import Conflict
from gateway.gate import Gate
from gateway.ids import new_id
from gateway.model import Clock
from gateway.records import Caller
from gateway.store import Database, audit, events, stops

_MOST: Final = 50


@dataclass(slots=True)
class Switch:
    """Since when all sending is suspended; None while it is not. One for all who must look."""

    off_since: datetime | None = None

    def sentence(self) -> str:
        """Say so in public, empty while it is not; who did it and why is not for everybody."""
        since = self.off_since
        return "" if since is None else f"sending is suspended since {since:%Y-%m-%d %H:%M} UTC"


@dataclass(frozen=True, slots=True)
class StopView:
    """One suspension of all sending."""

    since: datetime
    made_by: str
    reason: str
    ended_at: datetime | None
    ended_by: str | None
    ended_why: str | None


@dataclass(slots=True)
class Sending:
    """Suspends and resumes all sending."""

    database: Database
    gate: Gate
    bell: Bell
    clock: Clock
    switch: Switch = field(default_factory=Switch)
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def recall(self) -> None:
        """Be as the store remembers: call before anything may be sent."""
        found = await self.database.read(stops.current)
        self.switch.off_since = None if found is None else found["since"]

    def follow(self, connection: Connection) -> None:
        """Suspend sending if the store says so: the command line may have written there (`Watchdog`)."""
        found = None if self.switch.off_since is not None else stops.current(connection)
        if found is not None:
            self.switch.off_since = found["since"]
            self.gate.revoke_all()

    async def suspend(self, by: str, reason: str) -> StopView:
        """Suspend all sending; when this returns, nothing more leaves. Doing it twice changes nothing.

        If the store refuses, `StoreUnavailable` is raised and this process sends nothing all the same.
        """
        self.switch.off_since = self.switch.off_since or self.clock()
        await asyncio.to_thread(self.gate.revoke_all)
        async with self._turn:  # what lets sending go on at the same time is before this or after it
            view = await self.database.write(lambda c: self._suspend(c, by, reason, self.clock()))
            self.switch.off_since = view.since
        await asyncio.to_thread(self.gate.revoke_all)
        return view

    def _suspend(self, connection: Connection, by: str, reason: str, now: datetime) -> StopView:
        if stops.current(connection) is None:
            _begin(connection, now, by, reason)
        self.gate.revoke_all()  # again: a claim that had begun before is committed by now
        return _view(stops.every(connection, 1)[0])

    async def resume(self, caller: Caller, reason: str) -> StopView:
        """Let sending go on, in the name of the caller's person. `Conflict` where it is not suspended."""
        async with self._turn:
            view = await self.database.write(lambda c: self._resume(c, caller, reason, self.clock()))
            self.switch.off_since = None
        self.bell.ring()
        return view

    def _resume(self, connection: Connection, caller: Caller, reason: str, now: datetime) -> StopView:
        if self.switch.off_since is not None and stops.current(connection) is None:
            _begin(connection, self.switch.off_since, "gateway", "the store refused to keep it")
        found = stops.current(connection)
        if found is None:
            raise Conflict("NOT_SUSPENDED", "sending is not suspended")
        stops.end(connection, now, by=caller.person_id, why=reason)
        events.add(connection, now, "sending.resumed", found["id"])
        _note(connection, now, caller.handle, "sending-resumed", found["id"])
        return _view(stops.every(connection, 1)[0])

    async def list(self) -> tuple[StopView, ...]:
        """Return the suspensions there were, newest first; the first may be in force."""
        return tuple(_view(row) for row in await self.database.read(lambda c: stops.every(c, _MOST)))


def _begin(connection: Connection, now: datetime, by: str, reason: str) -> None:
    ident = new_id("stp", now)
    stops.add(connection, {"id": ident, "since": now, "made_by": by, "reason": reason})
    events.add(connection, now, "sending.suspended", ident)
    _note(connection, now, by, "sending-suspended", ident)


def _note(connection: Connection, now: datetime, by: str, action: str, ident: str) -> None:
    audit.record(connection, now, actor=by, action=action, target=ident, outcome="done", clauses=["8.1"])


def _view(row: RowMapping) -> StopView:
    return StopView(
        since=row["since"],
        made_by=row["made_by"],
        reason=row["reason"],
        ended_at=row["ended_at"],
        ended_by=row["ended_by"],
        ended_why=row["ended_why"],
    )
