"""Find the part that a status report is about (3GPP TS 23.040, 9.2.2.3)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import Connection, bindparam, literal_column, select

from gateway.model import Status
from gateway.store.prepared import Prepared, Row
from gateway.store.schema import part

_SLACK: Final = timedelta(minutes=10)  # between our clock and the SMSC's
_EVER: Final = datetime(1970, 1, 1, tzinfo=UTC)
_NEVER: Final = datetime(9999, 1, 1, tzinfo=UTC)


def part_by_reference(
    connection: Connection, *, sim: str | None, mr: int, number_index: bytes, scts: datetime | None
) -> Row | None:
    """Return the newest part of that SIM, TP-MR and recipient that the SMSC's stamp allows.

    One that is `sent` goes first; one whose end is known means that the report is a repeat.
    """
    values = {"sim": sim, "mr": mr, "number_index": number_index, **_bounds(scts)}
    return _BY_REFERENCE.first(connection, values)


def part_in_doubt(
    connection: Connection, *, sim: str | None, number_index: bytes, scts: datetime | None
) -> Row | None:
    """Return the `uncertain` part that the report can be about, if there is just one."""
    values = {"sim": sim, "number_index": number_index, **_bounds(scts)}
    found = _IN_DOUBT.rows(connection, values)
    return found[0] if len(found) == 1 else None


def carries(connection: Connection, gateway: str, modem: str, mr: int, since: datetime) -> bool:
    """Return whether a part that this modem took since then is known to have that TP-MR."""
    query = select(part.c.number).where(
        part.c.gateway == gateway,
        part.c.modem == modem,
        part.c.mr == mr,
        part.c.status.in_(_REPORTED),
        part.c.claimed_at >= since,
    )
    return connection.execute(query.limit(1)).first() is not None


def _bounds(scts: datetime | None) -> dict[str, datetime]:
    """Return the bounds that an SMSC's stamp, made as it takes the message, sets to the hand-off."""
    if scts is None:
        return {"first": _EVER, "last": _NEVER}
    return {"first": scts - _SLACK, "last": scts + _SLACK}


_MINE = (
    part.c.sim.is_not_distinct_from(bindparam("sim")),
    part.c.number_index == bindparam("number_index"),
    part.c.claimed_at.between(bindparam("first"), bindparam("last")),
)
_REPORTED = (Status.SENT, Status.DELIVERED, Status.UNDELIVERED)
_IS_REPORTED = part.c.status.in_([literal_column(f"'{each.value}'") for each in _REPORTED])
_BY_REFERENCE = Prepared(
    select(part)
    .where(
        _IS_REPORTED,
        part.c.mr == bindparam("mr"),
        part.c.mr.is_not(None),
        *_MINE,
    )
    .order_by((part.c.status == Status.SENT).desc(), part.c.claimed_at.desc())
    .limit(1)
)
_IN_DOUBT = Prepared(select(part).where(part.c.status == literal_column("'uncertain'"), *_MINE).limit(2))
