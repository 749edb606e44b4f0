"""Submit, check and cancel one message. The decision and its message are one transaction."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

import structlog
from sqlalchemy import Connection

from gateway import sms, violations
from gateway.bell import Bell
from gateway.entering import check_on_doubt, new_message
from gateway.errors import Conflict, NotFound, Refusal
from gateway.facts import Considered, PolicyDesk
from gateway.forecast import Line, drain
from gateway.ids import new_id
from gateway.message_approval import FOR_A_PERSON, MessageApproval
from gateway.model import WAITING, CancelReason, Clock, HoldReason, Status
from gateway.records import (
    BatchRequest,
    Caller,
    CheckReport,
    MessageRequest,
    Receipt,
)
from gateway.store import (
    Database,
    Keyring,
    audit,
    doubts,
    events,
    idempotency,
    lifecycle,
    messages,
    outbox,
    references,
)
from gateway.store.schema import message
from policy import Outcome

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Answer:
    """What a submission came to: a receipt, or why not."""

    receipt: Receipt | None
    considered: Considered | None


@dataclass(slots=True)
class Outbound:
    """The way in for one message."""

    database: Database
    keyring: Keyring
    desk: PolicyDesk
    bell: Bell
    clock: Clock
    validity: timedelta
    lines: Sequence[Line]
    lane: Callable[[str], str] = lambda _: ""  # of a number, where routing speaks of it

    @property
    def approval(self) -> MessageApproval:
        """What lets a held message go."""
        return MessageApproval(self.database, self.keyring, self.desk, self.bell)

    async def submit(
        self, caller: Caller, request: MessageRequest, idempotency_key: str | None = None
    ) -> Receipt:
        """Decide and, if the policy lets it, accept a message durably.

        Raises `Refusal` with every reason, `Conflict` for an Idempotency-Key or a reference that came with
        another body; with the same body either gets the answer of the first time. `Invalid` for an `on_doubt`
        that the template does not bear.
        """
        named = idempotency_key is not None or request.reference is not None
        digest = digest_of(self.keyring, request) if named else b""  # else nothing is compared
        answer = await self.database.write(
            lambda c: self._submit(c, caller, request, idempotency_key, digest, self.clock())
        )
        if answer.receipt is None:
            assert answer.considered is not None  # noqa: S101 - one of the two
            raise Refusal(answer.considered.decision, self.clock())
        self.bell.ring()
        if not answer.receipt.replayed:
            log.info("message accepted", action="message_accepted", message=answer.receipt.id)
        return answer.receipt

    def _submit(
        self,
        connection: Connection,
        caller: Caller,
        request: MessageRequest,
        key: str | None,
        digest: bytes,
        now: datetime,
    ) -> Answer:
        before = replayed(connection, caller, key, digest) if key is not None else None
        before = before or _told_before(connection, caller, request, digest)
        if before is not None:
            return Answer(receipt_from(before), None)
        found = self.enter(connection, caller, request, now)
        if found.receipt is not None and (key is not None or request.reference is not None):
            answer = asdict(found.receipt)
            if key is not None:
                idempotency.keep(
                    connection, now, key_id=caller.key_id, key=key, request_hash=digest, response=answer
                )
            if request.reference is not None and not request.shared_reference:
                references.keep(connection, caller.key_id, digest, {request.reference: answer})
        return found

    def enter(self, connection: Connection, caller: Caller, request: MessageRequest, now: datetime) -> Answer:
        """Decide on one message and, if the policy lets it, put it into the outbox of this transaction."""
        considered = self.desk.consider(connection, caller, request, now)
        check_on_doubt(request, considered)
        ident = new_id("msg", now)
        audit.append(connection, [decision_row(caller, ident, considered, now)])
        if considered.decision.outcome is Outcome.DENY:
            violations.note(connection, self.desk.settings, caller, ident, [considered.decision], now)
            return Answer(None, considered)
        new = self.new_message(caller, request, considered, ident, now)
        outbox.add(connection, [outbox.seal(self.keyring, new)])
        considered.tally.spend(connection, 1)
        if new.hold_reason in FOR_A_PERSON:
            self.approval.ask(connection, ident, considered.decision, now)
        elif new.status is Status.DELIVERED:
            events.tell_message(connection, ident, now)
        receipt = Receipt(ident, new.status, new.hold_reason, new.parts, considered.language)
        return Answer(receipt, considered)

    def new_message(
        self,
        caller: Caller,
        request: MessageRequest,
        considered: Considered,
        ident: str,
        now: datetime,
        batch_id: str | None = None,
    ) -> outbox.NewMessage:
        """Return the message that a decision lets in, with the status it begins in."""
        new = new_message(caller, request, considered, ident, self.validity, now, batch_id)
        lane = self.lane(new.number)
        return replace(new, lane=lane) if lane else new

    async def check(self, caller: Caller, request: MessageRequest) -> CheckReport:
        """Say what a submission would come to, and change nothing. Raises `Invalid` as `submit` does."""
        now = self.clock()

        def query(connection: Connection) -> tuple[Considered, int]:
            return self.desk.consider(connection, caller, request, now), outbox.waiting(connection)

        considered, queue = await self.database.read(query)
        check_on_doubt(request, considered)
        split = considered.split
        without = _without(considered.text, split)
        return CheckReport(
            decision=considered.decision,
            text=considered.text,
            parts=len(split.parts),
            alphabet=split.alphabet.value,
            units=split.units,
            forced_by=split.forced_by,
            parts_without=without,
            queue=queue,
            leaves_at=considered.due,
            seconds=self._estimate(considered, queue + len(split.parts), now),
        )

    def _estimate(self, considered: Considered, parts: int, now: datetime) -> float | None:
        """Return the seconds until a message is sent that so many parts go with or before."""
        work = drain(self.lines, parts, now)
        done = None if work is None else considered.tally.done(considered.due, work)
        return None if done is None else (done - now).total_seconds()

    async def cancel(self, caller: Caller, ident: str) -> None:
        """Cancel what still waits; `Conflict` when it has left or ended."""
        await self.database.write(lambda c: self._cancel(c, caller, ident, self.clock()))

    def _cancel(self, connection: Connection, caller: Caller, ident: str, now: datetime) -> None:
        row = messages.one(connection, ident)
        if row is None or row["person_id"] != caller.person_id:
            raise NotFound(f"there is no message {ident}")
        if Status(row["status"]) not in WAITING:
            raise Conflict(
                "NOT_CANCELLABLE", f"the message is {row['status']}: only what waits can be cancelled"
            )
        lifecycle.cancel_waiting(connection, message.c.id == ident, CancelReason.CALLER, now)
        became = doubts.statuses(connection, [ident])[ident]
        audit.record(connection, now, actor=caller.handle, action="cancel", target=ident, outcome=became)


def _without(text: str, split: sms.Split) -> int | None:
    """Return the parts it would take without the characters that force UCS-2."""
    if split.forced_by is None:
        return None
    plain = "".join(char for char in text if sms.split(char).forced_by is None)
    return len(sms.split(plain).parts)


def decision_row(caller: Caller, target: str, considered: Considered, now: datetime) -> dict[str, Any]:
    """Return the audit entry of a decision at submission."""
    return audit.row(
        now,
        actor=caller.handle,
        action="submit",
        target=target,
        outcome=considered.decision.outcome.value,
        clauses=[reason.clause for reason in considered.decision.reasons],
        detail={
            "codes": [reason.code for reason in considered.decision.reasons],
            "key": caller.key_id,
            "facts": considered.facts,
        },
    )


def digest_of(keyring: Keyring, request: MessageRequest | BatchRequest) -> bytes:
    """Return a keyed digest of a request; equal requests give equal digests.

    A batch is taken piece by piece, so that other threads get their turn.
    """
    if isinstance(request, MessageRequest):
        return keyring.index(_canonical(request))
    pieces = sha256(_canonical(replace(request, recipients=())).encode())
    for each in request.recipients:
        one = [each.to, each.slots, each.reference, *filter(None, (each.group,))]
        pieces.update(json.dumps(one, sort_keys=True).encode() + b"\n")
    return keyring.index(pieces.hexdigest())


def _canonical(request: MessageRequest | BatchRequest) -> str:
    return json.dumps(asdict(request), sort_keys=True, default=str)


def _told_before(
    connection: Connection, caller: Caller, request: MessageRequest, digest: bytes
) -> Mapping[str, Any] | None:
    """Return the answer given when this reference was used; `Conflict` when it was for something else."""
    if request.reference is None or request.shared_reference:
        return None
    found = references.find(connection, caller.key_id, request.reference)
    if found is None:
        return None
    if found[0] != digest:
        raise Conflict("REFERENCE_CONFLICT", "this key has used the reference for another message")
    return found[1]


def replayed(connection: Connection, caller: Caller, key: str, digest: bytes) -> Mapping[str, Any] | None:
    """Return the answer given to the same request before; `Conflict` when the body differs."""
    found = idempotency.find(connection, caller.key_id, key)
    if found is None:
        return None
    if found[0] != digest:
        raise Conflict("IDEMPOTENCY_CONFLICT", "this Idempotency-Key came with another body before")
    return found[1]


def receipt_from(answer: Mapping[str, Any]) -> Receipt:
    """Return the receipt that was kept, marked as a replay."""
    hold = answer["hold_reason"]
    return Receipt(
        id=answer["id"],
        status=Status(answer["status"]),
        hold_reason=HoldReason(hold) if hold else None,
        parts=answer["parts"],
        language=answer.get("language"),
        replayed=True,
    )
