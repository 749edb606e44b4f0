"""What is on record about recipients, by blind index: opt-outs, holds, when they last wrote."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Executable,
    Row,
    RowMapping,
    bindparam,
    func,
    literal,
    null,
    select,
    union_all,
    update,
)

from gateway.store import dialect
from gateway.store.schema import Instant, auto_reply, inbox, recipient_hold, suppression

_CHUNK = 500


@dataclass(slots=True)
class RecipientRow:
    """One recipient. `suppressed` maps a topic ('' = everything) to when it was opted out of."""

    suppressed: dict[str, datetime] = field(default_factory=dict)
    held_since: datetime | None = None
    last_inbound_at: datetime | None = None


def facts(connection: Connection, indexes: Sequence[bytes]) -> Mapping[bytes, RecipientRow]:
    """Return a row for every index asked for; one query for each 500."""
    rows = {index: RecipientRow() for index in indexes}
    for row in in_chunks(connection, _RECORDS, list(rows)):
        kind, index, topic, at = tuple(row)
        if kind == "opt-out":
            rows[index].suppressed[topic] = at
        elif kind == "hold":
            rows[index].held_since = at
        else:
            rows[index].last_inbound_at = at
    return rows


Asks = Callable[[ColumnElement[bytes]], ColumnElement[bool]]
"""Makes the condition on a table's `number_index`."""


@dataclass(frozen=True, slots=True)
class ByNumber:
    """A query about numbers, built once for one of them (the hand-off's) and once for many (a batch's)."""

    one: Executable
    many: Executable

    @classmethod
    def of(cls, build: Callable[[Asks], Executable]) -> ByNumber:
        """Build both from a function that is given how to ask."""
        return cls(
            build(lambda column: column == bindparam("number")),
            build(lambda column: column.in_(bindparam("numbers", expanding=True))),
        )


def in_chunks(connection: Connection, query: ByNumber, indexes: Sequence[bytes]) -> Iterator[Row[Any]]:
    """Run a query for all `indexes`, in runs that a parameter list can hold."""
    if len(indexes) == 1:
        yield from connection.execute(query.one, {"number": indexes[0]})
        return
    for start in range(0, len(indexes), _CHUNK):
        yield from connection.execute(query.many, {"numbers": indexes[start : start + _CHUNK]})


def _records(asks: Asks) -> Executable:
    nothing = literal("")
    return union_all(
        select(
            literal("opt-out"), suppression.c.number_index, suppression.c.topic, suppression.c.since
        ).where(asks(suppression.c.number_index), suppression.c.lifted_at.is_(null())),
        select(literal("hold"), recipient_hold.c.number_index, nothing, recipient_hold.c.since).where(
            asks(recipient_hold.c.number_index), recipient_hold.c.resolved_at.is_(null())
        ),
        select(
            literal("inbound"),
            inbox.c.number_index,
            nothing,
            func.max(inbox.c.received_at, type_=Instant),
        )
        .where(asks(inbox.c.number_index))
        .group_by(inbox.c.number_index),
    )


_RECORDS = ByNumber.of(_records)


def suppress(
    connection: Connection,
    now: datetime,
    *,
    ident: str,
    number_index: bytes,
    topic: str,
    source: str,
    made_by: str,
) -> bool:
    """Opt a number out; False if it was already."""
    statement = (
        dialect.insert(connection, suppression)
        .values(
            id=ident,
            number_index=number_index,
            topic=topic,
            source=source,
            made_by=made_by,
            since=now,
        )
        .on_conflict_do_nothing()
    )
    return connection.execute(statement).rowcount > 0


def lift(
    connection: Connection, now: datetime, *, number_index: bytes, by: str, source: str | None = None
) -> Sequence[str]:
    """Lift a number's opt-outs (those of one source, if given); return their ids."""
    statement = update(suppression).where(
        suppression.c.number_index == number_index, suppression.c.lifted_at.is_(null())
    )
    if source is not None:
        statement = statement.where(suppression.c.source == source)
    lifted = statement.values(lifted_at=now, lifted_by=by).returning(suppression.c.id)
    return connection.execute(lifted).scalars().all()


def suppressions(
    connection: Connection, number_index: bytes | None, after: str | None, limit: int
) -> Sequence[RowMapping]:
    """Return active opt-outs, newest first, those before the id `after`."""
    query = select(suppression).where(suppression.c.lifted_at.is_(null()))
    if number_index is not None:
        query = query.where(suppression.c.number_index == number_index)
    if after is not None:
        query = query.where(suppression.c.id < after)
    return connection.execute(query.order_by(suppression.c.id.desc()).limit(limit)).mappings().all()


def hold(connection: Connection, now: datetime, *, ident: str, number_index: bytes, inbox_id: str) -> None:
    """Pause a number until a person has read its reply."""
    statement = dialect.insert(connection, recipient_hold).values(
        id=ident, number_index=number_index, inbox_id=inbox_id, since=now
    )
    connection.execute(statement)


def open_holds(connection: Connection) -> Sequence[RowMapping]:
    """Return the holds that wait for a person, oldest first."""
    query = select(recipient_hold).where(recipient_hold.c.resolved_at.is_(null()))
    return connection.execute(query.order_by(recipient_hold.c.since)).mappings().all()


def resolve_hold(
    connection: Connection,
    now: datetime,
    *,
    ident: str,
    by: str,
    outcome: str,
) -> bytes | None:
    """Close every open hold of that hold's number; return the number's index, None if it was not open."""
    open_ = recipient_hold.c.resolved_at.is_(null())
    index = connection.execute(
        select(recipient_hold.c.number_index).where(recipient_hold.c.id == ident, open_)
    ).scalar()
    if index is not None:
        connection.execute(
            update(recipient_hold)
            .where(recipient_hold.c.number_index == index, open_)
            .values(resolved_at=now, resolved_by=by, outcome=outcome)
        )
    return index


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
