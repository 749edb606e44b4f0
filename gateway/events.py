"""Events: who may see which, and one reader of the table for all who listen."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import structlog
from sqlalchemy import Connection, RowMapping

from gateway.bell import Bell
from gateway.model import Clock, ModemPhase, ModemState
from gateway.records import Caller, Page, Scope
from gateway.store import Database, StoreUnavailable
from gateway.store import events as store

log = structlog.get_logger()

TYPES: Final = (
    *(f"message.{status.value}" for status in sorted(store.TOLD)),
    "inbound.received",
    "optout.added",
    "optout.lifted",
    "hold.opened",
    "hold.resolved",
    "number.suspect",
    "number.verified",
    "consent.confirmed",
    "consent.expiring",
    "approval.requested",
    "approval.decided",
    "sending.suspended",
    "sending.resumed",
    "policy.published",
    "policy.reviewed",
    "violation.recorded",
    "violation.suspended",
    "violation.decided",
    "incident.opened",
    "incident.overdue",
    "incident.closed",
    "modem.ready",
    "modem.blocked",
    "modem.lost",
    "modem.searching",
    "alert.raised",
    "alert.reminded",
    "alert.ended",
    "endpoint.test",
)
"""Everything that is told; `endpoint.test` goes to no endpoint but the one that it is about."""

_OTHERS: Final = {
    "inbound": Scope.INBOX,
    "optout": Scope.OPT_OUTS_READ,
    "hold": Scope.OPT_OUTS_READ,
    "number": Scope.CONTACTS_READ,
    "consent": Scope.CONSENTS_READ,
    "approval": Scope.APPROVE,
    "policy": Scope.POLICY_READ,
    "sending": Scope.POLICY_READ,
    "violation": Scope.VIOLATIONS_READ,
    "incident": Scope.REPORTS,
    "modem": Scope.MODEMS,
    "alert": Scope.MODEMS,
}
_PHASES: Final = frozenset({ModemPhase.READY, ModemPhase.BLOCKED, ModemPhase.LOST, ModemPhase.SEARCHING})
_MOST: Final = 500  # events in one look
_BACKLOG: Final = 2000  # events that a listener may be behind
_GAP: Final = 0.02  # seconds between two looks: a look takes in all that came meanwhile


@dataclass(frozen=True, slots=True)
class EventView:
    """One event. `id` is the same however often and wherever it is told; `seq` grows."""

    seq: int
    id: str
    type: str
    at: datetime
    subject: str
    person_id: str | None
    detail: str | None
    reference: str | None
    batch_id: str | None


def view(row: RowMapping) -> EventView:
    """Return the event that a row holds."""
    return EventView(
        seq=row["seq"],
        id=_ident(row),
        type=row["type"],
        at=row["at"],
        subject=row["subject"],
        person_id=row["person_id"],
        detail=row["detail"],
        reference=row["reference"],
        batch_id=row["batch_id"],
    )


_ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"


def _ident(row: RowMapping) -> str:
    """Return a name made of what the event is: equal after a restart, another after a restored backup."""
    text = f"{row['seq']} {row['type']} {row['subject']} {row['at'].isoformat()}"
    value = int.from_bytes(hashlib.blake2s(text.encode()).digest())
    return "evt_" + "".join(_ALPHABET[(value >> shift) & 31] for shift in range(0, 130, 5))


def may_see(event: EventView, person_id: str, scopes: Collection[Scope]) -> bool:
    """Return whether a person with these scopes may be told: of their own, and of what the scopes open."""
    if event.person_id == person_id:
        return True
    opens = _OTHERS.get(event.type.partition(".")[0])
    return opens is not None and opens in scopes


@dataclass(eq=False, slots=True)
class Listener:
    """Somebody who listens: what is new to them, until they fall too far behind."""

    wants: Callable[[EventView], bool]
    position: int
    _waiting: list[EventView] = field(default_factory=list)
    _bell: asyncio.Event = field(default_factory=asyncio.Event)
    _beat: bool = False
    lost: bool = False

    def put(self, events: Sequence[EventView]) -> None:
        """Give what is new."""
        fresh = [event for event in events if event.seq > self.position and self.wants(event)]
        if not fresh or self.lost:
            return
        self._waiting += fresh
        if len(self._waiting) > _BACKLOG:
            self.end()
        self._bell.set()

    def end(self) -> None:
        """Tell the listener that nothing more comes."""
        self.lost = True
        self._waiting.clear()
        self._bell.set()

    def beat(self) -> None:
        """Have `take` return, whatever there is."""
        self._beat = True
        self._bell.set()

    async def take(self) -> Sequence[EventView] | None:
        """Wait for what is new, or a beat; None at the end, or where the listener is too far behind."""
        fresh: list[EventView] = []
        while not fresh and not self._beat:
            await self._bell.wait()
            if self.lost:
                return None
            self._bell.clear()
            taken, self._waiting = self._waiting, []
            fresh = [event for event in taken if event.seq > self.position]
        if not fresh:
            self._beat = False
            return ()
        self.position = fresh[-1].seq
        return fresh


@dataclass(slots=True)
class Events:
    """The table of events: pages of it, and live."""

    database: Database
    bell: Bell  # rings after every commit
    clock: Clock
    _listeners: set[Listener] = field(default_factory=set)
    _last: int = 0
    _joining: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def page(
        self, caller: Caller, after: int, limit: int, types: Collection[str] = ()
    ) -> Page[EventView]:
        """Return what the caller may see after number `after`, oldest first; `next` is a number too."""

        def query(connection: Connection) -> Page[EventView]:
            found: list[EventView] = []
            seq = after
            while len(found) <= limit:
                rows = store.after(connection, seq, _MOST)
                found += [event for row in rows if _shown(event := view(row), caller, types)]
                if len(rows) < _MOST:
                    break
                seq = rows[-1]["seq"]
            shown = tuple(found[:limit])
            return Page(shown, str(shown[-1].seq) if len(found) > limit else None)

        return await self.database.read(query)

    @asynccontextmanager
    async def listening(
        self, caller: Caller, after: int | None, types: Collection[str], beat: float
    ) -> AsyncIterator[AsyncIterator[Sequence[EventView]]]:
        """Yield what the caller may see, in groups as it comes: all after number `after`, or from now on.

        Every `beat` seconds comes an empty one.
        """
        async with self._joining:
            newest = await self.database.read(store.last)
            if not self._listeners:
                self._last = newest
            start = newest if after is None else after
            listener = Listener(lambda event: _shown(event, caller, types), start)
            self._listeners.add(listener)
        beating = asyncio.create_task(_beat(listener, beat))
        try:
            yield self._told(caller, listener, newest, types)
        finally:
            beating.cancel()
            self._listeners.discard(listener)

    async def _told(
        self, caller: Caller, listener: Listener, newest: int, types: Collection[str]
    ) -> AsyncIterator[Sequence[EventView]]:
        while listener.position < newest:
            page = await self.page(caller, listener.position, _MOST, types)
            if page.items:
                listener.position = page.items[-1].seq
                yield page.items
            if page.next is None:
                break
        while (group := await listener.take()) is not None:
            yield group

    def close(self) -> None:
        """End every listening: the gateway stops."""
        for listener in self._listeners:
            listener.end()

    async def run(self) -> None:
        """Look for what is new after each commit, while anybody listens; until cancelled."""
        while True:
            rung = self.bell.listen()
            try:
                more = bool(self._listeners) and await self._look()
            except StoreUnavailable as exc:
                log.warning("events wait for the store", action="store_unavailable", why=str(exc))
                more = False
            if not more:
                await rung.wait()
            await asyncio.sleep(_GAP)

    async def _look(self) -> bool:
        rows = await self.database.read(lambda c: store.after(c, self._last, _MOST))
        if rows:
            self._last = rows[-1]["seq"]
            events = [view(row) for row in rows]
            for listener in self._listeners:
                listener.put(events)
        return len(rows) == _MOST

    async def note_modem(self, states: asyncio.Queue[ModemState]) -> None:
        """Write down what becomes of a modem, until cancelled."""
        told: dict[str, ModemPhase] = {}
        while True:
            state = await states.get()
            if state.phase in _PHASES and told.get(state.name) is not state.phase:
                told[state.name] = state.phase
                await self._note(f"modem.{state.phase.value}", state.name)

    async def _note(self, kind: str, subject: str) -> None:
        try:
            await self.database.write(lambda c: store.add(c, self.clock(), kind, subject))
        except StoreUnavailable as exc:
            log.warning("an event is lost", action="store_unavailable", type=kind, why=str(exc))


async def _beat(listener: Listener, every: float) -> None:
    while True:
        await asyncio.sleep(every)
        listener.beat()


def _shown(event: EventView, caller: Caller, types: Collection[str]) -> bool:
    return (not types or event.type in types) and may_see(event, caller.person_id, caller.scopes)
