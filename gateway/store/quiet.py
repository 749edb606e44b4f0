"""Messages that wait for a window to open: taken out of the queue, and let go by time alone."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import Connection, bindparam, func, literal_column, select, update

from gateway.model import HoldReason, Status
from gateway.store import lifecycle
from gateway.store.prepared import Prepared
from gateway.store.schema import message, part

SLICE: Final = 40  # messages let go in one transaction: no other write waits long

_WAITS = message.c.hold_reason == literal_column(f"'{HoldReason.QUIET_HOURS}'")  # as the partial index has it
_DUE = Prepared(select(message.c.id).where(_WAITS, message.c.not_before <= bindparam("now")).limit(1))


def hold(connection: Connection, message_id: str, until: datetime, now: datetime) -> None:
    """Take one message out of the queue until `until`."""
    mine = part.c.message_id == message_id
    waiting = part.c.status.in_((Status.QUEUED, Status.SCHEDULED))
    connection.execute(update(part).where(mine, waiting).values(not_before=until))
    connection.execute(update(message).where(message.c.id == message_id).values(not_before=until))
    lifecycle.hold_back(connection, message_id, HoldReason.QUIET_HOURS, now)


def any_due(connection: Connection, now: datetime) -> bool:
    """Return whether a window has opened for something that waits for it."""
    return _DUE.first(connection, {"now": now}) is not None


def waiting(connection: Connection) -> int:
    """Return how many parts wait for a window."""
    query = select(func.coalesce(func.sum(message.c.parts), 0)).where(_WAITS)
    return int(connection.execute(query).scalar_one())


def let_go(connection: Connection, now: datetime) -> int:
    """Queue what waited for now or before, `SLICE` messages at most; return how many."""
    return lifecycle.let_go(connection, _WAITS & (message.c.not_before <= now), now, SLICE)
