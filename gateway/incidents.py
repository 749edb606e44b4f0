"""What must be answered by a day: requests of people, complaints, breaches (1.2)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping

from gateway.errors import Conflict, Fault, Invalid, NotFound
from gateway.ids import new_id
from gateway.model import Clock
from gateway.records import Caller
from gateway.records.compliance import IncidentView
from gateway.records.duties import IncidentDetail
from gateway.store import Database, Keyring, audit, duties, events
from policy import PolicySettings
from policy.duties import Duty, due


@dataclass(slots=True)
class Incidents:
    """The register of incidents. What one is about is sealed: it names people."""

    database: Database
    keyring: Keyring
    settings: PolicySettings
    clock: Clock

    async def open(
        self, caller: Caller, kind: Duty, note: str, known_at: datetime | None = None
    ) -> IncidentDetail:
        """Start the clock of an incident, at the time at which it became known. Raises `Invalid`."""
        now = self.clock()
        began = known_at or now
        if began > now:
            raise Invalid((Fault("known_at", "is in the future"),))
        ident = new_id("inc", now)
        ends = due(kind, began, self.settings)
        values = {
            "id": ident,
            "kind": kind.value,
            "note_sealed": self.keyring.seal("incident", "note", ident, note),
            "known_at": began,
            "due_at": ends,
            "opened_by": caller.handle,
            "opened_at": now,
        }

        def transaction(connection: Connection) -> IncidentDetail:
            duties.open_incident(connection, values)
            events.add(connection, now, "incident.opened", ident, detail=kind.value)
            detail = {"kind": kind.value, "due": ends.isoformat()}
            _note(connection, now, caller.handle, "incident-opened", ident, "open", detail)
            return self._detail(connection, ident, now)

        return await self.database.write(transaction)

    async def list(self, *, closed: bool = False) -> tuple[IncidentDetail, ...]:
        """Return the open incidents, the most urgent first; with `closed`, all, newest first."""
        now = self.clock()
        rows = await self.database.read(lambda c: duties.incidents(c, closed=closed))
        return tuple(self._view(row, now) for row in rows)

    async def close(self, caller: Caller, ident: str, outcome: str) -> IncidentDetail:
        """Say how it was answered. Raises `NotFound`, and `Conflict` for one that is closed."""
        now = self.clock()

        def transaction(connection: Connection) -> IncidentDetail:
            self._detail(connection, ident, now)
            sealed = self.keyring.seal("incident", "outcome", ident, outcome)
            values = {"closed_by": caller.handle, "closed_at": now, "outcome_sealed": sealed}
            if not duties.close_incident(connection, ident, **values):
                raise Conflict("INCIDENT_CLOSED", f"the incident {ident} is closed already")
            found = self._detail(connection, ident, now)
            events.add(connection, now, "incident.closed", ident, detail=found.kind)
            result = "late" if found.overdue else "in-time"
            _note(connection, now, caller.handle, "incident-closed", ident, result, {"kind": found.kind})
            return found

        return await self.database.write(transaction)

    async def note_overdue(self) -> int:
        """Tell, once for each, that the time of an open incident is over; return of how many."""
        now = self.clock()
        if not await self.database.read(lambda c: duties.newly_overdue(c, now)):
            return 0
        return await self.database.write(lambda c: _tell(c, now))

    def _detail(self, connection: Connection, ident: str, now: datetime) -> IncidentDetail:
        row = duties.incident_of(connection, ident)
        if row is None:
            raise NotFound(f"there is no incident {ident}; `schoolgate incident list` shows them")
        return self._view(row, now)

    def _view(self, row: RowMapping, now: datetime) -> IncidentDetail:
        ident, outcome = row["id"], row["outcome_sealed"]
        return IncidentDetail(
            **plain(row, now),
            note=self.keyring.open("incident", "note", ident, row["note_sealed"]),
            closed_by=row["closed_by"],
            outcome=None if outcome is None else self.keyring.open("incident", "outcome", ident, outcome),
        )


def plain(row: RowMapping, now: datetime) -> dict[str, Any]:
    """Return what an `IncidentView` is made of: nothing of what the incident is about."""
    names = ("id", "kind", "known_at", "due_at", "opened_by", "closed_at")
    return {name: row[name] for name in names} | {"overdue": (row["closed_at"] or now) > row["due_at"]}


def view(row: RowMapping, now: datetime) -> IncidentView:
    """Return an incident without what it is about."""
    return IncidentView(**plain(row, now))


def _tell(connection: Connection, now: datetime) -> int:
    found = duties.newly_overdue(connection, now)
    for ident in found:
        duties.mark_overdue(connection, ident, now)
        events.add(connection, now, "incident.overdue", ident)
        _note(connection, now, "gateway", "incident-overdue", ident, "overdue", {})
    return len(found)


def _note(
    connection: Connection,
    now: datetime,
    by: str,
    action: str,
    target: str,
    outcome: str,
    detail: dict[str, str],
) -> None:
    audit.record(
        connection,
        now,
        actor=by,
        action=action,
        target=target,
        outcome=outcome,
        clauses=["1.2"],
        detail=detail,
    )
