"""Consents that people asked for by form, until they have confirmed them by text (4.1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, insert, select, update

from gateway.store.schema import opt_in

_WAITING = opt_in.c.status == "waiting"


def add(connection: Connection, values: Mapping[str, Any]) -> None:
    """Insert one; the database refuses a second that waits for the same number."""
    connection.execute(insert(opt_in), dict(values))


def one(connection: Connection, ident: str) -> RowMapping | None:
    """Return one."""
    return connection.execute(select(opt_in).where(opt_in.c.id == ident)).mappings().first()


def waiting(connection: Connection, number_index: bytes, now: datetime) -> RowMapping | None:
    """Return what waits for a number's confirmation."""
    mine = (opt_in.c.number_index == number_index) & (opt_in.c.expires_at > now)
    return connection.execute(select(opt_in).where(_WAITING, mine)).mappings().first()


def of_message(connection: Connection, message_id: str) -> RowMapping | None:
    """Return what a confirmation text is sent for."""
    return connection.execute(select(opt_in).where(opt_in.c.message_id == message_id)).mappings().first()


def page(connection: Connection, before: str | None, limit: int) -> Sequence[RowMapping]:
    """Return them, newest first, those before the id `before`."""
    query = select(opt_in)
    if before is not None:
        query = query.where(opt_in.c.id < before)
    return connection.execute(query.order_by(opt_in.c.id.desc()).limit(limit)).mappings().all()


def confirm(connection: Connection, ident: str, inbox_id: str, now: datetime) -> None:
    """End the waiting: the person said yes."""
    values = {"status": "confirmed", "ended_at": now, "inbox_id": inbox_id}
    connection.execute(update(opt_in).where(opt_in.c.id == ident).values(values))


def lapse(connection: Connection, now: datetime, number_index: bytes | None = None) -> Sequence[str]:
    """End what has waited too long (of one number, if given); return the ids."""
    over = update(opt_in).where(_WAITING, opt_in.c.expires_at <= now)
    if number_index is not None:
        over = over.where(opt_in.c.number_index == number_index)
    ended = over.values(status="lapsed", ended_at=now).returning(opt_in.c.id)
    return connection.execute(ended).scalars().all()
