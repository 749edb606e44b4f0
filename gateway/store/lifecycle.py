"""Every change of a part's status, through the life-cycle table of `gateway.model`.

A message's status is derived from its parts in the same transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, RowMapping, case, literal_column, select, update

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
    refresh(connection, message_id, now)
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
    """Queue what was scheduled for now or before; return how many messages that is."""
    due = select(part.c.message_id).distinct().where(_SCHEDULED, part.c.not_before <= now)
    idents = connection.execute(due).scalars().all()
    after = advance(Status.SCHEDULED, Event.RELEASED)
    for ident in idents:
        connection.execute(update(part).where(part.c.message_id == ident, _SCHEDULED).values(status=after))
        refresh(connection, ident, now)
    return len(idents)


def let_go(connection: Connection, which: ColumnElement[bool], now: datetime) -> int:
    """Queue (or schedule, where its time has not come) the held messages that satisfy `which`."""
    queued, scheduled = advance(Status.HELD, Event.RELEASED), advance(Status.HELD, Event.POSTPONED)
    held = select(message.c.id).where(message.c.status == Status.HELD, which)
    connection.execute(
        update(part)
        .where(part.c.status == Status.HELD, part.c.message_id.in_(held))
        .values(status=case((part.c.not_before > now, scheduled), else_=queued))
    )
    freed = connection.execute(
        update(message)
        .where(message.c.status == Status.HELD, which)
        .values(
            status=case((message.c.not_before > now, scheduled), else_=queued),
            hold_reason=None,
            updated_at=now,
        )
    )
    return freed.rowcount


def hold_for(connection: Connection, which: ColumnElement[bool], reason: HoldReason, now: datetime) -> None:
    """Give the held messages that satisfy `which` another reason."""
    connection.execute(
        update(message)
        .where(message.c.status == Status.HELD, which)
        .values(hold_reason=reason, updated_at=now)
    )


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
