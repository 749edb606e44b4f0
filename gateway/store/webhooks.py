"""Endpoints of webhooks, and what became of each event that one of them was sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, bindparam, delete, func, insert, literal_column, select, update

from gateway.store import dialect
from gateway.store.events import KEPT
from gateway.store.schema import delivery, endpoint, person


def add(connection: Connection, values: Mapping[str, Any]) -> None:
    """Insert an endpoint."""
    connection.execute(insert(endpoint).values(dict(values)))


def one(connection: Connection, ident: str) -> RowMapping | None:
    """Return one endpoint, with the status of the person that it belongs to."""
    return connection.execute(_ONE, {"ident": ident}).mappings().first()


_ROWS = select(endpoint, person.c.status.label("person_status")).join(
    person, person.c.id == endpoint.c.person_id
)
_ONE = _ROWS.where(endpoint.c.id == bindparam("ident"))


def of_person(connection: Connection, person_id: str) -> Sequence[RowMapping]:
    """Return a person's endpoints, oldest first."""
    return (
        connection.execute(_ROWS.where(endpoint.c.person_id == person_id).order_by(endpoint.c.id))
        .mappings()
        .all()
    )


def active(connection: Connection) -> Sequence[str]:
    """Return the ids of the endpoints that are sent to."""
    return connection.execute(select(endpoint.c.id).where(endpoint.c.status == "active")).scalars().all()


def amend(connection: Connection, ident: str, version: int | None = None, **values: object) -> bool:
    """Change an endpoint and count its version up; False where it is not at `version` any more."""
    statement = update(endpoint).where(endpoint.c.id == ident)
    if version is not None:
        statement = statement.where(endpoint.c.version == version)
    return connection.execute(statement.values(version=endpoint.c.version + 1, **values)).rowcount > 0


def advance(connection: Connection, ident: str, before: int, cursor: int) -> None:
    """Note that every event up to `cursor` has been tried, unless the endpoint was rewound meanwhile."""
    connection.execute(_ADVANCE, {"ident": ident, "was": before, "cursor_now": cursor})


_ADVANCE = (
    update(endpoint)
    .where(endpoint.c.id == bindparam("ident"), endpoint.c.cursor == bindparam("was"))
    .values(cursor=bindparam("cursor_now"))
)


def remove(connection: Connection, ident: str) -> None:
    """Delete an endpoint and its log."""
    connection.execute(delete(endpoint).where(endpoint.c.id == ident))


def due(connection: Connection, ident: str, now: datetime, limit: int) -> Sequence[RowMapping]:
    """Return the deliveries to try again, the longest due first."""
    values = {"ident": ident, "now": now, "most": limit}
    return connection.execute(_DUE, values).mappings().all()


_RETRYING = delivery.c.status == literal_column("'retrying'")
_DUE = (
    select(delivery)
    .where(delivery.c.endpoint_id == bindparam("ident"), _RETRYING, delivery.c.next_at <= bindparam("now"))
    .order_by(delivery.c.next_at)
    .limit(bindparam("most"))
)


def next_due(connection: Connection, ident: str) -> datetime | None:
    """Return when the next delivery is to be tried again."""
    query = select(func.min(delivery.c.next_at)).where(delivery.c.endpoint_id == ident, _RETRYING)
    found: datetime | None = connection.execute(query).scalar()
    return found


def keep(connection: Connection, values: Mapping[str, Any]) -> None:
    """Write what became of a try; the row of an earlier one is written over."""
    fresh = {name: values[name] for name in ("status", "attempts", "last_at", "next_at", "answer")}
    statement = dialect.insert(connection, delivery).values(dict(values))
    connection.execute(
        statement.on_conflict_do_update(index_elements=["endpoint_id", "event_seq"], set_=fresh)
    )


def log(connection: Connection, ident: str, before: str | None, limit: int) -> Sequence[RowMapping]:
    """Return an endpoint's deliveries, newest first, those before the id `before`."""
    query = select(delivery).where(delivery.c.endpoint_id == ident)
    if before is not None:
        query = query.where(delivery.c.id < before)
    return connection.execute(query.order_by(delivery.c.id.desc()).limit(limit)).mappings().all()


def rewind(connection: Connection, ident: str, cursor: int) -> None:
    """Have everything after event number `cursor` sent again, as if it had never been."""
    connection.execute(delete(delivery).where(delivery.c.endpoint_id == ident, delivery.c.event_seq > cursor))
    connection.execute(update(endpoint).where(endpoint.c.id == ident).values(cursor=cursor))


def forget_old(connection: Connection, now: datetime) -> None:
    """Drop what was settled as long ago as events are kept."""
    old = (delivery.c.last_at < now - KEPT) & ~_RETRYING
    connection.execute(delete(delivery).where(old))
