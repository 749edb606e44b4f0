"""What callers may look at: messages, decisions, the inbox, the quarantine."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from sqlalchemy import Connection, RowMapping

from gateway.errors import NotFound
from gateway.model import CancelReason, HoldReason, Status
from gateway.records import (
    AuditView,
    Caller,
    InboxView,
    MessageView,
    Page,
    PartView,
    QuarantineView,
)
from gateway.store import Database, Keyring, audit, inbox, messages

V = TypeVar("V")


@dataclass(slots=True)
class Queries:
    """Reads only. A caller sees the messages of its own person."""

    database: Database
    keyring: Keyring

    async def message(self, caller: Caller, ident: str) -> MessageView:
        """Return one message; `NotFound` where there is none or it is another person's."""
        return await self.database.read(lambda c: self._message(c, caller, ident))

    def _message(self, connection: Connection, caller: Caller, ident: str) -> MessageView:
        row = messages.one(connection, ident)
        if row is None or row["person_id"] != caller.person_id:
            raise NotFound(f"there is no message {ident}")
        return self._view(row, messages.parts_of(connection, [ident])[ident])

    async def messages(
        self,
        caller: Caller,
        *,
        status: Status | None = None,
        reference: str | None = None,
        purpose: str | None = None,
        batch_id: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        among: Collection[Status] = (),
        cursor: str | None = None,
        limit: int = 50,
    ) -> Page[MessageView]:
        """Return messages, newest first."""
        wanted = messages.Filter(
            person_id=caller.person_id,
            status=status,
            reference=reference,
            purpose=purpose,
            batch_id=batch_id,
            since=since,
            until=until,
            among=among,
        )

        def query(connection: Connection) -> Page[MessageView]:
            rows = messages.page(connection, wanted, cursor, limit + 1)
            parts = messages.parts_of(connection, [row["id"] for row in rows])
            return _page(rows, limit, lambda row: self._view(row, parts[row["id"]]))

        return await self.database.read(query)

    async def why(self, caller: Caller, ident: str) -> tuple[AuditView, ...]:
        """Return every decision taken on a message, with its facts."""

        def query(connection: Connection) -> tuple[AuditView, ...]:
            self._message(connection, caller, ident)
            return tuple(_audit_view(row) for row in audit.of_target(connection, ident))

        return await self.database.read(query)

    async def inbox(self, *, cursor: str | None = None, limit: int = 50) -> Page[InboxView]:
        """Return what came in, newest first."""
        rows = await self.database.read(lambda c: inbox.page(c, cursor, limit + 1))
        return _page(rows, limit, self._inbox_view)

    async def inbox_message(self, ident: str) -> InboxView:
        """Return one message that came in; `NotFound` where there is none."""
        row = await self.database.read(lambda c: inbox.one(c, ident))
        if row is None:
            raise NotFound(f"there is no message {ident} in the inbox")
        return self._inbox_view(row)

    async def quarantine(self, *, cursor: str | None = None, limit: int = 50) -> Page[QuarantineView]:
        """Return the PDUs that could not be decoded, newest first."""
        rows = await self.database.read(lambda c: inbox.quarantine(c, cursor, limit + 1))
        return _page(rows, limit, self._quarantine_view)

    def _view(self, row: RowMapping, parts: Sequence[RowMapping]) -> MessageView:
        ident = row["id"]
        return MessageView(
            id=ident,
            status=Status(row["status"]),
            hold_reason=HoldReason(row["hold_reason"]) if row["hold_reason"] else None,
            cancel_reason=CancelReason(row["cancel_reason"]) if row["cancel_reason"] else None,
            to=self.keyring.open("message", "number", ident, row["number_sealed"]),
            purpose=row["purpose"],
            template=row["template_name"],
            template_id=row["template_id"],
            text=self.keyring.open("message", "body", ident, row["body_sealed"]),
            reference=row["reference"],
            batch_id=row["batch_id"],
            created_at=row["created_at"],
            updated_at=row["updated_at"],
            not_before=row["not_before"],
            expires_at=row["expires_at"],
            parts=tuple(_part_view(part) for part in parts),
        )

    def _inbox_view(self, row: RowMapping) -> InboxView:
        ident = row["id"]
        return InboxView(
            id=ident,
            sender=self.keyring.open("inbox", "number", ident, row["number_sealed"]),
            text=self.keyring.open("inbox", "text", ident, row["text_sealed"]),
            tier=row["tier"],
            complete=row["complete"],
            modem=row["modem"],
            sent_at=row["sent_at"],
            received_at=row["received_at"],
        )

    def _quarantine_view(self, row: RowMapping) -> QuarantineView:
        return QuarantineView(
            id=row["id"],
            pdu=self.keyring.open("inbound", "pdu", row["id"], row["pdu_sealed"]),
            detail=row["detail"] or "",
            modem=row["modem"],
            received_at=row["received_at"],
        )


def _page(rows: Sequence[RowMapping], limit: int, view: Callable[[RowMapping], V]) -> Page[V]:
    """Return a page of at most `limit`; one row more than that was asked for, to know of a next page."""
    shown = rows[:limit]
    return Page(tuple(view(row) for row in shown), shown[-1]["id"] if len(rows) > limit else None)


def _part_view(row: RowMapping) -> PartView:
    return PartView(
        number=row["number"],
        status=Status(row["status"]),
        modem=row["modem"],
        mr=row["mr"],
        attempts=row["attempts"],
        sent_at=row["sent_at"],
        final_at=row["final_at"],
        tp_status=row["tp_status"],
        cause=row["cause"],
    )


def _audit_view(row: RowMapping) -> AuditView:
    return AuditView(
        seq=row["seq"],
        at=row["at"],
        actor=row["actor"],
        action=row["action"],
        outcome=row["outcome"],
        clauses=tuple(row["clauses"]),
        detail=row["detail"],
    )
