"""Status reports: which part is meant, and what became of it (3GPP TS 23.040, 9.2.3.15).

A report is matched by SIM, TP-MR and recipient within eight days of its arrival; the network's time stamp
only tells a reference from its reuse, and a TP-MR that lost digits on the line from another's. One that
fits no part yet is parked and looked at again when a part of that recipient has been sent, or has become
uncertain.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from sqlalchemy import Connection

from gateway import suspects
from gateway.model import WAITING, Event, Status
from gateway.sms import TpOutcome, tp_outcome
from gateway.store import audit, doubts, inbox, lifecycle, reports
from gateway.store.prepared import Row

_LIFE: Final = timedelta(days=8)  # from a hand-off, within which a reference is its part's
_LATEST: Final = timedelta(minutes=15)  # after the hand-off: no modem answers later than that
_IN_DOUBT: Final = WAITING | {Status.UNCERTAIN}  # what waits: to be sent again, by its rule
_EVENTS: Final = {
    TpOutcome.DELIVERED: Event.REPORT_DELIVERED,
    TpOutcome.PERMANENT: Event.REPORT_UNDELIVERED,
    TpOutcome.EXPIRED: Event.REPORT_UNDELIVERED,
    TpOutcome.TEMPORARY_FAILED: Event.REPORT_UNDELIVERED,
}


@dataclass(frozen=True, slots=True)
class Report:
    """A status report as it was journalled: row `id` of the inbound journal."""

    id: str
    sim: str | None
    mr: int
    status: int
    number_index: bytes
    scts: datetime | None
    received_at: datetime
    waited: bool = False  # it was parked: what was handed over since it came, it is not about

    @property
    def handed_over(self) -> tuple[datetime, datetime | None]:
        """Return between when, by our clock, its part was handed over; None: until now, whatever that is."""
        return self.received_at - _LIFE, self.received_at if self.waited else None


def apply(
    connection: Connection, report: Report, now: datetime, note: Callable[[dict[str, Any]], None]
) -> str | None:
    """Move the part that the report is about; park the report where there is none yet.

    Return which message it is about. `note` writes into the journal what was found out about the report.
    """
    row = reports.part_reported(
        connection,
        sim=report.sim,
        mr=report.mr,
        number_index=report.number_index,
        scts=report.scts,
        handed_over=report.handed_over,
    )
    if row is not None and row["status"] in _IN_DOUBT:
        _resolve(connection, row, report, now)
    found = {
        "kind": "parked" if row is None else "report",
        "number_index": report.number_index,
        "mr": report.mr,
        "tp_status": report.status,
        "scts": report.scts,
    }
    note(found)
    event = _EVENTS.get(tp_outcome(report.status))
    if row is not None and event is not None:
        values = {"tp_status": report.status, "final_at": now, "mr": report.mr}
        ident = row["message_id"]
        changed = lifecycle.change(connection, ident, row["number"], Status.SENT, event, now, **values)
        if changed and tp_outcome(report.status) is TpOutcome.PERMANENT:
            suspects.after_failure(connection, report.number_index, ident, now)
    return None if row is None else str(row["message_id"])


def _resolve(connection: Connection, row: Row, report: Report, now: datetime) -> None:
    """Take the report as proof that the network has the part, whatever it says of the handset."""
    evidence = {"evidence": "status report", "report": report.id}
    _accept(connection, row, report.mr, now, evidence, actor="network")


def _accept(
    connection: Connection, row: Row, mr: int, now: datetime, evidence: dict[str, str], *, actor: str
) -> None:
    values = {"mr": mr, "sent_at": row["claimed_at"], "final_at": None}
    ident, number = row["message_id"], row["number"]
    lifecycle.change(connection, ident, number, Status(row["status"]), Event.ACCEPTED, now, **values)
    doubts.over(connection, ident)
    audit.record(
        connection,
        now,
        actor=actor,
        action="doubt-resolved",
        target=ident,
        outcome="sent",
        detail={"part": number, **evidence},
    )


def late_result(connection: Connection, gateway: str, modem: str, mr: int, now: datetime) -> bool:
    """Take a final result that came after its part was given up; return whether it settled a doubt.

    It is the result of the part that was given up with this reference, or, where the modem's count was
    not known, of the only part that it can be about.
    """
    given_up = [
        row
        for row in lifecycle.in_doubt(connection, Status.UNCERTAIN, gateway)
        if row["modem"] == modem and now - row["claimed_at"] <= _LATEST
    ]
    own = [row for row in given_up if row["mr"] == mr]
    if not own and len(given_up) == 1 and given_up[0]["mr"] is None:
        # Unless the one that it is about was settled before, by its report.
        settled = reports.carries(connection, gateway, modem, mr, now - _LATEST)
        own = [] if settled else given_up
    if len(own) != 1:
        return False
    (row,) = own
    _accept(connection, row, mr, now, {"evidence": "late final result"}, actor=f"modem:{modem}")
    settle_parked(connection, row["number_index"], now)
    return True


def settle_parked(connection: Connection, number_index: bytes, now: datetime) -> None:
    """Look again at the parked reports of a recipient."""
    for row in inbox.parked(connection, number_index):
        apply(connection, _waiting(row), now, partial(inbox.amend, connection, row["id"]))


def _waiting(row: Row) -> Report:
    """Return the parked report that a journal row holds."""
    return Report(
        id=row["id"],
        sim=row["sim"],
        mr=row["mr"],
        status=row["tp_status"],
        number_index=row["number_index"],
        scts=row["scts"],
        received_at=row["received_at"],
        waited=True,
    )
