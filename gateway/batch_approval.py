"""A batch that is too large for one person to decide about alone (3.3), as a subject of approvals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import ClassVar

from sqlalchemy import Connection, RowMapping

from gateway import approvals, releasing
from gateway.approvals import Asked
from gateway.batch_progress import follow
from gateway.outbound import Outbound
from gateway.records import ApprovalKind, Caller, Scope
from gateway.store import audit, messages
from policy import Decision, Outcome, SecondPerson


@dataclass(frozen=True, slots=True)
class BatchApproval:
    """Lets a held batch go as a whole, or cancels it. Its messages follow once that is on the disk."""

    outbound: Outbound

    scope: ClassVar = Scope.APPROVE

    def ask(self, connection: Connection, row: RowMapping, now: datetime) -> Asked:
        """Ask for the second person, in the name of who sent the batch."""
        content = messages.batch_content(connection, row["id"])
        days = timedelta(days=self.outbound.desk.settings.approval_days)
        return approvals.request(
            connection,
            self,
            kind=ApprovalKind.BATCH,
            target=row["id"],
            digest=_digest(row, content),
            summary=f"{content['messages']} messages from template {content['template']}",
            person_id=row["person_id"],
            now=now,
            expires_at=min(now + days, content["expires_at"] or now + days),
        )

    def digest(self, connection: Connection, asked: Asked) -> bytes | None:
        """Return the digest of what the batch consists of; None where it is held no more."""
        row = messages.one_batch(connection, asked.target)
        if row is None or row["status"] != "held":
            return None
        return _digest(row, messages.batch_content(connection, asked.target))

    def show(self, connection: Connection, asked: Asked) -> Mapping[str, str]:
        """Return how many it is to, and the text of one of them."""
        content = messages.batch_content(connection, asked.target)
        shown = {name: str(content[name]) for name in ("messages", "parts", "purpose", "template")}
        if (first := content["first"]) is None:
            return shown
        row = messages.one(connection, first)
        assert row is not None  # noqa: S101 - the batch has it
        text = self.outbound.keyring.open("message", "body", first, row["body_sealed"])
        return shown | {"one of the texts": text}

    def carry_out(self, connection: Connection, asked: Asked, by: Caller, now: datetime) -> Decision | None:
        """Let it go; what speaks against a single message of it is found as each follows.

        What speaks against all of them for now leaves the question open.
        """
        if (for_now := self._refused_for_now(connection, asked.target, by, now)) is not None:
            return for_now
        messages.amend_batch(connection, asked.target, status="released", approver_id=by.person_id)
        self._note(connection, by.handle, "batch-approve", asked.target, "released", now)
        return None

    def _refused_for_now(
        self, connection: Connection, ident: str, by: Caller, now: datetime
    ) -> Decision | None:
        row = messages.one_batch(connection, ident)
        first = next(iter(messages.held_of_batch(connection, ident, 1)), None)
        if row is None or first is None:
            return None
        agreed = (SecondPerson(asked_by=row["person_id"], decided_by=by.person_id),)
        decision, entry = releasing.judge(
            connection, self.outbound.desk, first, agreed, now, by=by.handle, recipients=row["accepted"]
        )
        passing = tuple(each for each in decision.reasons if each.outcome is Outcome.DENY and each.retry)
        if not passing:
            return None  # each is asked about, and noted, as it follows
        audit.append(connection, [entry])
        return Decision(passing)

    def drop(self, connection: Connection, asked: Asked, by: str, now: datetime) -> None:
        """Cancel it."""
        row = messages.one_batch(connection, asked.target)
        if row is not None and row["status"] == "held":
            messages.amend_batch(connection, asked.target, status="cancelled")
            self._note(connection, by, "batch-cancel", asked.target, "cancelled", now)

    async def settled(self, target: str) -> None:
        """Have its messages follow."""
        outbound = self.outbound
        await follow(outbound.database, outbound.desk, target, outbound.clock)
        self.outbound.bell.ring()

    def _note(
        self, connection: Connection, by: str, action: str, target: str, outcome: str, now: datetime
    ) -> None:
        audit.record(
            connection, now, actor=by, action=action, target=target, outcome=outcome, clauses=["3.3"]
        )


def _digest(row: RowMapping, content: RowMapping) -> bytes:
    """Return the digest of a batch: a message's words never change, but one may be gone, or more there."""
    facts = [row["id"], row["person_id"], row["key_id"], row["accepted"], row["refused"]]
    return sha256(repr([*facts, *content.values()]).encode()).digest()
