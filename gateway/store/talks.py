"""What went to a number lately: texts about an appointment, and automatic replies (6.2)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, func, select

from gateway.store import dialect
from gateway.store.schema import auto_reply, message, part


def were_texted(
    connection: Connection, number_index: bytes, purposes: Sequence[str], since: datetime
) -> bool:
    """Return whether a text for one of the purposes went to a number since then."""
    query = (
        select(message.c.id)
        .join(part, part.c.message_id == message.c.id)
        .where(
            message.c.number_index == number_index,
            message.c.purpose.in_(purposes),
            part.c.sent_at >= since,
        )
    )
    return connection.execute(query.limit(1)).first() is not None


def replies_since(connection: Connection, number_index: bytes, since: datetime) -> int:
    """Return how many automatic replies a number got since then (loop guard, 6.2)."""
    query = select(func.count()).where(auto_reply.c.number_index == number_index, auto_reply.c.at >= since)
    return int(connection.execute(query).scalar_one())


def note_reply(connection: Connection, now: datetime, *, message_id: str, number_index: bytes) -> None:
    """Remember that an automatic reply was queued."""
    connection.execute(
        dialect.insert(connection, auto_reply).values(
            message_id=message_id, number_index=number_index, at=now
        )
    )
