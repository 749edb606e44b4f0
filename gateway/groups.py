"""Groups of contacts that a batch may go to; pruned every night (4.3)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, RowMapping

from gateway.contacts import tag
from gateway.errors import Conflict, Fault, Invalid, NotFound, PreconditionFailed
from gateway.ids import new_id
from gateway.model import Clock
from gateway.records import Caller, GroupRequest, GroupView
from gateway.store import Database, audit
from gateway.store import groups as store
from policy import PolicySettings

NAME: Final = re.compile(r"[a-z][a-z0-9_-]{0,63}")
_LONGEST_LABEL: Final = 80


@dataclass(slots=True)
class Groups:
    """Who belongs together."""

    database: Database
    settings: PolicySettings
    clock: Clock

    async def add(self, caller: Caller, request: GroupRequest) -> GroupView:
        """Make a group; raise `Invalid`, or `Conflict` where its name is taken."""
        _check(request)

        def transaction(connection: Connection) -> GroupView:
            now = self.clock()
            _refuse_twin(connection, request.name, None)
            ident = new_id("grp", now)
            values = {"id": ident, "name": request.name, "label": request.label, "version": 1}
            stamps = {"recorded_by": caller.handle, "created_at": now, "updated_at": now}
            store.add(connection, values | stamps)
            _note(connection, caller.handle, "group-added", ident, now, {})
            return _view(_known(connection, ident))

        return await self.database.write(transaction)

    async def change(
        self, caller: Caller, ident: str, request: GroupRequest, seen: str | None = None
    ) -> GroupView:
        """Rename a group; `PreconditionFailed` where it is not as the tag `seen` says any more."""
        _check(request)

        def transaction(connection: Connection) -> GroupView:
            now = self.clock()
            _as_seen(_known(connection, ident), seen)
            _refuse_twin(connection, request.name, ident)
            store.change(connection, ident, name=request.name, label=request.label, now=now)
            _note(connection, caller.handle, "group-changed", ident, now, {})
            return _view(_known(connection, ident))

        return await self.database.write(transaction)

    async def remove(self, caller: Caller, ident: str, seen: str | None = None) -> None:
        """Remove a group; its contacts stay."""

        def transaction(connection: Connection) -> None:
            row = _known(connection, ident)
            _as_seen(row, seen)
            store.remove(connection, ident)
            _note(
                connection,
                caller.handle,
                "group-removed",
                ident,
                self.clock(),
                {"contacts": row["contacts"]},
            )

        await self.database.write(transaction)

    async def alter(
        self,
        caller: Caller,
        ident: str,
        *,
        join: Collection[str] = (),
        leave: Collection[str] = (),
        seen: str | None = None,
    ) -> GroupView:
        """Put contacts into a group and take others out of it, by their ids; all of it or nothing."""

        def transaction(connection: Connection) -> GroupView:
            now = self.clock()
            _as_seen(_known(connection, ident), seen)
            known = store.known_contacts(connection, join)
            if strangers := [each for each in join if each not in known]:
                raise Invalid((Fault("join", f"there is no contact {strangers[0]}"),))
            stamps = {"group_id": ident, "added_by": caller.handle, "added_at": now}
            rows = [{"contact_id": each, "number_index": index} | stamps for each, index in known.items()]
            counts = {
                "joined": store.join(connection, rows),
                "left": store.leave(connection, ident, leave) if leave else 0,
            }
            if any(counts.values()):
                store.touch(connection, [ident], now)
                _note(connection, caller.handle, "group-altered", ident, now, counts)
            return _view(_known(connection, ident))

        return await self.database.write(transaction)

    async def list(self) -> tuple[GroupView, ...]:
        """Return all groups by name."""
        return tuple(_view(row) for row in await self.database.read(store.every))

    async def get(self, ident: str) -> GroupView:
        """Return one group."""
        return _view(await self.database.read(lambda c: _known(c, ident)))

    async def prune(self, now: datetime) -> Mapping[str, int]:
        """End the memberships of who cannot be texted any more (4.3); return how many, by why.

        One number that is left out for two reasons counts for the first of them. The audit log gets an entry
        for each group that became smaller, and one for the night.
        """
        most = self.settings.suspect_after
        found = await self.database.read(lambda c: store.over(c, now, most))
        if not any(found.values()):
            return dict.fromkeys(found, 0)
        return await self.database.write(lambda c: self._prune(c, now))

    def _prune(self, connection: Connection, now: datetime) -> Mapping[str, int]:
        counts: Counter[str] = Counter()
        by_group: dict[str, Counter[str]] = {}
        gone: dict[str, set[str]] = {}
        over = store.over(connection, now, self.settings.suspect_after)
        for why, rows in over.items():
            for row in rows:
                group, contact = row["group_id"], row["contact_id"]
                if contact not in gone.setdefault(group, set()):
                    gone[group].add(contact)
                    counts[why] += 1
                    by_group.setdefault(group, Counter())[why] += 1
        for group, contacts in gone.items():
            store.leave(connection, group, contacts)
            _note(connection, "gateway", "group-pruned", group, now, dict(by_group[group]))
        store.touch(connection, gone, now)
        return {why: counts[why] for why in over}


def _check(request: GroupRequest) -> None:
    def faults() -> Iterator[Fault]:
        if not NAME.fullmatch(request.name):
            yield Fault("name", "must be small letters, digits, - and _, beginning with a letter: year-7")
        if len(request.label) > _LONGEST_LABEL or not (request.label.isprintable()):
            yield Fault("label", f"must be one line of {_LONGEST_LABEL} characters at most")

    if found := tuple(faults()):
        raise Invalid(found)


def _known(connection: Connection, ident: str) -> RowMapping:
    row = store.one(connection, ident)
    if row is None:
        raise NotFound(f"there is no group {ident}")
    return row


def _as_seen(row: RowMapping, seen: str | None) -> None:
    if seen is not None and tag(row["id"], row["version"]) != seen:
        raise PreconditionFailed("the group has been changed since: read it again")


def _refuse_twin(connection: Connection, name: str, ident: str | None) -> None:
    if store.named(connection, [name]).get(name, ident) != ident:
        raise Conflict("GROUP_EXISTS", f"there is a group {name} already")


def _note(
    connection: Connection, by: str, action: str, target: str, now: datetime, detail: Mapping[str, Any]
) -> None:
    audit.record(
        connection,
        now,
        actor=by,
        action=action,
        target=target,
        outcome="recorded",
        clauses=["4.3"],
        detail=detail,
    )


def _view(row: RowMapping) -> GroupView:
    return GroupView(
        id=row["id"],
        name=row["name"],
        label=row["label"],
        contacts=row["contacts"],
        numbers=row["numbers"],
        version=row["version"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )
