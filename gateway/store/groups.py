"""Groups of contacts, and their nightly pruning (4.3)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    Select,
    and_,
    delete,
    distinct,
    exists,
    func,
    insert,
    null,
    or_,
    select,
    update,
)

from gateway.store import dialect
from gateway.store.schema import consent, contact, contact_group, membership, suppression, suspect_number


def _rows() -> Select[Any]:
    return (
        select(
            contact_group,
            func.count(membership.c.contact_id).label("contacts"),
            func.count(distinct(membership.c.number_index)).label("numbers"),
        )
        .outerjoin(membership, membership.c.group_id == contact_group.c.id)
        .group_by(contact_group.c.id)
    )


def add(connection: Connection, values: Mapping[str, Any]) -> None:
    """Insert a group."""
    connection.execute(insert(contact_group), dict(values))


def one(connection: Connection, ident: str) -> RowMapping | None:
    """Return one group and its size."""
    return connection.execute(_rows().where(contact_group.c.id == ident)).mappings().first()


def every(connection: Connection) -> Sequence[RowMapping]:
    """Return all groups by name, and their sizes."""
    return connection.execute(_rows().order_by(contact_group.c.name)).mappings().all()


def named(connection: Connection, names: Collection[str]) -> Mapping[str, str]:
    """Return the ids of the groups of these names, by name."""
    query = select(contact_group.c.name, contact_group.c.id).where(contact_group.c.name.in_(names))
    return {row.name: row.id for row in connection.execute(query)}


def change(connection: Connection, ident: str, *, name: str, label: str, now: datetime) -> None:
    """Rename a group."""
    values = {"name": name, "label": label}
    connection.execute(update(contact_group).where(contact_group.c.id == ident).values(values))
    touch(connection, [ident], now)


def touch(connection: Connection, idents: Collection[str], now: datetime) -> None:
    """Make known that groups are not what they were."""
    mine = contact_group.c.id.in_(idents)
    grown = {"version": contact_group.c.version + 1, "updated_at": now}
    connection.execute(update(contact_group).where(mine).values(grown))


def remove(connection: Connection, ident: str) -> None:
    """Remove a group with its memberships; its contacts stay."""
    connection.execute(delete(contact_group).where(contact_group.c.id == ident))


def join(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> int:
    """Put contacts into groups; return how many were not in theirs before."""
    statement = dialect.insert(connection, membership).on_conflict_do_nothing()
    return sum(connection.execute(statement, dict(row)).rowcount for row in rows)


def leave(connection: Connection, group_id: str, contact_ids: Collection[str]) -> int:
    """Take contacts out of a group; return how many were in it."""
    mine = (membership.c.group_id == group_id) & membership.c.contact_id.in_(contact_ids)
    return connection.execute(delete(membership).where(mine)).rowcount


def known_contacts(connection: Connection, idents: Collection[str]) -> Mapping[str, bytes]:
    """Return the numbers' indexes of those contacts that exist."""
    query = select(contact.c.id, contact.c.number_index).where(contact.c.id.in_(idents))
    return {row.id: row.number_index for row in connection.execute(query)}


def members(connection: Connection, group_id: str) -> Sequence[RowMapping]:
    """Return the contacts of a group, oldest first: their ids and sealed numbers."""
    query = select(contact.c.id, contact.c.number_sealed, contact.c.number_index).join(membership)
    return (
        connection.execute(query.where(membership.c.group_id == group_id).order_by(contact.c.id))
        .mappings()
        .all()
    )


def over(connection: Connection, now: datetime, failures: int) -> Mapping[str, Sequence[RowMapping]]:
    """Return the memberships that must end, by why: each has `group_id` and `contact_id`.

    Who opted out of everything; whose every consent has ended (who never had one is left: it may be on its
    way); whose number is in doubt, after so many `failures` in a row or for another reason.
    """
    mine = membership.c.number_index
    standing = and_(consent.c.withdrawn_at.is_(null()), consent.c.expires_at > now)
    of_theirs = consent.c.number_index == mine
    reasons: dict[str, ColumnElement[bool]] = {
        "opted_out": exists().where(
            suppression.c.number_index == mine,
            suppression.c.topic == "",
            suppression.c.lifted_at.is_(null()),
        ),
        "consent_ended": and_(exists().where(of_theirs), ~exists().where(of_theirs, standing)),
        "suspect": exists().where(
            suspect_number.c.number_index == mine,
            suspect_number.c.verified_at.is_(null()),
            or_(suspect_number.c.reason != "failures", suspect_number.c.failures >= failures),
        ),
    }
    query = select(membership.c.group_id, membership.c.contact_id)
    return {why: connection.execute(query.where(ends)).mappings().all() for why, ends in reasons.items()}
