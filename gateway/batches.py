"""The same template to many: decided recipient by recipient, let go all at once or not at all.

Recipients are taken in short runs, so that an opt-out or a hand-off never waits for a batch. Until the last
run is in, every message of the batch is `held`; a crash before that leaves nothing to send.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any, Final

import structlog
from sqlalchemy import Connection, RowMapping

from gateway import approvals, violations
from gateway.approvals import Ruling
from gateway.batch_answers import kept, receipt_of, restored, suspended
from gateway.batch_approval import BatchApproval
from gateway.batch_groups import expanded, single
from gateway.batch_progress import follow
from gateway.errors import Conflict, NotFound, Refusal
from gateway.ids import new_id
from gateway.model import WAITING, HoldReason, Status
from gateway.outbound import Outbound, decision_row, digest_of, replayed
from gateway.records import (
    ApprovalKind,
    BatchLine,
    BatchReceipt,
    BatchRecipient,
    BatchRequest,
    BatchView,
    Caller,
    Receipt,
)
from gateway.store import audit, idempotency, messages, outbox, references
from policy import Outcome

log = structlog.get_logger()

_RUN: Final = 20  # recipients in one transaction


@dataclass(slots=True)
class Batches:
    """The way in for many messages."""

    outbound: Outbound

    @property
    def _approval(self) -> BatchApproval:
        return BatchApproval(self.outbound)

    async def submit(
        self, caller: Caller, request: BatchRequest, idempotency_key: str | None = None
    ) -> BatchReceipt:
        """Decide on every recipient and accept those that the policy lets in.

        More than `bulk_above` recipients wait for a second person, unless the template is urgent. Raises
        `Conflict` for a reference that the key has used, or an Idempotency-Key that came with another body.
        """
        database, clock = self.outbound.database, self.outbound.clock
        digest = await asyncio.to_thread(digest_of, self.outbound.keyring, request)
        if idempotency_key is not None:
            before = await database.read(lambda c: replayed(c, caller, idempotency_key, digest))
            if before is not None:
                return restored(before)
        outbound = self.outbound
        request = await expanded(database, outbound.keyring, outbound.desk.settings, request)
        ident = new_id("bat", clock())
        await database.write(lambda c: self._begin(c, caller, ident, clock()))
        try:
            lines = await self._take_all(caller, request, ident, digest)
        except (Conflict, Refusal):
            await self._drop(ident)
            raise
        return await self._finish(caller, request, ident, lines, idempotency_key, digest)

    async def _take_all(
        self, caller: Caller, request: BatchRequest, ident: str, digest: bytes
    ) -> Sequence[BatchLine]:
        lines: list[BatchLine] = []
        for start in range(0, len(request.recipients), _RUN):
            take = partial(
                self._take, caller=caller, request=request, batch=ident, start=start, digest=digest
            )
            lines += await self.outbound.database.write(take)
            if why := suspended(lines[-1]):
                raise Refusal(why)
        return lines

    async def _finish(
        self,
        caller: Caller,
        request: BatchRequest,
        ident: str,
        lines: Sequence[BatchLine],
        key: str | None,
        digest: bytes,
    ) -> BatchReceipt:
        """Decide on the batch as a whole, in one transaction; then let its messages follow."""
        database, now = self.outbound.database, self.outbound.clock()
        accepted = sum(line.receipt is not None for line in lines)
        desk = self.outbound.desk
        needs_approval = await database.read(lambda c: desk.needs_approval(c, request, accepted))
        doubtful = any(line.receipt and line.receipt.hold_reason is HoldReason.APPROVAL for line in lines)
        status = "held" if needs_approval or doubtful else "released"
        receipt = await asyncio.to_thread(receipt_of, ident, status, lines)
        answer = None if key is None else (key, digest, await asyncio.to_thread(kept, receipt))
        before = await database.write(lambda c: self._complete(c, caller, receipt, answer, now))
        if before is not None:  # the same request came twice at once, and the other was first
            await self._drop(ident)
            return restored(before)
        await self._follow(ident)
        self.outbound.bell.ring()
        log.info("batch accepted", action="batch_accepted", batch=ident, messages=accepted)
        return receipt

    async def _drop(self, ident: str) -> None:
        """Have nothing of a batch sent."""
        database = self.outbound.database
        await database.write(lambda c: messages.amend_batch(c, ident, status="cancelled"))
        await self._follow(ident)

    async def _follow(self, ident: str) -> None:
        """Have its messages follow what was decided about it."""
        outbound = self.outbound
        await follow(outbound.database, outbound.desk, ident, outbound.clock)

    def _begin(self, connection: Connection, caller: Caller, ident: str, now: datetime) -> None:
        whose = {"person_id": caller.person_id, "key_id": caller.key_id}
        counts = {"accepted": 0, "refused": 0}
        messages.add_batch(
            connection, {"id": ident, "status": "accepting", "created_at": now} | whose | counts
        )

    def _take(
        self,
        connection: Connection,
        *,
        caller: Caller,
        request: BatchRequest,
        batch: str,
        start: int,
        digest: bytes,
    ) -> list[BatchLine]:
        now = self.outbound.clock()
        run = request.recipients[start : start + _RUN]
        refuse_used(connection, caller, run, start)
        requests = [single(request, recipient) for recipient in run]
        considered = self.outbound.desk.consider_many(
            connection, caller, requests, now, recipients_in_all=len(request.recipients)
        )
        lines, rows, entries, named = [], [], [], {}
        for position, (each, one, verdict) in enumerate(zip(run, requests, considered, strict=True), start):
            ident = new_id("msg", now)
            entries.append(decision_row(caller, ident, verdict, now))
            if verdict.decision.outcome is Outcome.DENY:
                lines.append(BatchLine(position, None, verdict.decision, each.group, each.contact))
                continue
            new = self.outbound.new_message(caller, one, verdict, ident, now, batch)
            if new.hold_reason is HoldReason.REVIEW:  # the second person decides about the whole batch
                new = replace(new, hold_reason=HoldReason.APPROVAL)
            then = new.status  # once the batch is let go
            if new.hold_reason is HoldReason.QUIET_HOURS:
                then = Status.SCHEDULED  # for when the window opens
            if then is not Status.HELD:  # it waits for the rest of the batch
                new = replace(new, status=Status.HELD, hold_reason=HoldReason.BATCH)
            rows.append(outbox.seal(self.outbound.keyring, new))
            if one.reference is not None:
                named[one.reference] = {"id": ident}
            receipt = Receipt(ident, then, new.hold_reason, new.parts, verdict.language)
            lines.append(BatchLine(position, receipt, None, each.group, each.contact))
        audit.append(connection, entries)
        outbox.add(connection, rows)
        considered[0].tally.spend(connection, len(rows))
        references.keep(connection, caller.key_id, digest, named)
        return lines

    def _complete(
        self,
        connection: Connection,
        caller: Caller,
        receipt: BatchReceipt,
        answer: tuple[str, bytes, Mapping[str, Any]] | None,
        now: datetime,
    ) -> Mapping[str, Any] | None:
        """Write what a batch came to; return the answer that was given to the same request before."""
        if answer is not None:
            key, digest, response = answer
            if (before := replayed(connection, caller, key, digest)) is not None:
                return before
            idempotency.keep(
                connection, now, key_id=caller.key_id, key=key, request_hash=digest, response=response
            )
        ident, held = receipt.id, receipt.status == "held"
        refused = (line.decision for line in receipt.lines if line.decision is not None)
        violations.note(connection, self.outbound.desk.settings, caller, ident, refused, now)
        counts = {"accepted": receipt.accepted, "refused": receipt.refused}
        messages.amend_batch(connection, ident, status=receipt.status, **counts)
        if held:
            self._approval.ask(connection, _known(connection, ident), now)
        audit.record(
            connection,
            now,
            actor=caller.handle,
            action="batch",
            target=ident,
            outcome=receipt.status,
            clauses=["3.3"] if held else [],
            detail=counts,
        )
        return None

    async def view(self, caller: Caller, ident: str) -> BatchView:
        """Return a batch of the caller's person and how far it is."""

        def query(connection: Connection) -> BatchView:
            _own(connection, caller, ident)
            return _view(connection, ident)

        return await self.outbound.database.read(query)

    async def approve(self, caller: Caller, ident: str) -> BatchView:
        """Let a held batch go: the same as to approve what was asked about it. Raises `Conflict`."""
        subject = self._approval

        def transaction(connection: Connection) -> Ruling:
            now, row = self.outbound.clock(), _known(connection, ident)
            if row["status"] != "held":
                raise Conflict("NOT_HELD", f"the batch is {row['status']}, not held")
            asked = approvals.pending(connection, ApprovalKind.BATCH, ident)
            return approvals.approve(
                connection, subject, asked or subject.ask(connection, row, now), caller, now
            )

        ruling = await self.outbound.database.write(transaction)
        await subject.settled(ident)
        ruling.insist()
        return await self.outbound.database.read(lambda c: _view(c, ident))

    async def cancel(self, caller: Caller, ident: str) -> BatchView:
        """Cancel what of a batch still waits; `Conflict` when all of it has left or ended."""

        def transaction(connection: Connection) -> None:
            row, left = _own(connection, caller, ident), messages.batch_counts(connection, ident).keys()
            if row["status"] == "released" and WAITING.isdisjoint(left):
                raise Conflict("NOT_CANCELLABLE", "nothing of the batch waits any more")
            messages.amend_batch(connection, ident, status="cancelled")
            now, who = self.outbound.clock(), caller.handle
            audit.record(connection, now, actor=who, action="batch-cancel", target=ident, outcome="cancelled")

        await self.outbound.database.write(transaction)
        await self._follow(ident)
        return await self.outbound.database.read(lambda c: _view(c, ident))


def refuse_used(connection: Connection, caller: Caller, run: Sequence[BatchRecipient], start: int) -> None:
    """Raise `Conflict` where a recipient has a reference that was used before, or by an earlier recipient."""
    names = [each.reference for each in run if each.reference is not None]
    taken = set(references.used(connection, caller.key_id, names)) if names else set()
    for position, each in enumerate(run, start):
        if each.reference in taken:
            raise Conflict(
                "REFERENCE_CONFLICT",
                f"recipients.{position}.reference was used before with this key: nothing was sent",
            )
        if each.reference is not None:
            taken.add(each.reference)


def _own(connection: Connection, caller: Caller, ident: str) -> RowMapping:
    row = _known(connection, ident)
    if row["person_id"] != caller.person_id:
        raise NotFound(f"there is no batch {ident}")
    return row


def _known(connection: Connection, ident: str) -> RowMapping:
    row = messages.one_batch(connection, ident)
    if row is None:
        raise NotFound(f"there is no batch {ident}")
    return row


def _view(connection: Connection, ident: str) -> BatchView:
    row = _known(connection, ident)
    return BatchView(
        id=row["id"],
        status=row["status"],
        accepted=row["accepted"],
        refused=row["refused"],
        created_at=row["created_at"],
        messages=messages.batch_counts(connection, row["id"]),
    )
