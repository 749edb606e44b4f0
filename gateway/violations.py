"""The ledger of violations (8.2): refusals that count against a person, and what another person made of them.

Too many within the time suspend the person's sending, and nothing else: what follows for the person is
decided by people, and only recorded here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import structlog
from sqlalchemy import Connection, RowMapping

from gateway.errors import Conflict, Fault, Invalid
from gateway.ids import new_id
from gateway.model import Clock
from gateway.records import Caller, KeyKind, Page
from gateway.register import known
from gateway.store import Database, audit, events, standing
from gateway.store.schema.policy import OUTCOMES
from policy import Decision, PolicySettings
from policy.violations import are_too_many, counted, since

log = structlog.get_logger()

_LONGEST_NOTE: Final = 500


@dataclass(frozen=True, slots=True)
class ViolationView:
    """A refused submission. `outcome` is None until somebody has decided."""

    id: str
    person: str
    at: datetime
    target: str
    clauses: tuple[str, ...]
    codes: tuple[str, ...]
    recipients: int
    suspended_since: datetime | None  # the person's sending, now
    outcome: str | None
    decided_by: str | None
    decided_at: datetime | None
    note: str | None


def note(
    connection: Connection,
    settings: PolicySettings,
    caller: Caller,
    target: str,
    refused: Iterable[Decision],
    now: datetime,
) -> None:
    """Enter a submission, if what refused it counts; suspend the person's sending if that is too much.

    However many recipients it was refused for, it is one entry. Test keys do not count: they reach nobody.
    """
    if caller.key_kind is KeyKind.TEST:
        return
    found = [counts for decision in refused if (counts := counted(decision, settings))]
    if not found:
        return
    reasons = [reason for counts in found for reason in counts]
    ident = new_id("vio", now)
    values = {
        "id": ident,
        "person_id": caller.person_id,
        "key_id": caller.key_id,
        "target": target,
        "clauses": sorted({reason.clause for reason in reasons}),
        "codes": sorted({reason.code.value for reason in reasons}),
        "recipients": len(found),
        "at": now,
    }
    standing.add_violation(connection, values)
    events.add(connection, now, "violation.recorded", ident, person_id=caller.person_id)
    undecided = standing.undecided(connection, caller.person_id, since(now, settings))
    if are_too_many(undecided, settings) and not standing.is_suspended(connection, caller.person_id):
        _suspend(connection, caller, undecided, now)


def _suspend(connection: Connection, caller: Caller, undecided: int, now: datetime) -> None:
    standing.amend(connection, caller.person_id, sending_suspended_at=now)
    events.add(connection, now, "violation.suspended", caller.person_id, person_id=caller.person_id)
    _record(connection, now, "gateway", "sending-of-person-suspended", caller.handle, "suspended", undecided)


@dataclass(slots=True)
class Violations:
    """The ledger, for those who look after it."""

    database: Database
    settings: PolicySettings
    clock: Clock

    async def list(
        self,
        *,
        person: str | None = None,
        is_open: bool = False,
        cursor: str | None = None,
        limit: int = 50,
    ) -> Page[ViolationView]:
        """Return entries, newest first; of one person, or undecided ones only."""

        def query(connection: Connection) -> Page[ViolationView]:
            ident = None if person is None else known(connection, person)["id"]
            rows = standing.violations(
                connection, person_id=ident, is_open=is_open, cursor=cursor, limit=limit + 1
            )
            shown = tuple(_view(row) for row in rows[:limit])
            return Page(shown, shown[-1].id if len(rows) > limit else None)

        return await self.database.read(query)

    async def decide(self, caller: Caller, person: str, outcome: str, words: str) -> Page[ViolationView]:
        """Record what became of everything undecided of a person; their sending goes on.

        Raises `Invalid`, `NotFound`, and `Conflict` where the caller is that person or nothing is undecided.
        """
        if faults := tuple(_faults(outcome, words)):
            raise Invalid(faults)

        def transaction(connection: Connection) -> None:
            now, row = self.clock(), known(connection, person)
            if row["id"] == caller.person_id:
                raise Conflict("SECOND_PERSON_REQUIRED", "nobody decides on their own violations")
            decided = {
                "outcome": outcome,
                "decided_by_id": caller.person_id,
                "decided_at": now,
                "note": words,
            }
            many = standing.decide(connection, row["id"], decided)
            if not many:
                raise Conflict("NOTHING_TO_DECIDE", f"there is nothing undecided of {person}")
            standing.amend(connection, row["id"], sending_suspended_at=None)
            events.add(connection, now, "violation.decided", row["id"], person_id=row["id"], detail=outcome)
            _record(connection, now, caller.handle, "violations-decided", person, outcome, many)

        await self.database.write(transaction)
        log.info("violations decided", action="violations_decided", by=caller.handle, outcome=outcome)
        return await self.list(person=person)


def _faults(outcome: str, words: str) -> Iterable[Fault]:
    if outcome not in OUTCOMES:
        yield Fault("outcome", f"must be one of {', '.join(OUTCOMES)}")
    if not 1 <= len(words.strip()) <= _LONGEST_NOTE:
        yield Fault("note", f"say in 1 to {_LONGEST_NOTE} characters what it rests on")


def _record(
    connection: Connection, now: datetime, by: str, action: str, person: str, outcome: str, many: int
) -> None:
    audit.record(
        connection,
        now,
        actor=by,
        action=action,
        target=person,
        outcome=outcome,
        clauses=["8.2"],
        detail={"violations": many},
    )


def _view(row: RowMapping) -> ViolationView:
    return ViolationView(
        id=row["id"],
        person=row["handle"],
        at=row["at"],
        target=row["target"],
        clauses=tuple(row["clauses"]),
        codes=tuple(row["codes"]),
        recipients=row["recipients"],
        suspended_since=row["sending_suspended_at"],
        outcome=row["outcome"],
        decided_by=row["decided_by"],
        decided_at=row["decided_at"],
        note=row["note"],
    )
