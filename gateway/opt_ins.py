"""Who asked by form to be texted is asked once, by text, to confirm it; no reply is no consent (4.1)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, RowMapping

from gateway.consents import Consents
from gateway.errors import Conflict, Refusal
from gateway.ids import new_id
from gateway.outbound import Outbound
from gateway.records import Caller, ConsentRequest, MessageRequest, OptInView, Page
from gateway.store import audit, wordings
from gateway.store import opt_ins as store


@dataclass(frozen=True, slots=True)
class OptIns:
    """Asks people who asked us, once, by the template that the policy names."""

    consents: Consents
    outbound: Outbound

    async def ask(self, caller: Caller, request: ConsentRequest, language: str | None = None) -> OptInView:
        """Record who asked for what by which form, and send the one text that they are to confirm.

        Raises `Invalid` with every fault, `Refusal` where the policy lets no text go, `Conflict` where such a
        text is out already or the policy names no template.
        """
        now = self.consents.clock()
        number = self.consents.judged(request, now)
        settings = self.consents.settings.confirmation
        if not settings.template:
            raise Conflict(
                "CONFIRMATION_OFF", "the policy file names no template for it ([confirmation] template)"
            )
        until = now + timedelta(days=settings.days)
        text = MessageRequest(to=number, template=settings.template, language=language, confirms_until=until)
        found = await self.consents.database.write(lambda c: self._ask(c, caller, number, request, text, now))
        if isinstance(found, Refusal):
            raise found
        self.outbound.bell.ring()
        return found

    def _ask(
        self,
        connection: Connection,
        caller: Caller,
        number: str,
        request: ConsentRequest,
        text: MessageRequest,
        now: datetime,
    ) -> OptInView | Refusal:
        index = self.consents.keyring.index(number)
        store.lapse(connection, now, index)
        if (before := store.waiting(connection, index, now)) is not None:
            raise Conflict("CONFIRMATION_ASKED", f"{before['id']} waits for the reply of this number already")
        answer = self.outbound.enter(connection, caller, text, now)
        if answer.receipt is None:
            assert answer.considered is not None  # noqa: S101 - one of the two
            return Refusal(answer.considered.decision, now)
        ident = new_id("opi", now)
        store.add(connection, self._row(connection, caller, ident, number, request, now) | {
            "message_id": answer.receipt.id,
            "expires_at": text.confirms_until,
        })  # fmt: skip
        audit.record(
            connection,
            now,
            actor=caller.handle,
            action="consent-asked",
            target=ident,
            outcome="recorded",
            clauses=["4.1"],
            detail={
                "purposes": list(request.purposes),
                "method": request.method,
                "message": answer.receipt.id,
            },
        )
        row = store.one(connection, ident)
        assert row is not None  # noqa: S101 - written just now
        return self._view(row)

    def _row(
        self,
        connection: Connection,
        caller: Caller,
        ident: str,
        number: str,
        request: ConsentRequest,
        now: datetime,
    ) -> dict[str, Any]:
        keyring, shown = self.consents.keyring, request.wording.strip()
        return {
            "id": ident,
            "number_index": keyring.index(number),
            "number_sealed": keyring.seal("opt_in", "number", ident, number),
            "purposes": list(dict.fromkeys(request.purposes)),
            "method": request.method,
            "wording": shown,
            "wording_id": wordings.versions(connection, [shown]).get(shown),
            "evidence_sealed": keyring.seal("opt_in", "evidence", ident, request.evidence.strip()),
            "recorded_by": caller.handle,
            "asked_at": request.given_at,
            "created_at": now,
            "status": "waiting",
        }

    async def list(self, *, cursor: str | None = None, limit: int = 50) -> Page[OptInView]:
        """Return who was asked to confirm, newest first."""
        rows = await self.consents.database.read(lambda c: store.page(c, cursor, limit + 1))
        shown = tuple(self._view(row) for row in rows[:limit])
        return Page(shown, shown[-1].id if len(rows) > limit else None)

    def _view(self, row: RowMapping) -> OptInView:
        return OptInView(
            id=row["id"],
            number=self.consents.keyring.open("opt_in", "number", row["id"], row["number_sealed"]),
            purposes=tuple(row["purposes"]),
            method=row["method"],
            wording=row["wording"],
            recorded_by=row["recorded_by"],
            asked_at=row["asked_at"],
            expires_at=row["expires_at"],
            message_id=row["message_id"],
            status=row["status"],
            ended_at=row["ended_at"],
        )
