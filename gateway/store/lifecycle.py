"""Every change of a part's status, through the life-cycle table of `gateway.model`.

A message's status is derived from its parts in the same transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Text,
    Update,
    and_,
    bindparam,
    case,
    exists,
    func,
    literal_column,
    null,
    select,
    text,
    update,
)

from gateway.model import DERIVED, CancelReason, Event, HoldReason, OnDoubt, Status, advance
from gateway.store import events
from gateway.store.prepared import Prepared, Row
from gateway.store.schema import OPEN_ENDED, message, part

# Statements are built once: to build one costs more than to run it.
_CHANGE = Prepared(
    update(part).where(
        part.c.message_id == bindparam("of_message"),
        part.c.number == bindparam("of_number"),
        part.c.status == bindparam("was"),
    )
)

_CHUNK = 500  # messages in one statement

# Literals, not parameters: the partial indexes are for these.
# In the order of the partial indexes: else a query is answered by a scan of all parts.
WAITS = part.c.status.in_([literal_column(f"'{each}'") for each in ("queued", "scheduled", "held")])
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
    where = {"of_message": message_id, "of_number": number, "was": status}
    if not _CHANGE.run(connection, where | {"status": advance(status, event), **values}):
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
) -> None:
    """Derive a message's status from its parts and write it; a reason counts where it fits the status."""
    values = {"of_message": message_id, "now": now, "hold": hold_reason, "cancel": cancel_reason}
    found = _REFRESH.first(connection, values)
    if found is not None and found["status"] in events.TOLD:
        events.tell_message(connection, message_id, now)


def _refreshing(mine: ColumnElement[bool]) -> Update:
    """Return the statement that derives the statuses of the messages whose parts satisfy `mine`."""
    # Literals here too: ninety parameters would cost more than all the rest of it.
    place_of: dict[Status, ColumnElement[Any]] = {
        each: literal_column(str(at)) for at, each in enumerate(DERIVED)
    }
    places: list[tuple[ColumnElement[Any], ColumnElement[Any]]] = [
        (literal_column(f"'{each.value}'"), place) for each, place in place_of.items()
    ]
    rank = func.min(case(*((part.c.status == status, place) for status, place in places)))
    worst = select(part.c.message_id, rank.label("rank")).where(mine).group_by(part.c.message_id)
    derived = worst.subquery("derived")
    status = case(*((derived.c.rank == place, status) for status, place in places))
    before = message.c.cancel_reason
    return (
        update(message)
        .where(message.c.id == derived.c.message_id)
        .values(
            status=status,
            hold_reason=case(
                (derived.c.rank == place_of[Status.HELD], bindparam("hold", type_=Text)), else_=null()
            ),
            cancel_reason=case(
                (
                    derived.c.rank == place_of[Status.CANCELLED],
                    func.coalesce(bindparam("cancel", type_=Text), before),
                ),
                else_=before,
            ),
            updated_at=bindparam("now"),
        )
        .returning(message.c.status)
    )


_REFRESH = Prepared(_refreshing(part.c.message_id == bindparam("of_message")))
_REFRESH_MANY = _refreshing(part.c.message_id.in_(bindparam("of_messages", expanding=True)))
# It was sent, then in doubt, and waited to be sent again: whatever ends that, the first may be there.
_resent = exists().where(message.c.id == part.c.message_id, message.c.on_doubt == OnDoubt.RESENT)
MAY_BE_THERE = and_(part.c.attempts > 0, _resent)
_END_WAITING = (
    update(part)
    .where(part.c.message_id.in_(bindparam("of_messages", expanding=True)), WAITS)
    .values(
        status=case((MAY_BE_THERE, Status.UNCERTAIN), else_=bindparam("after", type_=Text)),
        final_at=case((MAY_BE_THERE, null()), else_=bindparam("now", type_=part.c.final_at.type)),
        cause=case((MAY_BE_THERE, "was to be sent again, and was not"), else_=bindparam("why", type_=Text)),
    )
)


def cancel_waiting(
    connection: Connection,
    where: ColumnElement[bool],
    reason: CancelReason,
    now: datetime,
    cause: str | None = None,
    most: int | None = None,
) -> Sequence[str]:
    """Cancel every part that still waits and satisfies `where`; return their messages.

    One that waits to be sent again by its rule is in doubt again instead; in `expire_due`, too.
    With `most`, only that many: those that would be sent before the others.
    """
    return _end_waiting(connection, where, Event.CANCELLED, now, reason, cause, most)


def _end_waiting(
    connection: Connection,
    where: ColumnElement[bool],
    event: Event,
    now: datetime,
    reason: CancelReason | None,
    cause: str | None,
    most: int | None = None,
) -> Sequence[str]:
    query = select(part.c.message_id, part.c.status).join(message, message.c.id == part.c.message_id)
    query = query.where(WAITS, where).distinct()
    if most is not None:
        query = query.order_by(part.c.message_id).limit(most)
    found = connection.execute(query).all()
    for row in found:
        advance(Status(row.status), event)
    ended = sorted({row.message_id for row in found})
    after = Status.CANCELLED if event is Event.CANCELLED else Status.EXPIRED
    for start in range(0, len(ended), _CHUNK):
        some = ended[start : start + _CHUNK]
        values = {"of_messages": some, "after": after, "now": now, "why": cause}
        connection.execute(_END_WAITING, values)
        connection.execute(_REFRESH_MANY, {"of_messages": some, "now": now, "hold": None, "cancel": reason})
        events.tell_messages(connection, some, now)
    return ended


def expire_due(connection: Connection, now: datetime) -> Sequence[str]:
    """End what still waits when its validity has passed; return the messages that this ended."""
    return _end_waiting(connection, part.c.expires_at <= now, Event.EXPIRED, now, None, "validity passed")


def release_scheduled(connection: Connection, now: datetime, most: int) -> int:
    """Queue what was scheduled for now or before, so many messages at most; return how many."""
    due = select(part.c.message_id).distinct().where(_SCHEDULED, part.c.not_before <= now)
    idents = connection.execute(due.limit(most)).scalars().all()
    after = advance(Status.SCHEDULED, Event.RELEASED)
    for ident in idents:
        connection.execute(update(part).where(part.c.message_id == ident, _SCHEDULED).values(status=after))
        refresh(connection, ident, now)
    return len(idents)


def let_go(connection: Connection, which: ColumnElement[bool], now: datetime, most: int | None = None) -> int:
    """Queue (or schedule, where its time has not come) the held messages that satisfy `which`.

    With `most`, only that many. Those of test keys are delivered at once: no modem gets them.
    Returns how many.
    """
    queued, scheduled = advance(Status.HELD, Event.RELEASED), advance(Status.HELD, Event.POSTPONED)
    found = _held(connection, which, most)
    _simulate(connection, [row.id for row in found if row.test], now)
    idents = [row.id for row in found if not row.test]
    for start in range(0, len(idents), _CHUNK):
        some = idents[start : start + _CHUNK]
        connection.execute(
            update(part)
            .where(part.c.message_id.in_(some), part.c.status == Status.HELD)
            .values(status=case((part.c.not_before > now, scheduled), else_=queued))
        )
        status = case((message.c.not_before > now, scheduled), else_=queued)
        freed = update(message).where(message.c.id.in_(some))
        connection.execute(freed.values(status=status, hold_reason=None, updated_at=now))
    return len(found)


def _simulate(connection: Connection, idents: Sequence[str], now: datetime) -> None:
    """Deliver held messages of test keys: to nobody."""
    after = advance(Status.HELD, Event.SIMULATED)
    for start in range(0, len(idents), _CHUNK):
        some = idents[start : start + _CHUNK]
        mine = (part.c.message_id.in_(some), part.c.status == Status.HELD)
        connection.execute(update(part).where(*mine).values(status=after, final_at=now))
        connection.execute(_REFRESH_MANY, {"of_messages": some, "now": now, "hold": None, "cancel": None})
        events.tell_messages(connection, some, now)


def hold_for(
    connection: Connection,
    which: ColumnElement[bool],
    reason: HoldReason,
    now: datetime,
    most: int | None = None,
) -> int:
    """Give the held messages that satisfy `which` (at most so many) another reason; return how many."""
    idents = [row.id for row in _held(connection, which, most)]
    for start in range(0, len(idents), _CHUNK):
        ours = message.c.id.in_(idents[start : start + _CHUNK])
        connection.execute(update(message).where(ours).values(hold_reason=reason, updated_at=now))
    return len(idents)


def _held(connection: Connection, which: ColumnElement[bool], most: int | None) -> Sequence[Any]:
    query = select(message.c.id, message.c.test).where(message.c.status == Status.HELD, which)
    return connection.execute(query.order_by(message.c.id).limit(most)).all()


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
    mine = query.where(WAITS, part.c.number_index == number_index, part.c.status.in_(_MAY_BE_HELD))
    for message_id in connection.execute(mine).scalars().all():
        hold_back(connection, message_id, reason, now)


def something_due(connection: Connection, now: datetime) -> bool:
    """Return whether `release_scheduled` or `expire_due` have work (asked every second)."""
    return any(query.first(connection, {"now": now}) is not None for query in _DUE)


_DUE = (
    Prepared(select(part.c.number).where(_SCHEDULED, part.c.not_before <= bindparam("now")).limit(1)),
    Prepared(select(part.c.number).where(WAITS, part.c.expires_at <= bindparam("now")).limit(1)),
)


def in_doubt(connection: Connection, status: Status, gateway: str) -> Sequence[Row]:
    """Return this gateway's parts that are `sending` or `uncertain`."""
    return _in_doubt(status).rows(connection, {"gateway": gateway})


@cache
def _in_doubt(status: Status) -> Prepared:
    return Prepared(
        select(part, message.c.on_doubt, message.c.parts)
        .join(message, message.c.id == part.c.message_id)
        .where(
            text(f"part.{OPEN_ENDED}"),
            part.c.status == literal_column(f"'{status.value}'"),
            part.c.gateway == bindparam("gateway"),
        )
        .order_by(part.c.claim_order)
    )
