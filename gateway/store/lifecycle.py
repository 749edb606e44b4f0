"""Every change of a part's status, through the life-cycle table of `gateway.model`.

A message's status is derived from its parts in the same transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, RowMapping, literal_column, select, update

from gateway.model import WAITING, CancelReason, Event, HoldReason, Status, advance, derive
from gateway.store.schema import message, part

# Literals, not parameters: the partial indexes are for these.
_WAITS = part.c.status.in_([literal_column(f"'{status.value}'") for status in sorted(WAITING)])
_MAY_BE_HELD = (Status.QUEUED, Status.SCHEDULED)
_SCHEDULED = part.c.status == literal_column("'scheduled'")


def change(
    connection: Connection,
    message_id: str,
    number: int,
    status: Status,
    event: Event,
    now: datetime,
    *,
    hold_reason: HoldReason | None = None,
    cancel_reason: CancelReason | None = None,
    **values: object,
) -> bool:
    """Move one part along the life cycle if it still is in `status`; keep its message in step.

    Returns False when another transaction was first. Raises `IllegalTransition` for an event that
    cannot happen there.
    """
    after = advance(status, event)
    changed = connection.execute(
        update(part)
        .where(part.c.message_id == message_id, part.c.number == number, part.c.status == status)
        .values(status=after, **values)
    )
    if changed.rowcount == 0:
        return False
    refresh(connection, message_id, now, hold_reason=hold_reason, cancel_reason=cancel_reason)
    return True


def refresh(
    connection: Connection,
    message_id: str,
    now: datetime,
    *,
    hold_reason: HoldReason | None = None,
    cancel_reason: CancelReason | None = None,
) -> Status:
    """Derive a message's status from its parts and write it."""
    found = connection.execute(select(part.c.status).where(part.c.message_id == message_id)).scalars()
    status = derive(Status(value) for value in found)
    reason = cancel_reason if status is Status.CANCELLED else None
    connection.execute(
        update(message)
        .where(message.c.id == message_id)
        .values(
            status=status,
            hold_reason=hold_reason if status is Status.HELD else None,
            updated_at=now,
            **({"cancel_reason": reason} if reason else {}),
        )
    )
    return status


def cancel_waiting(
    connection: Connection,
    where: ColumnElement[bool],
    reason: CancelReason,
    now: datetime,
    cause: str | None = None,
) -> int:
    """Cancel every part that still waits and satisfies `where`; return how many messages that ended."""
    return _end_waiting(connection, where, Event.CANCELLED, now, reason, cause)


def _end_waiting(
    connection: Connection,
    where: ColumnElement[bool],
    event: Event,
    now: datetime,
    reason: CancelReason | None,
    cause: str | None,
) -> int:
    found = connection.execute(
        select(part.c.message_id, part.c.number, part.c.status)
        .join(message, message.c.id == part.c.message_id)
        .where(_WAITS, where)
    ).all()
    for row in found:
        advance(Status(row.status), event)
    ended = sorted({row.message_id for row in found})
    after = Status.CANCELLED if event is Event.CANCELLED else Status.EXPIRED
    for ident in ended:
        connection.execute(
            update(part)
            .where(part.c.message_id == ident, _WAITS)
            .values(status=after, final_at=now, cause=cause)
        )
        refresh(connection, ident, now, cancel_reason=reason)
    return len(ended)


def expire_due(connection: Connection, now: datetime) -> int:
    """End what still waits when its validity has passed."""
    return _end_waiting(connection, part.c.expires_at <= now, Event.EXPIRED, now, None, "validity passed")


def release_scheduled(connection: Connection, now: datetime) -> int:
    """Queue what was scheduled for now or before."""
    due = (
        connection.execute(select(part.c.message_id).distinct().where(_SCHEDULED, part.c.not_before <= now))
        .scalars()
        .all()
    )
    for ident in due:
        release(connection, ident, Status.SCHEDULED, now)
    return len(due)


def release(connection: Connection, message_id: str, status: Status, now: datetime) -> None:
    """Queue the held or scheduled parts of one message."""
    after = advance(status, Event.RELEASED)
    connection.execute(
        update(part).where(part.c.message_id == message_id, part.c.status == status).values(status=after)
    )
    refresh(connection, message_id, now)


def hold_back(connection: Connection, message_id: str, reason: HoldReason, now: datetime) -> None:
    """Take the queued or scheduled parts of one message out of the queue until somebody releases them."""
    after = {advance(status, Event.HELD_BACK) for status in _MAY_BE_HELD}
    connection.execute(
        update(part)
        .where(part.c.message_id == message_id, part.c.status.in_(_MAY_BE_HELD))
        .values(status=after.pop())
    )
    refresh(connection, message_id, now, hold_reason=reason)


def hold_recipient(connection: Connection, number_index: bytes, reason: HoldReason, now: datetime) -> None:
    """Hold all that waits for one recipient."""
    query = select(part.c.message_id).distinct()
    mine = query.where(_WAITS, part.c.number_index == number_index, part.c.status.in_(_MAY_BE_HELD))
    for message_id in connection.execute(mine).scalars().all():
        hold_back(connection, message_id, reason, now)


def release_recipient(connection: Connection, number_index: bytes, reason: HoldReason, now: datetime) -> None:
    """Queue again what was held for that reason."""
    query = select(message.c.id).where(
        message.c.number_index == number_index,
        message.c.status == Status.HELD,
        message.c.hold_reason == reason,
    )
    for message_id in connection.execute(query).scalars().all():
        release(connection, message_id, Status.HELD, now)


def something_due(connection: Connection, now: datetime) -> bool:
    """Return whether `release_scheduled` or `expire_due` have work (asked every second)."""
    scheduled = select(part.c.number).where(_SCHEDULED, part.c.not_before <= now)
    stale = select(part.c.number).where(_WAITS, part.c.expires_at <= now)
    return any(connection.execute(query.limit(1)).first() is not None for query in (scheduled, stale))


def in_doubt(connection: Connection, status: Status, gateway: str) -> Sequence[RowMapping]:
    """Return this gateway's parts that are `sending` or `uncertain`."""
    query = (
        select(part, message.c.on_doubt, message.c.parts)
        .join(message, message.c.id == part.c.message_id)
        .where(part.c.status == literal_column(f"'{status.value}'"), part.c.gateway == gateway)
    )
    return connection.execute(query).mappings().all()
