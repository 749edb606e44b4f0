"""Parts of which nobody knows whether the network has them, as people see and settle them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, literal_column, select, text, update

from gateway.model import OnDoubt
from gateway.store.schema import OPEN_ENDED, message, part


def unsettled(connection: Connection, person_id: str | None) -> Sequence[RowMapping]:
    """Return the parts in doubt, oldest first; of one person's messages, or of everybody's (None)."""
    query = _unsettled()
    if person_id is not None:
        query = query.where(message.c.person_id == person_id)
    return connection.execute(query.order_by(part.c.claimed_at, part.c.number)).mappings().all()


def one(connection: Connection, message_id: str, number: int) -> RowMapping | None:
    """Return one part in doubt."""
    query = _unsettled().where(part.c.message_id == message_id, part.c.number == number)
    return connection.execute(query).mappings().first()


def _unsettled() -> Select[Any]:
    return (
        select(
            part.c.message_id,
            part.c.number,
            part.c.modem,
            part.c.mr,
            part.c.cause,
            part.c.claimed_at,
            part.c.expires_at,
            message.c.parts,
            message.c.person_id,
            message.c.number_sealed,
            message.c.on_doubt,
        )
        .join(message, message.c.id == part.c.message_id)
        .where(
            text(f"part.{OPEN_ENDED}"),
            part.c.status == literal_column("'uncertain'"),
            part.c.final_at.is_(None),
        )
    )


def rule(connection: Connection, message_id: str, after: OnDoubt) -> None:
    """Note what becomes of a message's doubts from now on."""
    connection.execute(update(message).where(message.c.id == message_id).values(on_doubt=after))


def over(connection: Connection, message_id: str) -> None:
    """Note that no part of a message may be there without our knowing: what was sent again is settled."""
    again = (message.c.id == message_id, message.c.on_doubt == OnDoubt.RESENT)
    connection.execute(update(message).where(*again).values(on_doubt=OnDoubt.ASK))


def statuses(connection: Connection, idents: Sequence[str]) -> Mapping[str, str]:
    """Return what messages whose waiting parts were ended are now: in doubt where one may be there."""
    rows = connection.execute(select(message.c.id, message.c.status).where(message.c.id.in_(idents)))
    return {row.id: row.status for row in rows}


def leave(connection: Connection, message_id: str, number: int, cause: str, now: datetime) -> None:
    """Note that nobody is going to settle this one: it stays `uncertain`, which is the truth."""
    mine = (part.c.message_id == message_id, part.c.number == number)
    connection.execute(update(part).where(*mine).values(final_at=now, cause=cause))
