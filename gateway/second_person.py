"""What the second person sees and does: the list of what waits for them, and their answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

import structlog
from sqlalchemy import Connection, RowMapping

from gateway import approvals
from gateway.approvals import Asked, Ruling, Subject
from gateway.errors import Fault, Invalid, NotFound
from gateway.model import Clock
from gateway.records import ApprovalKind, ApprovalOutcome, ApprovalView, Caller, Page
from gateway.store import Database, Keyring, StoreUnavailable
from gateway.store import approvals as store

log = structlog.get_logger()

_LOOK: Final = 60.0  # seconds between two looks for what nobody decided in time
_LONGEST: Final = 500


@dataclass(slots=True)
class Approvals:
    """One list for every kind of thing that takes two people."""

    database: Database
    keyring: Keyring
    clock: Clock
    subjects: Mapping[ApprovalKind, Subject]

    async def list(
        self,
        caller: Caller,
        *,
        outcome: ApprovalOutcome | None = None,
        cursor: str | None = None,
        limit: int = 50,
    ) -> Page[ApprovalView]:
        """Return what the caller may decide about or asked for, newest first; no outcome: what is open.

        What has changed or passed since it was asked is not open.
        """
        kinds = [kind for kind, subject in self.subjects.items() if subject.scope in caller.scopes]

        def query(connection: Connection) -> tuple[list[RowMapping], str | None]:
            rows = store.page(
                connection,
                outcome=outcome,
                kinds=kinds,
                person_id=caller.person_id,
                before=cursor,
                limit=limit + 1,
            )
            following = rows[limit - 1]["id"] if len(rows) > limit else None
            return [row for row in rows[:limit] if outcome or self._stands(connection, row)], following

        rows, following = await self.database.read(query)
        return Page(tuple(self._view(row) for row in rows), following)

    def _stands(self, connection: Connection, row: RowMapping) -> bool:
        asked = approvals.asked_of(row)
        digest = self.subjects[asked.kind].digest(connection, asked)
        return asked.expires_at > self.clock() and digest == asked.digest

    async def get(self, caller: Caller, ident: str) -> ApprovalView:
        """Return one with what is to be approved; it is the caller's to see as in `list`."""

        def query(connection: Connection) -> ApprovalView:
            row, asked = self._known(connection, caller, ident)
            content = {} if asked.outcome else self.subjects[asked.kind].show(connection, asked)
            return replace(self._view(row), content=content)

        return await self.database.read(query)

    async def approve(self, caller: Caller, ident: str) -> ApprovalView:
        """Carry out what was asked, as the second person.

        Raises `Conflict` for who asked for it and for what is open no more, `Refusal` where the policy no
        longer permits it.
        """
        now = self.clock()
        return await self._decide(caller, ident, lambda c, s, a: approvals.approve(c, s, a, caller, now))

    async def refuse(self, caller: Caller, ident: str, reason: str = "") -> ApprovalView:
        """End what was asked; who asked may do that, too. Raises as `approve`."""
        if len(reason) > _LONGEST:
            raise Invalid((Fault("reason", f"must have at most {_LONGEST} characters"),))
        now, text = self.clock(), reason.strip()
        sealed = self.keyring.seal("approval", "reason", ident, text) if text else None
        return await self._decide(
            caller, ident, lambda c, s, a: approvals.refuse(c, s, a, caller, now, sealed)
        )

    async def _decide(
        self, caller: Caller, ident: str, decide: Callable[[Connection, Subject, Asked], Ruling]
    ) -> ApprovalView:
        def transaction(connection: Connection) -> tuple[Asked, Ruling]:
            _, asked = self._known(connection, caller, ident)
            return asked, decide(connection, self.subjects[asked.kind], asked)

        asked, ruling = await self.database.write(transaction)
        await self.subjects[asked.kind].settled(asked.target)
        if ruling.outcome is not ApprovalOutcome.REFUSED:
            ruling.insist()
        return await self.get(caller, ident)

    async def run(self) -> None:
        """End what nobody decided in time, until cancelled."""
        while True:
            try:
                await self.expire()
            except StoreUnavailable as exc:
                log.warning("store unavailable", action="store_unavailable", why=str(exc))
            await asyncio.sleep(_LOOK)

    async def expire(self) -> None:
        """End what nobody decided in time."""
        now = self.clock()
        due = await self.database.read(lambda c: [approvals.asked_of(row) for row in store.overdue(c, now)])
        for asked in due:
            subject = self.subjects[asked.kind]
            end = partial(approvals.expire, subject=subject, asked=asked, now=now)
            await self.database.write(end)
            await subject.settled(asked.target)

    def _known(self, connection: Connection, caller: Caller, ident: str) -> tuple[RowMapping, Asked]:
        row = store.one(connection, ident)
        if row is not None:
            asked = approvals.asked_of(row)
            if caller.person_id == asked.person_id or self.subjects[asked.kind].scope in caller.scopes:
                return row, asked
        raise NotFound(f"there is no approval {ident}, or it is not yours to decide")

    def _view(self, row: RowMapping) -> ApprovalView:
        sealed = row["reason_sealed"]
        return ApprovalView(
            id=row["id"],
            kind=ApprovalKind(row["kind"]),
            target=row["target"],
            summary=row["summary"],
            requested_by=row["asker"],
            requested_at=row["requested_at"],
            expires_at=row["expires_at"],
            decided_by=row["decider"],
            decided_at=row["decided_at"],
            outcome=None if row["outcome"] is None else ApprovalOutcome(row["outcome"]),
            reason=None if sealed is None else self.keyring.open("approval", "reason", row["id"], sealed),
        )
