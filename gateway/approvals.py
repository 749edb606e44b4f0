"""A second person decides: what is asked, bound to a digest of what it was, carried out in one transaction.

Whoever asked never decides. Any change of the thing since makes the question void, and so does time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from sqlalchemy import Connection, RowMapping

from gateway.errors import Conflict, Refusal, ScopeMissing
from gateway.ids import new_id
from gateway.records import ApprovalKind, ApprovalOutcome, Caller, Scope
from gateway.store import approvals as store
from gateway.store import audit, events
from policy import Decision, Outcome


@dataclass(frozen=True, slots=True)
class Asked:
    """A question to a second person, as it is on record."""

    id: str
    kind: ApprovalKind
    target: str
    digest: bytes
    content_sealed: bytes | None
    person_id: str  # who asked
    asker: str  # their handle
    expires_at: datetime
    outcome: ApprovalOutcome | None


class Subject(Protocol):
    """One kind of thing that is decided about. All but `settled` run inside the caller's transaction."""

    @property
    def scope(self) -> Scope:
        """What who decides must be permitted."""

    def digest(self, connection: Connection, asked: Asked) -> bytes | None:
        """Return the digest of the thing as it now is; None where it does not wait any more."""

    def show(self, connection: Connection, asked: Asked) -> Mapping[str, str]:
        """Return what is to be approved, for the eyes of who decides."""

    def carry_out(self, connection: Connection, asked: Asked, by: Caller, now: datetime) -> Decision | None:
        """Do what was asked, or return the policy's refusal and do what follows from that.

        After a refusal that may pass (`Decision.may_pass`) the question stays open, so nothing follows.

        Raises `Conflict` where it cannot be done now; nothing has happened then.
        """

    def drop(self, connection: Connection, asked: Asked, by: str, now: datetime) -> None:
        """End what waits: it was refused, or the question is over. Nothing where it waits no more."""

    async def settled(self, target: str) -> None:
        """Do what follows once the decision is on the disk."""


@dataclass(frozen=True, slots=True)
class Ruling:
    """How a question ended; `decision` is the policy's refusal, where it was that."""

    outcome: ApprovalOutcome | None  # None: it is still open
    decision: Decision | None = None

    def insist(self) -> None:
        """Raise, for who wanted to approve, what came in between; the ending itself is on record."""
        if self.decision is not None:
            raise Refusal(self.decision)
        if self.outcome is not None and self.outcome is not ApprovalOutcome.APPROVED:
            raise Conflict(f"APPROVAL_{self.outcome.name}", _ENDED[self.outcome])


_ENDED: Final = {
    ApprovalOutcome.EXPIRED: "nobody decided in time; it has to be asked for again",
    ApprovalOutcome.VOID: "what was to be approved has changed since; it has to be asked for again",
}


def request(
    connection: Connection,
    subject: Subject,
    *,
    kind: ApprovalKind,
    target: str,
    digest: bytes,
    summary: str,
    person_id: str,
    now: datetime,
    expires_at: datetime,
    ident: str | None = None,
    content_sealed: bytes | None = None,
    number_index: bytes | None = None,
) -> Asked:
    """Ask for a second person; return the question. `summary` has no personal data.

    `content_sealed` is what is kept nowhere else, sealed for `approval.content` of `ident`; where it is about
    a number, `number_index` has it exported and erased with that. Raises `Conflict` while the same is asked
    about the same thing already; a question that nobody can answer any more makes way.
    """
    if (before := pending(connection, kind, target)) is not None:
        outcome = _over(connection, subject, before, now)
        if outcome is None:
            raise Conflict("APPROVAL_PENDING", f"a second person is already asked about {target}")
        _drop(connection, subject, before, outcome, None, now)
    ident = ident or new_id("apr", now)
    values = {
        "id": ident,
        "kind": kind,
        "target": target,
        "digest": digest,
        "summary": summary,
        "content_sealed": content_sealed,
        "number_index": number_index,
        "requested_by": person_id,
        "requested_at": now,
        "expires_at": expires_at,
    }
    store.add(connection, values)
    row = store.one(connection, ident)
    assert row is not None  # noqa: S101 - written a line before
    _note(connection, row["asker"], "approval-requested", ident, "pending", kind, target, now)
    events.add(connection, now, "approval.requested", ident, person_id=person_id, detail=kind)
    return asked_of(row)


def pending(connection: Connection, kind: ApprovalKind, target: str) -> Asked | None:
    """Return the open question about a thing."""
    row = store.pending_of(connection, kind, target)
    return None if row is None else asked_of(row)


def approve(connection: Connection, subject: Subject, asked: Asked, by: Caller, now: datetime) -> Ruling:
    """Carry out what was asked, if it still is what was asked; see `Ruling.insist`.

    Raises `ScopeMissing` and `Conflict` for who may not decide.
    """
    _may_decide(subject, asked, by)
    _is_open(asked)
    if (over := _over(connection, subject, asked, now)) is not None:
        return _drop(connection, subject, asked, over, None, now)
    decision = subject.carry_out(connection, asked, by, now)
    if decision is None or decision.outcome is not Outcome.DENY:
        _end(connection, asked, ApprovalOutcome.APPROVED, by, now)
        return Ruling(ApprovalOutcome.APPROVED)
    if decision.may_pass:
        return Ruling(None, decision)
    _end(connection, asked, ApprovalOutcome.VOID, by, now)
    return Ruling(ApprovalOutcome.VOID, decision)


def refuse(
    connection: Connection, subject: Subject, asked: Asked, by: Caller, now: datetime, reason: bytes | None
) -> Ruling:
    """End what was asked for; `reason` is sealed. Raises as `approve` does, but who asked may withdraw it."""
    if by.person_id != asked.person_id:
        _may_decide(subject, asked, by)
    _is_open(asked)
    return _drop(connection, subject, asked, ApprovalOutcome.REFUSED, by, now, reason)


def expire(connection: Connection, subject: Subject, asked: Asked, now: datetime) -> None:
    """End a question that nobody answered in time, unless it was answered meanwhile."""
    row = store.pending_of(connection, asked.kind, asked.target)
    if row is not None and row["id"] == asked.id:
        _drop(connection, subject, asked, ApprovalOutcome.EXPIRED, None, now)


def _over(connection: Connection, subject: Subject, asked: Asked, now: datetime) -> ApprovalOutcome | None:
    """Return why a question cannot be answered any more; None where it can."""
    if asked.expires_at <= now:
        return ApprovalOutcome.EXPIRED
    return ApprovalOutcome.VOID if subject.digest(connection, asked) != asked.digest else None


def _may_decide(subject: Subject, asked: Asked, by: Caller) -> None:
    if subject.scope not in by.scopes:
        raise ScopeMissing(subject.scope.value)
    if by.person_id == asked.person_id:
        raise Conflict("SECOND_PERSON_REQUIRED", "who asked for it cannot approve it: somebody else must")


def _is_open(asked: Asked) -> None:
    if asked.outcome is not None:
        raise Conflict("APPROVAL_DECIDED", f"this was decided before: {asked.outcome}")


def _drop(
    connection: Connection,
    subject: Subject,
    asked: Asked,
    outcome: ApprovalOutcome,
    by: Caller | None,
    now: datetime,
    reason: bytes | None = None,
) -> Ruling:
    subject.drop(connection, asked, by.handle if by else "gateway", now)
    _end(connection, asked, outcome, by, now, reason)
    return Ruling(outcome)


def _end(
    connection: Connection,
    asked: Asked,
    outcome: ApprovalOutcome,
    by: Caller | None,
    now: datetime,
    reason: bytes | None = None,
) -> None:
    decided_by = by.person_id if by else None
    store.settle(connection, asked.id, outcome=outcome, decided_by=decided_by, now=now, reason_sealed=reason)
    actor = by.handle if by else "gateway"
    _note(connection, actor, "approval-decided", asked.id, outcome, asked.kind, asked.target, now)
    events.add(connection, now, "approval.decided", asked.id, person_id=asked.person_id, detail=outcome)


def _note(
    connection: Connection,
    actor: str,
    action: str,
    ident: str,
    outcome: str,
    kind: ApprovalKind,
    target: str,
    now: datetime,
) -> None:
    audit.record(
        connection,
        now,
        actor=actor,
        action=action,
        target=ident,
        outcome=outcome,
        clauses=["3.3"],
        detail={"kind": kind, "of": target},
    )


def asked_of(row: RowMapping) -> Asked:
    """Return the question that a row holds."""
    return Asked(
        id=row["id"],
        kind=ApprovalKind(row["kind"]),
        target=row["target"],
        digest=row["digest"],
        content_sealed=row["content_sealed"],
        person_id=row["requested_by"],
        asker=row["asker"],
        expires_at=row["expires_at"],
        outcome=None if row["outcome"] is None else ApprovalOutcome(row["outcome"]),
    )
