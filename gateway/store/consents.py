"""Consents on record, found by the number's blind index (clause 4.1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, exists, insert, null, select, update

from gateway.store.prepared import Row
from gateway.store.recipients import ByNumber, in_chunks
from gateway.store.schema import consent, suppression


def add(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert consents."""
    if rows:
        connection.execute(insert(consent), [dict(row) for row in rows])


def of_numbers(connection: Connection, indexes: Sequence[bytes]) -> Mapping[bytes, Sequence[Row]]:
    """Return the consents of each number asked for; one query for each 500."""
    found: dict[bytes, list[Row]] = {index: [] for index in indexes}
    for row in in_chunks(connection, _OF_NUMBERS, list(found)):
        found[row["number_index"]].append(row)
    return found


_OF_NUMBERS = ByNumber.of(
    lambda asks: select(
        consent.c.id,
        consent.c.number_index,
        consent.c.purpose,
        consent.c.given_at,
        consent.c.expires_at,
        consent.c.withdrawn_at,
    ).where(asks(consent.c.number_index))
)


def one(connection: Connection, ident: str) -> RowMapping | None:
    """Return one consent."""
    return connection.execute(select(consent).where(consent.c.id == ident)).mappings().first()


def page(
    connection: Connection, number_index: bytes | None, before: str | None, limit: int
) -> Sequence[RowMapping]:
    """Return consents, newest first, those before the id `before`."""
    query = select(consent)
    if number_index is not None:
        query = query.where(consent.c.number_index == number_index)
    if before is not None:
        query = query.where(consent.c.id < before)
    return connection.execute(query.order_by(consent.c.id.desc()).limit(limit)).mappings().all()


def standing(connection: Connection) -> Sequence[RowMapping]:
    """Return all consents that were not withdrawn, oldest first."""
    query = select(consent).where(consent.c.withdrawn_at.is_(null())).order_by(consent.c.id)
    return connection.execute(query).mappings().all()


def ending(connection: Connection, now: datetime, until: datetime) -> Sequence[RowMapping]:
    """Return the consents that end between two instants, but for those that a later one replaces.

    Nor those of who opted out of everything: they are not to be asked again.
    """
    later = consent.alias("later")
    replaced = exists().where(
        later.c.number_index == consent.c.number_index,
        later.c.purpose == consent.c.purpose,
        later.c.withdrawn_at.is_(null()),
        later.c.expires_at > until,
    )
    opted_out = exists().where(
        suppression.c.number_index == consent.c.number_index,
        suppression.c.topic == "",
        suppression.c.lifted_at.is_(null()),
    )
    query = select(consent).where(
        consent.c.withdrawn_at.is_(null()),
        consent.c.expires_at > now,
        consent.c.expires_at <= until,
        ~replaced,
        ~opted_out,
    )
    return connection.execute(query.order_by(consent.c.expires_at, consent.c.id)).mappings().all()


def withdraw(connection: Connection, ident: str, *, by: str, now: datetime) -> bool:
    """End a consent; False where it was withdrawn already."""
    statement = update(consent).where(consent.c.id == ident, consent.c.withdrawn_at.is_(null()))
    return connection.execute(statement.values(withdrawn_at=now, withdrawn_by=by)).rowcount > 0
