"""Numbers in doubt (4.3): blocked by the policy until a person has verified them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from gateway.errors import Fault, Invalid, NotFound
from gateway.ids import new_id
from gateway.model import Clock
from gateway.numbers import telephone
from gateway.records import Caller, SuspectView
from gateway.store import Database, Keyring, audit, contacts, events
from gateway.store import suspects as store
from policy import PolicySettings

UNASSIGNED: Final = 1  # RP-cause: nobody has this number (3GPP TS 24.011, 8.2.5.4)
_LONGEST: Final = 500


@dataclass(slots=True)
class Suspects:
    """The numbers that wait to be verified."""

    database: Database
    keyring: Keyring
    settings: PolicySettings
    clock: Clock

    async def list(self) -> tuple[SuspectView, ...]:
        """Return the numbers that are blocked, oldest first, and whose contacts they are."""

        def query(connection: Connection) -> tuple[SuspectView, ...]:
            return tuple(
                SuspectView(
                    id=row["id"],
                    reason=row["reason"],
                    failures=row["failures"],
                    source=row["source"],
                    since=row["since"],
                    contacts=contacts.with_number(connection, row["number_index"]),
                )
                for row in store.open_doubts(connection, self.settings.suspect_after)
            )

        return await self.database.read(query)

    async def add(self, caller: Caller, number: str) -> str:
        """Have a number blocked that staff believe to be wrong; return the id of the doubt."""
        index = self.keyring.index(telephone(number, self.settings))
        by = caller.handle
        return await self.database.write(
            lambda c: doubt(c, index, reason="staff", source=by, by=by, now=self.clock())
        )

    async def verify(self, caller: Caller, ident: str, evidence: str) -> None:
        """Unblock a number: a person has asked its owner. `evidence` says how; it is kept sealed."""
        if not 1 <= len(evidence.strip()) <= _LONGEST:
            raise Invalid((Fault("evidence", f"say in 1 to {_LONGEST} characters how it was verified"),))
        sealed = self.keyring.seal("suspect_number", "evidence", ident, evidence.strip())

        def transaction(connection: Connection) -> None:
            now = self.clock()
            row = store.verify(connection, now, ident=ident, by=caller.handle, evidence_sealed=sealed)
            if row is None:
                raise NotFound(f"there is no number in doubt {ident}")
            events.add(connection, now, "number.verified", ident, detail=row["reason"])
            audit.record(
                connection,
                now,
                actor=caller.handle,
                action="number-verified",
                target=ident,
                outcome="verified",
                clauses=["4.3"],
                detail={"reason": row["reason"], "failures": row["failures"]},
            )

        await self.database.write(transaction)


def doubt(connection: Connection, index: bytes, *, reason: str, source: str, by: str, now: datetime) -> str:
    """Put a number in doubt in the caller's transaction; return the id of the doubt."""
    ident = new_id("sus", now)
    found = store.suspect(connection, now, ident=ident, number_index=index, reason=reason, source=source)
    _told(connection, found or ident, reason, 0, by, now)
    return found or ident


def after_failure(connection: Connection, index: bytes, message_id: str, now: datetime) -> None:
    """Count a failure for good towards its number, in the transaction that stores it.

    How many are too many, the policy says when it is asked.
    """
    failures = store.failures_in_a_row(connection, index)
    if failures == 0:
        return
    ident = store.suspect(
        connection,
        now,
        ident=new_id("sus", now),
        number_index=index,
        reason="failures",
        source=message_id,
        failures=failures,
    )
    if ident is not None:
        _told(connection, ident, "failures", failures, "network", now)


def _told(connection: Connection, ident: str, reason: str, failures: int, by: str, now: datetime) -> None:
    events.add(connection, now, "number.suspect", ident, detail=reason)
    audit.record(
        connection,
        now,
        actor=by,
        action="number-suspect",
        target=ident,
        outcome="suspect",
        clauses=["4.3"],
        detail={"reason": reason, "failures": failures},
    )
