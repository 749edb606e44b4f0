"""One message held for a second person: for its wording, or because no template made it (2.2, 3.3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import ClassVar, Final

from sqlalchemy import Connection, RowMapping

from gateway import approvals, releasing
from gateway.approvals import Asked
from gateway.bell import Bell
from gateway.errors import Conflict
from gateway.facts import PolicyDesk
from gateway.message_questions import approvers, message_of, questions
from gateway.model import CancelReason, HoldReason, Status
from gateway.records import ApprovalKind, Caller, Scope
from gateway.store import Database, Keyring, audit, lifecycle, messages
from gateway.store.schema import message
from policy import Decision, Outcome, SecondPerson

FOR_A_PERSON: Final = frozenset({HoldReason.APPROVAL, HoldReason.REVIEW})
"""Why a message is held, where a second person can let it go."""


@dataclass(frozen=True, slots=True)
class MessageApproval:
    """Asks the policy again on fresh facts (`Stage.RELEASE`), then lets the message go, or ends it."""

    database: Database
    keyring: Keyring
    desk: PolicyDesk
    bell: Bell

    scope: ClassVar = Scope.APPROVE

    def ask(self, connection: Connection, ident: str, decision: Decision, now: datetime) -> Asked:
        """Ask for the second person, in the sender's name; the question ends with the message.

        A message past an opt-out is asked about twice, for two people besides the sender. The first question
        is returned.
        """
        row = messages.one(connection, ident)
        assert row is not None  # noqa: S101 - accepted in the same transaction
        days = timedelta(days=self.desk.settings.approval_days)
        what = "text without a template" if row["template_id"] is None else f"template {row['template_name']}"
        why = ", ".join(sorted({f"{reason.code} ({reason.clause})" for reason in decision.reasons}))
        asked = [
            approvals.request(
                connection,
                self,
                kind=ApprovalKind.MESSAGE,
                target=target,
                digest=_digest(row),
                summary=f"message from {what}: {why}",
                person_id=row["person_id"],
                now=now,
                expires_at=min(now + days, row["expires_at"]),
            )
            for target in questions(ident, row["kind"])
        ]
        return asked[0]

    def digest(self, connection: Connection, asked: Asked) -> bytes | None:
        """Return the digest of a message that is held for a person; None where it is not any more."""
        row = messages.one(connection, message_of(asked.target))
        return _digest(row) if row is not None and _waits(row) else None

    def show(self, connection: Connection, asked: Asked) -> Mapping[str, str]:
        """Return the text in full, and the end of the number."""
        row = messages.one(connection, message_of(asked.target))
        if row is None:
            return {}
        number = self.keyring.open("message", "number", row["id"], row["number_sealed"])
        return {
            "text": self.keyring.open("message", "body", row["id"], row["body_sealed"]),
            "to": f"…{number[-3:]}",
            "purpose": row["purpose"],
            "template": row["template_name"] or "none",
        }

    def carry_out(self, connection: Connection, asked: Asked, by: Caller, now: datetime) -> Decision | None:
        """Let the message go if the policy still does, once all have agreed who are asked."""
        ident = message_of(asked.target)
        row = messages.one(connection, ident)
        assert row is not None  # noqa: S101 - its digest was made a moment ago
        agreed = approvers(connection, ident)
        if by.person_id in {answer.decided_by for answer in agreed}:
            raise Conflict("SECOND_PERSON_REQUIRED", "you have approved it already: one more person must")
        agreed = (*agreed, SecondPerson(asked_by=asked.person_id, decided_by=by.person_id))
        if len(agreed) < len(questions(ident, row["kind"])):
            return None
        decision, entry = releasing.judge(connection, self.desk, row, agreed, now, by=by.handle)
        audit.append(connection, [entry])
        if decision.outcome is not Outcome.DENY or not decision.may_pass:
            releasing.settle(connection, {ident: decision}, now)
        return decision

    def drop(self, connection: Connection, asked: Asked, by: str, now: datetime) -> None:
        """Cancel it."""
        ident = message_of(asked.target)
        row = messages.one(connection, ident)
        if row is None or not _waits(row):
            return
        mine = message.c.id == ident
        lifecycle.cancel_waiting(connection, mine, CancelReason.POLICY, now, "not approved")
        audit.record(
            connection,
            now,
            actor=by,
            action="cancel",
            target=ident,
            outcome="cancelled",
            clauses=["3.3"],
        )

    async def settled(self, target: str) -> None:  # noqa: ARG002 - whatever it was
        """Have it sent."""
        self.bell.ring()


def _waits(row: RowMapping) -> bool:
    return row["status"] == Status.HELD and row["hold_reason"] in FOR_A_PERSON


def _digest(row: RowMapping) -> bytes:
    names = ("id", "person_id", "key_id", "number_index", "purpose", "template_id", "parts", "body_sealed")
    return sha256(repr([row[name] for name in names]).encode()).digest()
