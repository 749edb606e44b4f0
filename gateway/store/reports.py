"""Find the part that a status report is about (3GPP TS 23.040, 9.2.2.3)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, Connection, RowMapping, literal_column, select

from gateway.model import Status
from gateway.store.schema import part

_SLACK: Final = timedelta(minutes=10)  # between our clock and the SMSC's


def part_by_reference(
    connection: Connection, *, sim: str | None, mr: int, number_index: bytes, scts: datetime | None
) -> RowMapping | None:
    """Return the newest `sent` part of that SIM, TP-MR and recipient that the SMSC's stamp allows."""
    query = select(part).where(
        part.c.status == Status.SENT,
        part.c.sim == sim,
        part.c.mr == mr,
        part.c.mr.is_not(None),
        part.c.number_index == number_index,
        *_handed_over_before(scts),
    )
    return connection.execute(query.order_by(part.c.claimed_at.desc()).limit(1)).mappings().first()


def part_in_doubt(
    connection: Connection, *, sim: str | None, number_index: bytes, scts: datetime | None
) -> RowMapping | None:
    """Return the `uncertain` part that the report can be about, if there is just one."""
    query = select(part).where(
        part.c.status == literal_column("'uncertain'"),
        part.c.sim == sim,
        part.c.number_index == number_index,
        *_handed_over_before(scts),
    )
    found = connection.execute(query.limit(2)).mappings().all()
    return found[0] if len(found) == 1 else None


def _handed_over_before(scts: datetime | None) -> tuple[ColumnElement[bool], ...]:
    """Return the bounds that an SMSC's stamp, made as it takes the message, sets to the hand-off."""
    if scts is None:
        return ()
    return (part.c.claimed_at <= scts + _SLACK, part.c.claimed_at >= scts - _SLACK)
