"""Contacts on record: found by the blind indexes of number and name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, RowMapping, bindparam, delete, insert, select, update

from gateway.store.schema import contact, contact_group, membership

_CHUNK = 500


def add(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert contacts."""
    if rows:
        connection.execute(insert(contact), [dict(row) for row in rows])


def one(connection: Connection, ident: str) -> RowMapping | None:
    """Return one contact."""
    return connection.execute(select(contact).where(contact.c.id == ident)).mappings().first()


def same(connection: Connection, number_index: bytes, name_index: bytes) -> str | None:
    """Return the id of the contact with that number and name."""
    mine = (contact.c.number_index == number_index) & (contact.c.name_index == name_index)
    return connection.execute(select(contact.c.id).where(mine)).scalar()


def of_numbers(connection: Connection, indexes: Sequence[bytes]) -> dict[tuple[bytes, bytes], RowMapping]:
    """Return the contacts with these numbers, by the indexes of number and name."""
    found: dict[tuple[bytes, bytes], RowMapping] = {}
    for start in range(0, len(indexes), _CHUNK):
        query = select(contact).where(contact.c.number_index.in_(indexes[start : start + _CHUNK]))
        for row in connection.execute(query).mappings():
            found[row["number_index"], row["name_index"]] = row
    return found


def page(
    connection: Connection, number_index: bytes | None, group: str | None, before: str | None, limit: int
) -> Sequence[RowMapping]:
    """Return contacts, newest first, those before the id `before`; of a number or a group (by name)."""
    query = select(contact)
    if number_index is not None:
        query = query.where(contact.c.number_index == number_index)
    if group is not None:
        query = query.join(membership, membership.c.contact_id == contact.c.id)
        query = query.join(contact_group, contact_group.c.id == membership.c.group_id)
        query = query.where(contact_group.c.name == group)
    if before is not None:
        query = query.where(contact.c.id < before)
    return connection.execute(query.order_by(contact.c.id.desc()).limit(limit)).mappings().all()


def change(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write what has changed about contacts; each row has the `id` and every column that may change."""
    if rows:
        connection.execute(_CHANGE, [{"of": row["id"], **_without_id(row)} for row in rows])
        moved = [{"of": row["id"], "number_index": row["number_index"]} for row in rows]
        connection.execute(_MOVE, moved)


_CHANGE = (
    update(contact)
    .where(contact.c.id == bindparam("of"))
    .values(
        {
            name: bindparam(name)
            for name in (
                "number_index",
                "number_sealed",
                "name_index",
                "name_sealed",
                "language",
                "labels",
                "updated_at",
            )
        }
        | {"version": contact.c.version + 1}
    )
)
_MOVE = (
    update(membership)
    .where(membership.c.contact_id == bindparam("of"))
    .values(number_index=bindparam("number_index"))
)


def _without_id(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "id"}


def remove(connection: Connection, ident: str) -> bool:
    """Remove a contact with its memberships; False where there is none."""
    return connection.execute(delete(contact).where(contact.c.id == ident)).rowcount > 0


def groups_of(connection: Connection, idents: Sequence[str]) -> Mapping[str, tuple[str, ...]]:
    """Return the names of the groups that each contact is in."""
    found: dict[str, tuple[str, ...]] = dict.fromkeys(idents, ())
    query = select(membership.c.contact_id, contact_group.c.name).join(contact_group)
    for start in range(0, len(idents), _CHUNK):
        some = query.where(membership.c.contact_id.in_(idents[start : start + _CHUNK]))
        for ident, name in connection.execute(some.order_by(contact_group.c.name)):
            found[ident] += (name,)
    return found


def with_number(connection: Connection, number_index: bytes) -> tuple[str, ...]:
    """Return the ids of the contacts with a number, oldest first."""
    query = select(contact.c.id).where(contact.c.number_index == number_index).order_by(contact.c.id)
    return tuple(connection.execute(query).scalars().all())
