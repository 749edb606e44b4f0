"""The wordings of consent: what people are shown when they agree, each version with its hash (4.1)."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, RowMapping

from gateway.errors import Fault, Invalid, NotFound
from gateway.ids import new_id
from gateway.model import Clock
from gateway.records import Caller, WordingView
from gateway.store import Database, audit
from gateway.store import wordings as store

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_LONGEST: Final = 5000


@dataclass(slots=True)
class Wordings:
    """Versions are added, and never changed or removed: consents rest on them."""

    database: Database
    clock: Clock

    async def add(self, caller: Caller, name: str, text: str) -> WordingView:
        """Put the next version of a wording on record; the same text as the newest is that version."""
        self._check(name, text)
        digest = hashlib.sha256(text.encode()).hexdigest()

        def transaction(connection: Connection) -> WordingView:
            now = self.clock()
            newest = store.versions(connection, [name]).get(name)
            row = None if newest is None else store.one(connection, newest)
            if row is not None and row["text_hash"] == digest:
                return _view(row)
            ident = new_id("wrd", now)
            values = {"id": ident, "name": name, "text": text, "text_hash": digest}
            version = store.add(connection, values | {"recorded_by": caller.handle, "created_at": now})
            audit.record(
                connection,
                now,
                actor=caller.handle,
                action="wording-added",
                target=ident,
                outcome="recorded",
                clauses=["4.1"],
                detail={"name": name, "version": version, "sha256": digest},
            )
            return self._one(connection, ident)

        return await self.database.write(transaction)

    async def list(self) -> tuple[WordingView, ...]:
        """Return all versions by name."""
        return tuple(_view(row) for row in await self.database.read(store.every))

    async def get(self, ident: str) -> WordingView:
        """Return one version."""
        return await self.database.read(lambda c: self._one(c, ident))

    def _one(self, connection: Connection, ident: str) -> WordingView:
        row = store.one(connection, ident)
        if row is None:
            raise NotFound(f"there is no wording {ident}")
        return _view(row)

    def _check(self, name: str, text: str) -> None:
        faults = []
        if not _NAME.fullmatch(name):
            faults.append(Fault("name", "must be letters, digits, dots, - and _, such as admission-2026"))
        if not 1 <= len(text.strip()) <= _LONGEST:
            faults.append(Fault("text", f"must have 1 to {_LONGEST} characters, as people are shown it"))
        if faults:
            raise Invalid(tuple(faults))


def _view(row: RowMapping) -> WordingView:
    return WordingView(
        id=row["id"],
        name=row["name"],
        version=row["version"],
        text=row["text"],
        text_hash=row["text_hash"],
        recorded_by=row["recorded_by"],
        created_at=row["created_at"],
    )
