"""The same template to many: decided recipient by recipient, let go all at once or not at all.

Recipients are taken in runs of a hundred, so that an opt-out or a hand-off never waits for a batch. Until
the last run is in, every message of the batch is `held`; a crash before that leaves nothing to send.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, RowMapping

from gateway.errors import Conflict, NotFound
from gateway.ids import new_id
from gateway.model import CancelReason, HoldReason, Status
from gateway.outbound import Outbound, decision_row, digest_of, receipt_from, replayed
from gateway.records import (
    BatchLine,
    BatchReceipt,
    BatchRecipient,
    BatchRequest,
    BatchView,
    Caller,
    MessageRequest,
    Receipt,
)
from gateway.store import audit, events, idempotency, lifecycle, messages, outbox
from gateway.store.schema import message
from policy import Decision, Outcome

_RUN: Final = 100


@dataclass(slots=True)
class Batches:
    """The way in for many messages."""

    outbound: Outbound

    async def submit(
        self, caller: Caller, request: BatchRequest, idempotency_key: str | None = None
    ) -> BatchReceipt:
        """Decide on every recipient and accept those that the policy lets in.

        More than `bulk_above` recipients wait for a second person, unless the template is urgent.
        """
        database, clock = self.outbound.database, self.outbound.clock
        digest = digest_of(self.outbound.keyring, request)
        if idempotency_key is not None:
            before = await database.read(lambda c: replayed(c, caller, idempotency_key, digest))
            if before is not None:
                return _receipt_from(before)
        ident = new_id("bat", clock())
        await database.write(lambda c: self._begin(c, caller, ident, clock()))
        lines: list[BatchLine] = []
        for start in range(0, len(request.recipients), _RUN):
            take = partial(self._take, caller=caller, request=request, batch=ident, start=start)
            lines += await database.write(take)
        receipt = await database.write(
            lambda c: self._complete(c, caller, request, ident, lines, idempotency_key, digest, clock())
        )
        self.outbound.bell.ring()
        return receipt

    def _begin(self, connection: Connection, caller: Caller, ident: str, now: datetime) -> None:
        values = {
            "id": ident,
            "person_id": caller.person_id,
            "key_id": caller.key_id,
            "status": "accepting",
            "accepted": 0,
            "refused": 0,
            "created_at": now,
        }
        messages.add_batch(connection, values)

    def _take(
        self,
        connection: Connection,
        *,
        caller: Caller,
        request: BatchRequest,
        batch: str,
        start: int,
    ) -> list[BatchLine]:
        now = self.outbound.clock()
        run = request.recipients[start : start + _RUN]
        requests = [_single(request, recipient) for recipient in run]
        considered = self.outbound.desk.consider_many(
            connection, caller, requests, now, recipients_in_all=len(request.recipients)
        )
        lines, rows, entries = [], [], []
        for position, (single, verdict) in enumerate(zip(requests, considered, strict=True), start):
            ident = new_id("msg", now)
            entries.append(decision_row(caller, ident, verdict, now))
            if verdict.decision.outcome is Outcome.DENY:
                lines.append(BatchLine(position, None, verdict.decision))
                continue
            new = self.outbound.new_message(caller, single, verdict, ident, now, batch)
            if new.status in (Status.QUEUED, Status.SCHEDULED):
                new = replace(new, status=Status.HELD, hold_reason=HoldReason.BATCH)
            rows.append(outbox.seal(self.outbound.keyring, new))
            lines.append(BatchLine(position, Receipt(ident, new.status, new.hold_reason, new.parts), None))
        audit.append(connection, entries)
        outbox.add(connection, rows)
        return lines

    def _complete(
        self,
        connection: Connection,
        caller: Caller,
        request: BatchRequest,
        ident: str,
        lines: Sequence[BatchLine],
        key: str | None,
        digest: bytes,
        now: datetime,
    ) -> BatchReceipt:
        if key is not None and (before := replayed(connection, caller, key, digest)) is not None:
            return self._give_way(connection, ident, before, now)
        accepted = sum(line.receipt is not None for line in lines)
        needs_approval = self.outbound.desk.needs_approval(connection, request, accepted, now)
        status = "held" if needs_approval else "released"
        messages.amend_batch(
            connection, ident, status=status, accepted=accepted, refused=len(lines) - accepted
        )
        if needs_approval:
            lifecycle.hold_for(connection, _of(ident, HoldReason.BATCH), HoldReason.APPROVAL, now)
            kind = "approval.requested"
            events.add(connection, now, kind, ident, person_id=caller.person_id, detail="batch")
        else:
            lifecycle.let_go(connection, _of(ident, HoldReason.BATCH), now)
        audit.record(
            connection,
            now,
            actor=caller.handle,
            action="batch",
            target=ident,
            outcome=status,
            clauses=["3.3"] if needs_approval else [],
            detail={"accepted": accepted, "refused": len(lines) - accepted},
        )
        shown = tuple(_after(line, needs_approval=needs_approval, request=request, now=now) for line in lines)
        receipt = BatchReceipt(ident, status, accepted, len(lines) - accepted, shown)
        if key is not None:
            answer = asdict(receipt)
            idempotency.keep(
                connection, now, key_id=caller.key_id, key=key, request_hash=digest, response=answer
            )
        return receipt

    def _give_way(
        self, connection: Connection, ident: str, before: Mapping[str, Any], now: datetime
    ) -> BatchReceipt:
        """Drop this batch: the same request came twice at once, and the other was first."""
        lifecycle.cancel_waiting(connection, message.c.batch_id == ident, CancelReason.CALLER, now)
        messages.amend_batch(connection, ident, status="cancelled")
        return _receipt_from(before)

    async def view(self, caller: Caller, ident: str) -> BatchView:
        """Return a batch of the caller's person and how far it is."""
        return await self.outbound.database.read(lambda c: self._view(c, caller, ident))

    def _view(self, connection: Connection, caller: Caller, ident: str) -> BatchView:
        return _batch_view(connection, self._own(connection, caller, ident))

    def _own(self, connection: Connection, caller: Caller, ident: str) -> RowMapping:
        row = messages.one_batch(connection, ident)
        if row is None or row["person_id"] != caller.person_id:
            raise NotFound(f"there is no batch {ident}")
        return row

    async def approve(self, caller: Caller, ident: str) -> BatchView:
        """Let a held batch go; only a person other than its sender may (two people)."""

        def transaction(connection: Connection) -> BatchView:
            now = self.outbound.clock()
            row = messages.one_batch(connection, ident)
            if row is None:
                raise NotFound(f"there is no batch {ident}")
            if row["status"] != "held":
                raise Conflict("NOT_HELD", f"the batch is {row['status']}, not held")
            if row["person_id"] == caller.person_id:
                raise Conflict("SECOND_PERSON_REQUIRED", "the sender of a batch cannot approve it")
            messages.amend_batch(connection, ident, status="released", approver_id=caller.person_id)
            lifecycle.let_go(connection, _of(ident, HoldReason.APPROVAL), now)
            events.add(connection, now, "approval.given", ident, person_id=row["person_id"], detail="batch")
            audit.record(
                connection,
                now,
                actor=caller.handle,
                action="batch-approve",
                target=ident,
                outcome="released",
                clauses=["3.3"],
            )
            return _batch_view(connection, _present(messages.one_batch(connection, ident)))

        view = await self.outbound.database.write(transaction)
        self.outbound.bell.ring()
        return view

    async def cancel(self, caller: Caller, ident: str) -> BatchView:
        """Cancel what of a batch still waits."""

        def transaction(connection: Connection) -> BatchView:
            now = self.outbound.clock()
            self._own(connection, caller, ident)
            lifecycle.cancel_waiting(connection, message.c.batch_id == ident, CancelReason.CALLER, now)
            messages.amend_batch(connection, ident, status="cancelled")
            audit.record(
                connection,
                now,
                actor=caller.handle,
                action="batch-cancel",
                target=ident,
                outcome="cancelled",
            )
            return self._view(connection, caller, ident)

        return await self.outbound.database.write(transaction)


def _single(request: BatchRequest, recipient: BatchRecipient) -> MessageRequest:
    return MessageRequest(
        to=recipient.to,
        template=request.template,
        slots={**request.slots, **recipient.slots},
        language=request.language,
        purpose=request.purpose,
        reference=recipient.reference,
        priority=request.priority,
        not_before=request.not_before,
        validity=request.validity,
    )


def _of(batch: str, reason: HoldReason) -> ColumnElement[bool]:
    return (message.c.batch_id == batch) & (message.c.hold_reason == reason)


def _after(line: BatchLine, *, needs_approval: bool, request: BatchRequest, now: datetime) -> BatchLine:
    """Return the line as it stands when the batch is complete."""
    if line.receipt is None or line.receipt.hold_reason is not HoldReason.BATCH:
        return line
    later = request.not_before is not None and request.not_before > now
    status = Status.HELD if needs_approval else Status.SCHEDULED if later else Status.QUEUED
    reason = HoldReason.APPROVAL if needs_approval else None
    receipt = Receipt(line.receipt.id, status, reason, line.receipt.parts)
    return BatchLine(line.position, receipt, None)


def _present(row: RowMapping | None) -> RowMapping:
    assert row is not None  # noqa: S101 - read in the same transaction before
    return row


def _batch_view(connection: Connection, row: RowMapping) -> BatchView:
    return BatchView(
        id=row["id"],
        status=row["status"],
        accepted=row["accepted"],
        refused=row["refused"],
        created_at=row["created_at"],
        messages=messages.batch_counts(connection, row["id"]),
    )


def _receipt_from(answer: Mapping[str, Any]) -> BatchReceipt:
    """Return the receipt that was kept, marked as a replay."""
    lines = tuple(
        BatchLine(
            position=line["position"],
            receipt=receipt_from(line["receipt"]) if line["receipt"] else None,
            decision=Decision.from_dict(line["decision"]) if line["decision"] else None,
        )
        for line in answer["lines"]
    )
    return BatchReceipt(
        answer["id"], answer["status"], answer["accepted"], answer["refused"], lines, replayed=True
    )
