"""Find the part that a status report is about (3GPP TS 23.040, 9.2.2.3)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, RowMapping, literal_column, select

from gateway.store.schema import part

_WINDOW: Final = timedelta(days=8)
_SLACK: Final = timedelta(minutes=10)  # between our clock and the SMSC's


def part_by_reference(
    connection: Connection, *, sim: str | None, mr: int, number_index: bytes, now: datetime
) -> RowMapping | None:
    """Return the newest part handed to that SIM with that TP-MR for that recipient, in eight days."""
    query = (
        select(part)
        .where(
            part.c.sim == sim,
            part.c.mr == mr,
            part.c.mr.is_not(None),
            part.c.number_index == number_index,
            part.c.claimed_at >= now - _WINDOW,
        )
        .order_by(part.c.claimed_at.desc())
        .limit(1)
    )
    return connection.execute(query).mappings().first()


def part_in_doubt(
    connection: Connection, *, sim: str | None, number_index: bytes, scts: datetime | None
) -> RowMapping | None:
    """Return the one `uncertain` part that the report can be about; None if there is none or more than one.

    It went by the same SIM to the same recipient, and was handed over before the SMSC stamped it.
    """
    query = select(part).where(
        part.c.status == literal_column("'uncertain'"),
        part.c.sim == sim,
        part.c.number_index == number_index,
    )
    if scts is not None:
        query = query.where(part.c.claimed_at <= scts + _SLACK, part.c.claimed_at >= scts - _WINDOW)
    found = connection.execute(query.limit(2)).mappings().all()
    return found[0] if len(found) == 1 else None
