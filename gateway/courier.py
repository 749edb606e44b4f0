"""Takes events to endpoints: each has a queue of its own, so that a dead one delays no other.

The queue is the table of events and a cursor into it; what failed is a row with the time of its next try.
Tries go on for two days. An event may come twice (after a crash), always under the same `webhook-id`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

import aiohttp
import structlog
from sqlalchemy import Connection, RowMapping

from gateway import events, guard, signing
from gateway.bell import Bell
from gateway.events import EventView
from gateway.faults import described
from gateway.guard import Forbidden, Guard, Network
from gateway.ids import new_id
from gateway.model import Clock
from gateway.parcels import Load, Parcel, Place, Tried, body_of, wanted
from gateway.records import Scope
from gateway.roles import scopes_of
from gateway.store import Database, Keyring, StoreUnavailable, inbox, people
from gateway.store import events as told
from gateway.store import webhooks as store

log = structlog.get_logger()

_TRIES: Final = timedelta(days=2)
_LONGEST_WAIT: Final = timedelta(hours=6)  # of one event
_LONGEST_PAUSE: Final = timedelta(minutes=5)  # of an endpoint: what is new is tried soon after it is back
_FACTOR: Final = 4
_TIMEOUT: Final = aiohttp.ClientTimeout(total=10)
_RUN: Final = 20  # parcels between two looks
_SCAN: Final = 200  # events in one look
_GONE: Final = 410  # the receiver wants no more
_SKIPS: Final = 1000  # events that are not for an endpoint, before that is worth a transaction
_GAP: Final = 0.005  # seconds between two looks: a look takes in all that came meanwhile
_STORE_PAUSE: Final = 1.0  # seconds


@dataclass(slots=True)
class Courier:
    """One worker for each endpoint."""

    database: Database
    keyring: Keyring
    allow: Sequence[Network]
    bell: Bell  # rings after every commit
    changed: Bell  # rings when endpoints come or go
    clock: Clock
    first_retry: timedelta
    _workers: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    _sessions: dict[str, aiohttp.ClientSession] = field(default_factory=dict)

    async def run(self) -> None:
        """Deliver until cancelled."""
        async with AsyncExitStack() as stack, asyncio.TaskGroup() as group:
            for scheme in ("https", "http"):
                resolver = Guard(self.allow, public=scheme == "https")
                session = aiohttp.ClientSession(
                    connector=aiohttp.TCPConnector(resolver=resolver),
                    cookie_jar=aiohttp.DummyCookieJar(),
                    timeout=_TIMEOUT,
                )
                self._sessions[scheme] = await stack.enter_async_context(session)
            while True:
                rung = self.changed.listen()
                await self._employ(group)
                await rung.wait()

    async def _employ(self, group: asyncio.TaskGroup) -> None:
        """Have a worker for every active endpoint; those of others end by themselves."""
        while True:
            try:
                active = await self.database.read(store.active)
                break
            except StoreUnavailable:
                await asyncio.sleep(_STORE_PAUSE)
        for ident in active:
            if ident not in self._workers or self._workers[ident].done():
                self._workers[ident] = group.create_task(self._serve(ident), name=f"webhooks {ident}")

    async def _serve(self, ident: str) -> None:
        """Deliver to one endpoint for as long as it is active."""
        failures, place = 0, Place()
        while True:
            rung = self.bell.listen()
            try:
                load = await self.database.read(lambda c: self._load(c, ident, place))
                if load is None:
                    return
                failures = await self._deliver(ident, load, failures, place)
            except StoreUnavailable as exc:
                log.warning("webhooks wait for the store", action="store_unavailable", why=str(exc))
                await asyncio.sleep(_STORE_PAUSE)
                continue
            except Exception as exc:  # noqa: BLE001 - whatever is wrong with an endpoint, messages go on
                log.error("an endpoint rests", action="endpoint_failed", id=ident, error=described(exc))  # noqa: TRY400
                await asyncio.sleep(_LONGEST_PAUSE.total_seconds())
                continue
            if failures:
                pause = min(self._wait(failures), _LONGEST_PAUSE)
                await self._rest(self.changed.listen(), self.clock() + pause)
            elif not load.more:
                await self._rest(rung, load.next_due)

    async def _rest(self, rung: asyncio.Event, until: datetime | None) -> None:
        seconds = None if until is None else max(0.0, (until - self.clock()).total_seconds())
        try:
            async with asyncio.timeout(seconds):
                await rung.wait()
        except TimeoutError:
            return
        await asyncio.sleep(_GAP)

    def _wait(self, failures: int) -> timedelta:
        """Return how long to wait after so many failures in a row."""
        return min(self.first_retry * float(_FACTOR ** min(failures - 1, 10)), _LONGEST_WAIT)

    # -- what is to be sent ---------------------------------------------------------------------------

    def _load(self, connection: Connection, ident: str, place: Place) -> Load | None:
        row = store.one(connection, ident)
        if row is None or row["status"] != "active":
            return None
        now = self.clock()
        scopes = frozenset[Scope]()
        if row["person_status"] == "active":  # a suspended person is told nothing (3.1)
            held = people.roles(connection, row["person_id"])
            scopes = scopes_of(name for name, end in held.items() if end > now)
        again = {each["event_seq"]: each for each in store.due(connection, ident, now, _RUN)}
        parcels = [
            self._parcel(connection, row, event, scopes, again[event.seq])
            for event in map(events.view, told.numbered(connection, list(again)))
        ]
        cursor = place.after(row["cursor"])
        fresh = told.after(connection, cursor, _SCAN)
        for event in map(events.view, fresh):
            if len(parcels) >= _RUN:
                break
            if wanted(row, event, scopes):
                parcels.append(self._parcel(connection, row, event, scopes, None))
            cursor = event.seq
        return Load(
            url=self.keyring.open("endpoint", "url", ident, row["url_sealed"]),
            secrets=self._secrets(row, now),
            parcels=parcels,
            before=row["cursor"],
            cursor=cursor,
            more=bool(fresh) and (cursor < fresh[-1]["seq"] or len(fresh) == _SCAN),
            next_due=store.next_due(connection, ident),
        )

    def _secrets(self, row: RowMapping, now: datetime) -> Sequence[str]:
        ident = row["id"]
        found = [self.keyring.open("endpoint", "secret", ident, row["secret_sealed"])]
        if row["old_secret_until"] is not None and now < row["old_secret_until"]:
            found.append(self.keyring.open("endpoint", "old_secret", ident, row["old_secret_sealed"]))
        return found

    def _parcel(
        self,
        connection: Connection,
        row: RowMapping,
        event: EventView,
        scopes: frozenset[Scope],
        before: RowMapping | None,
    ) -> Parcel:
        more: Mapping[str, Any] = {}
        if row["with_text"] and event.type == "inbound.received" and Scope.INBOX in scopes:
            more = self._reply(connection, event.subject)
        return Parcel(event, body_of(event, more), before)

    def _reply(self, connection: Connection, ident: str) -> Mapping[str, Any]:
        row = inbox.one(connection, ident)
        if row is None:
            return {}
        return {
            "sender": self.keyring.open("inbox", "number", ident, row["number_sealed"]),
            "text": self.keyring.open("inbox", "text", ident, row["text_sealed"]),
        }

    # -- sending, and what became of it ---------------------------------------------------------------

    async def _deliver(self, ident: str, load: Load, failures: int, place: Place) -> int:
        """Send a load, up to the first failure; record it; return the failures in a row."""
        tried: list[Tried] = []
        for parcel in load.parcels:
            tried.append(await self._send(load, parcel))
            failures = 0 if tried[-1].good else failures + 1
            if failures:
                break
        cursor = load.cursor
        if len(tried) < len(load.parcels):
            fresh = [each.parcel.event.seq for each in tried if each.parcel.before is None]
            cursor = max([load.before, *fresh])
        if tried or cursor > load.before + _SKIPS:
            await self.database.write(lambda c: self._record(c, ident, load.before, cursor, tried))
        else:
            place.note(load.before, cursor)
        return failures

    async def _send(self, load: Load, parcel: Parcel) -> Tried:
        at = self.clock()
        if (fault := guard.fault_of(load.url, self.allow)) is not None:
            return Tried(parcel, at, f"the address {fault}", good=False)
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "Schoolgate",
            **signing.headers(load.secrets, parcel.event.id, at, parcel.body),
        }
        session = self._sessions[load.url.partition(":")[0].lower()]
        try:
            async with session.post(
                load.url, data=parcel.body, headers=headers, allow_redirects=False
            ) as answer:
                return Tried(parcel, at, str(answer.status), good=200 <= answer.status < 300)
        except TimeoutError:
            return Tried(parcel, at, "no answer within 10 seconds", good=False)
        except aiohttp.ClientConnectorError as exc:
            why = "not a public address" if isinstance(exc.__cause__, Forbidden) else "unreachable"
            return Tried(parcel, at, why, good=False)
        except (aiohttp.ClientError, OSError, ValueError) as exc:
            return Tried(parcel, at, f"failed: {type(exc).__name__}", good=False)

    def _record(
        self, connection: Connection, ident: str, before: int, cursor: int, tried: Sequence[Tried]
    ) -> None:
        if store.one(connection, ident) is None:
            return
        for each in tried:
            store.keep(connection, self._row(ident, each))
            if each.answer == str(_GONE):
                store.amend(connection, ident, status="disabled")
        store.advance(connection, ident, before, cursor)

    def _row(self, ident: str, tried: Tried) -> dict[str, Any]:
        before = tried.parcel.before
        first = tried.at if before is None else before["first_at"]
        attempts = 1 if before is None else before["attempts"] + 1
        next_at = None if tried.good else tried.at + self._wait(attempts)
        status = "delivered" if tried.good else "retrying"
        if next_at is not None and next_at > first + _TRIES:
            status, next_at = "failed", None
        return {
            "id": new_id("dlv", first),
            "endpoint_id": ident,
            "event_seq": tried.parcel.event.seq,
            "status": status,
            "attempts": attempts,
            "first_at": first,
            "last_at": tried.at,
            "next_at": next_at,
            "answer": tried.answer,
        }
