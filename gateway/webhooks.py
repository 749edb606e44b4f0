"""Endpoints: where callers want to be told of events, of no more than what their person may see."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, RowMapping

from gateway import guard, signing
from gateway.bell import Bell
from gateway.errors import Conflict, Fault, Invalid, NotFound, PreconditionFailed, ScopeMissing
from gateway.events import TYPES, EventView, view
from gateway.guard import Network
from gateway.ids import new_id
from gateway.model import Clock
from gateway.records import Caller, DeliveryView, EndpointRequest, EndpointView, Page, Scope
from gateway.store import Database, Keyring, audit, events
from gateway.store import webhooks as store

OVERLAP: Final = timedelta(hours=24)
_MOST: Final = 20
_ANY: Final = frozenset({f"{kind.partition('.')[0]}.*" for kind in TYPES} | {"*"})


@dataclass(slots=True)
class Webhooks:
    """The register of endpoints."""

    database: Database
    keyring: Keyring
    allow: Sequence[Network]
    changed: Bell
    clock: Clock

    async def add(self, caller: Caller, request: EndpointRequest) -> tuple[EndpointView, str]:
        """Enter an endpoint, told of what happens from now on; its secret is returned this once."""
        self._check(caller, request)
        secret = signing.new_secret()

        def transaction(connection: Connection) -> EndpointView:
            now = self.clock()
            if len(store.of_person(connection, caller.person_id)) >= _MOST:
                raise Conflict("TOO_MANY_ENDPOINTS", f"there are {_MOST} endpoints: remove one first")
            ident = new_id("end", now)
            values = {
                "id": ident,
                "person_id": caller.person_id,
                **self._values(ident, request),
                "secret_sealed": self.keyring.seal("endpoint", "secret", ident, secret),
                "status": "active",
                "version": 1,
                "cursor": events.last(connection),
                "created_at": now,
            }
            store.add(connection, values)
            self._note(connection, caller, "endpoint-added", ident, now)
            return self._view(_present(store.one(connection, ident)))

        made = await self.database.write(transaction)
        self.changed.ring()
        return made, secret

    async def list(self, caller: Caller) -> tuple[EndpointView, ...]:
        """Return the endpoints of the caller's person."""
        rows = await self.database.read(lambda c: store.of_person(c, caller.person_id))
        return tuple(self._view(row) for row in rows)

    async def get(self, caller: Caller, ident: str) -> EndpointView:
        """Return one of them."""
        return self._view(await self.database.read(lambda c: _own(c, caller, ident)))

    async def change(
        self, caller: Caller, ident: str, request: EndpointRequest, version: int | None
    ) -> EndpointView:
        """Replace what an endpoint is; `PreconditionFailed` where it is not at `version` any more."""
        self._check(caller, request)
        values = self._values(ident, request)

        def transaction(connection: Connection) -> EndpointView:
            _own(connection, caller, ident)
            if not store.amend(connection, ident, version, status="active", **values):
                raise PreconditionFailed(f"{ident} has been changed since: read it again")
            self._note(connection, caller, "endpoint-changed", ident, self.clock())
            return self._view(_present(store.one(connection, ident)))

        made = await self.database.write(transaction)
        self.changed.ring()
        return made

    async def rotate(self, caller: Caller, ident: str) -> tuple[EndpointView, str]:
        """Give an endpoint a new secret, returned this once; the old one signs too for another day."""
        secret = signing.new_secret()

        def transaction(connection: Connection) -> EndpointView:
            row, now = _own(connection, caller, ident), self.clock()
            old = self.keyring.open("endpoint", "secret", ident, row["secret_sealed"])
            store.amend(
                connection,
                ident,
                secret_sealed=self.keyring.seal("endpoint", "secret", ident, secret),
                old_secret_sealed=self.keyring.seal("endpoint", "old_secret", ident, old),
                old_secret_until=now + OVERLAP,
            )
            self._note(connection, caller, "endpoint-rotated", ident, now)
            return self._view(_present(store.one(connection, ident)))

        return await self.database.write(transaction), secret

    async def remove(self, caller: Caller, ident: str) -> None:
        """Tell an endpoint nothing more, and forget it and its log."""

        def transaction(connection: Connection) -> None:
            _own(connection, caller, ident)
            store.remove(connection, ident)
            self._note(connection, caller, "endpoint-removed", ident, self.clock())

        await self.database.write(transaction)
        self.changed.ring()

    async def test(self, caller: Caller, ident: str) -> None:
        """Send an endpoint the event `endpoint.test`, whatever types it wants."""

        def transaction(connection: Connection) -> None:
            _own(connection, caller, ident)
            events.add(connection, self.clock(), "endpoint.test", ident, person_id=caller.person_id)

        await self.database.write(transaction)
        self.changed.ring()

    async def replay(self, caller: Caller, ident: str, since: datetime) -> None:
        """Send an endpoint everything since then again, each event under its own id."""

        def transaction(connection: Connection) -> None:
            _own(connection, caller, ident)
            store.rewind(connection, ident, events.before(connection, since))
            self._note(connection, caller, "endpoint-replayed", ident, self.clock())

        await self.database.write(transaction)
        self.changed.ring()

    async def log(
        self, caller: Caller, ident: str, *, cursor: str | None = None, limit: int = 50
    ) -> Page[DeliveryView]:
        """Return what became of each event that was sent to an endpoint, newest first."""

        def query(connection: Connection) -> Page[DeliveryView]:
            _own(connection, caller, ident)
            rows = store.log(connection, ident, cursor, limit + 1)
            told = {each["seq"]: view(each) for each in events.numbered(connection, _seqs(rows[:limit]))}
            shown = tuple(_delivery(row, told.get(row["event_seq"])) for row in rows[:limit])
            return Page(shown, shown[-1].id if len(rows) > limit else None)

        return await self.database.read(query)

    def _check(self, caller: Caller, request: EndpointRequest) -> None:
        if faults := tuple(self._faults(request)):
            raise Invalid(faults)
        if request.with_text and Scope.INBOX not in caller.scopes:
            raise ScopeMissing(Scope.INBOX.value)

    def _faults(self, request: EndpointRequest) -> Iterator[Fault]:
        if (what := guard.fault_of(request.url, self.allow)) is not None:
            yield Fault("url", what)
        for kind in sorted(set(request.types) - set(TYPES) - _ANY):
            yield Fault(
                "types", f"there is no event {kind[:32]}; events: {', '.join(TYPES)}, or such as message.*"
            )

    def _values(self, ident: str, request: EndpointRequest) -> dict[str, object]:
        return {
            "url_sealed": self.keyring.seal("endpoint", "url", ident, request.url),
            "description": request.description,
            "types": sorted(set(request.types)),
            "with_text": request.with_text,
        }

    def _view(self, row: RowMapping) -> EndpointView:
        return EndpointView(
            id=row["id"],
            url=self.keyring.open("endpoint", "url", row["id"], row["url_sealed"]),
            description=row["description"],
            types=tuple(row["types"]),
            with_text=row["with_text"],
            status=row["status"],
            version=row["version"],
            created_at=row["created_at"],
        )

    def _note(self, connection: Connection, caller: Caller, action: str, ident: str, now: datetime) -> None:
        outcome = action.rpartition("-")[2]
        audit.record(connection, now, actor=caller.handle, action=action, target=ident, outcome=outcome)


def _own(connection: Connection, caller: Caller, ident: str) -> RowMapping:
    row = store.one(connection, ident)
    if row is None or row["person_id"] != caller.person_id:
        raise NotFound(f"there is no endpoint {ident}")
    return row


def _present(row: RowMapping | None) -> RowMapping:
    assert row is not None  # noqa: S101 - written in the same transaction before
    return row


def _seqs(rows: Sequence[RowMapping]) -> Sequence[int]:
    return [row["event_seq"] for row in rows]


def _delivery(row: RowMapping, event: EventView | None) -> DeliveryView:
    return DeliveryView(
        id=row["id"],
        event_seq=row["event_seq"],
        event_id=None if event is None else event.id,
        type=None if event is None else event.type,
        status=row["status"],
        attempts=row["attempts"],
        first_at=row["first_at"],
        last_at=row["last_at"],
        next_at=row["next_at"],
        answer=row["answer"],
    )
