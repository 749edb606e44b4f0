"""Numbers that seem to be wrong or dead, until a person has verified them (4.3)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, bindparam, func, or_, select, update

from gateway.model import Status
from gateway.sms import TpOutcome, tp_outcome
from gateway.store import dialect
from gateway.store.schema import message, part, suspect_number

_LOOKED_AT: Final = 20  # messages whose ends are counted back
_ENDED: Final = (Status.DELIVERED, Status.UNDELIVERED, Status.FAILED)
_UNASSIGNED: Final = "CMS 1:"  # the network knows no such number
_EVER: Final = datetime(1970, 1, 1, tzinfo=UTC)
_OPEN = suspect_number.c.verified_at.is_(None)


def failures_in_a_row(connection: Connection, number_index: bytes) -> int:
    """Return how many of the number's last messages failed for good, counted back to one that arrived.

    What the network gave up on, and a number that it does not know, count; what merely ran out of time, or
    was refused for another reason, counts neither way.
    Nothing counts from before a person verified the number.
    """
    verified = select(func.max(suspect_number.c.verified_at)).where(
        suspect_number.c.number_index == number_index
    )
    since = connection.execute(verified).scalar() or _EVER
    count = 0
    for row in connection.execute(_ENDS, {"number": number_index, "since": since, "most": _LOOKED_AT}):
        if row.status == Status.DELIVERED:
            break
        refused = row.status == Status.FAILED and (row.cause or "").startswith(_UNASSIGNED)
        count += refused or (row.tp_status is not None and tp_outcome(row.tp_status) is TpOutcome.PERMANENT)
    return count


_ENDS = (
    select(part.c.status, part.c.tp_status, part.c.cause)
    .join(message, message.c.id == part.c.message_id)
    .where(
        message.c.number_index == bindparam("number"),
        part.c.number == 1,
        part.c.status.in_(_ENDED),
        part.c.final_at > bindparam("since"),
    )
    .order_by(message.c.id.desc())
    .limit(bindparam("most"))
)


def suspect(
    connection: Connection,
    now: datetime,
    *,
    ident: str,
    number_index: bytes,
    reason: str,
    source: str,
    failures: int = 0,
) -> str | None:
    """Put a number in doubt; return the id of the doubt, None where there is nothing new about it.

    More failures are counted in the doubt that there is; a wrong number stays one, however often it fails.
    """
    values = {"reason": reason, "failures": failures, "source": source, "since": now}
    made = dialect.insert(connection, suspect_number).values(id=ident, number_index=number_index, **values)
    if connection.execute(made.on_conflict_do_nothing()).rowcount:
        return ident
    mine = (suspect_number.c.number_index == number_index) & _OPEN
    worse = suspect_number.c.reason == "failures"
    changed = update(suspect_number).where(mine, worse).values(values).returning(suspect_number.c.id)
    found: str | None = connection.execute(changed).scalar()
    return found


def open_doubts(connection: Connection, failures: int) -> Sequence[RowMapping]:
    """Return the numbers that are blocked, oldest first: after so many failures, or for another reason."""
    counts = or_(suspect_number.c.reason != "failures", suspect_number.c.failures >= failures)
    query = select(suspect_number).where(_OPEN, counts).order_by(suspect_number.c.since, suspect_number.c.id)
    return connection.execute(query).mappings().all()


def dismiss(connection: Connection, now: datetime, *, number_index: bytes, by: str) -> None:
    """End the doubt that a number's reply raised: a person has read it, and it says no such thing."""
    mine = (suspect_number.c.number_index == number_index) & (suspect_number.c.reason == "wrong_number")
    ended = update(suspect_number).where(mine, _OPEN)
    connection.execute(ended.values(verified_at=now, verified_by=by))


def verify(
    connection: Connection, now: datetime, *, ident: str, by: str, evidence_sealed: bytes
) -> dict[str, Any] | None:
    """End a doubt; return its row, None where it was not open."""
    values = {"verified_at": now, "verified_by": by, "evidence_sealed": evidence_sealed}
    ended = update(suspect_number).where(suspect_number.c.id == ident, _OPEN).values(values)
    row = connection.execute(ended.returning(suspect_number)).mappings().first()
    return None if row is None else dict(row)
