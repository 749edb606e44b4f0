"""Every time that all sending was suspended (8.1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, insert, null, select, update

from gateway.store.schema import person, sending_stop


def current(connection: Connection) -> RowMapping | None:
    """Return the one in force."""
    return connection.execute(select(sending_stop).where(_OPEN).limit(1)).mappings().first()


def add(connection: Connection, values: Mapping[str, Any]) -> None:
    """Begin one."""
    connection.execute(insert(sending_stop).values(dict(values)))


def end(connection: Connection, now: datetime, *, by: str, why: str) -> bool:
    """End what is in force, in the name of a person; False where nothing was."""
    ended = {"ended_at": now, "ended_by_id": by, "ended_why": why}
    return connection.execute(update(sending_stop).where(_OPEN).values(ended)).rowcount > 0


def every(connection: Connection, limit: int) -> Sequence[RowMapping]:
    """Return the newest, newest first, each with the handle of the person who ended it."""
    query = select(sending_stop, person.c.handle.label("ended_by")).outerjoin(
        person, person.c.id == sending_stop.c.ended_by_id
    )
    return connection.execute(query.order_by(sending_stop.c.id.desc()).limit(limit)).mappings().all()


_OPEN = sending_stop.c.ended_at.is_(null())
