"""What callers are told, written in the transaction that makes it so.

A message tells only what its sender cannot know from the answer to the request: what became of it later.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    Insert,
    RowMapping,
    bindparam,
    case,
    delete,
    func,
    insert,
    literal,
    literal_column,
    null,
    select,
)

from gateway.model import Status
from gateway.store.prepared import Prepared
from gateway.store.schema import Instant, event, message

KEPT: Final = timedelta(days=14)

TOLD: Final = frozenset(
    {
        Status.HELD,
        Status.SENT,
        Status.DELIVERED,
        Status.UNDELIVERED,
        Status.FAILED,
        Status.EXPIRED,
        Status.CANCELLED,
        Status.UNCERTAIN,
    }
)


def add(
    connection: Connection,
    now: datetime,
    kind: str,
    subject: str,
    *,
    person_id: str | None = None,
    detail: str | None = None,
) -> None:
    """Write one event about `subject` (an id); `detail` is a code, never personal data."""
    values = {"at": now, "type": kind, "subject": subject, "person_id": person_id, "detail": detail}
    _ADD.run(connection, values)


_ADD = Prepared(insert(event))


def tell_message(connection: Connection, message_id: str, now: datetime) -> None:
    """Write the status that a message now has, unless it was the last that was told of it."""
    _TELL.run(connection, {"of_message": message_id, "now": now})


def tell_messages(connection: Connection, message_ids: Sequence[str], now: datetime) -> None:
    """Do the same for many."""
    connection.execute(_TELL_MANY, {"of_messages": message_ids, "now": now})


def _telling(mine: ColumnElement[bool]) -> Insert:
    before, status = event.alias("before"), message.c.status
    kind = literal("message.") + status
    newest = (
        select(before.c.type)
        .where(before.c.subject == message.c.id)
        .order_by(before.c.seq.desc())
        .limit(1)
        .correlate(message)
        .scalar_subquery()
    )
    why = case(
        (status == Status.HELD.value, message.c.hold_reason),
        (status == Status.CANCELLED.value, message.c.cancel_reason),
        else_=null(),
    )
    told = select(bindparam("now", type_=Instant), kind, message.c.id, message.c.person_id, why).where(
        mine,
        status.in_([literal_column(f"'{told.value}'") for told in sorted(TOLD)]),
        message.c.person_id.is_not(None),  # the gateway's own replies are nobody's
        kind.is_distinct_from(newest),
    )
    names = ["at", "type", "subject", "person_id", "detail"]
    return insert(event).from_select(names, told, include_defaults=False)


_TELL = Prepared(_telling(message.c.id == bindparam("of_message")))
_TELL_MANY = _telling(message.c.id.in_(bindparam("of_messages", expanding=True)))


def last(connection: Connection) -> int:
    """Return the number of the newest event; 0 where there is none."""
    return int(connection.execute(_LAST).scalar() or 0)


_LAST = select(func.max(event.c.seq))


def after(connection: Connection, seq: int, limit: int) -> Sequence[RowMapping]:
    """Return the events after number `seq`, oldest first; those of messages with reference and batch."""
    return connection.execute(_AFTER, {"seq": seq, "most": limit}).mappings().all()


_ROWS = select(event, message.c.reference, message.c.batch_id).outerjoin(
    message, message.c.id == event.c.subject
)
_AFTER = _ROWS.where(event.c.seq > bindparam("seq")).order_by(event.c.seq).limit(bindparam("most"))


def numbered(connection: Connection, seqs: Sequence[int]) -> Sequence[RowMapping]:
    """Return those events that are still there."""
    return connection.execute(_NUMBERED, {"seqs": seqs}).mappings().all()


_NUMBERED = _ROWS.where(event.c.seq.in_(bindparam("seqs", expanding=True))).order_by(event.c.seq)


def before(connection: Connection, at: datetime) -> int:
    """Return the number of the last event before an instant; 0 where there is none."""
    return int(connection.execute(select(func.max(event.c.seq)).where(event.c.at < at)).scalar() or 0)


def old(connection: Connection, now: datetime, most: int = 1000) -> Sequence[int]:
    """Return the numbers of events older than two weeks. It looks through all that are kept: for a reader."""
    return connection.execute(select(event.c.seq).where(event.c.at < now - KEPT).limit(most)).scalars().all()


def forget(connection: Connection, seqs: Sequence[int]) -> None:
    """Drop these."""
    connection.execute(delete(event).where(event.c.seq.in_(seqs)))
