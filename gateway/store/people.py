"""People, what roles they hold, and the keys that act for them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, bindparam, delete, insert, null, select, update

from gateway.store import dialect
from gateway.store.prepared import Prepared, Row
from gateway.store.schema import api_key, person, role, standing


def add(connection: Connection, values: Mapping[str, Any]) -> bool:
    """Insert a person; False where the handle is taken."""
    statement = dialect.insert(connection, person).values(dict(values)).on_conflict_do_nothing()
    return connection.execute(statement).rowcount > 0


def everybody(connection: Connection) -> Sequence[RowMapping]:
    """Return all people by handle."""
    return connection.execute(select(person).order_by(person.c.handle)).mappings().all()


def by_handle(connection: Connection, handle: str) -> RowMapping | None:
    """Return one person."""
    return connection.execute(select(person).where(person.c.handle == handle)).mappings().first()


def amend(connection: Connection, ident: str, **values: object) -> None:
    """Change a person."""
    connection.execute(update(person).where(person.c.id == ident).values(values))


def roles(connection: Connection, ident: str) -> Mapping[str, datetime]:
    """Return a person's roles, each with its end; ended ones too."""
    return {row.role: row.expires_at for row in connection.execute(_ROLES, {"person": ident})}


_ROLES = select(role.c.role, role.c.expires_at).where(role.c.person_id == bindparam("person"))


def roles_of_all(connection: Connection) -> Mapping[str, Mapping[str, datetime]]:
    """Return everybody's roles with their ends, ended ones too, by the person's id; one query."""
    found: dict[str, dict[str, datetime]] = defaultdict(dict)
    for row in connection.execute(select(role.c.person_id, role.c.role, role.c.expires_at)):
        found[row.person_id][row.role] = row.expires_at
    return found


def grant(
    connection: Connection, ident: str, name: str, *, by: str, now: datetime, expires_at: datetime
) -> None:
    """Give a role, or renew it."""
    values = {"granted_by": by, "granted_at": now, "expires_at": expires_at}
    statement = dialect.insert(connection, role).values(person_id=ident, role=name, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=["person_id", "role"], set_=values))


def take_role(connection: Connection, ident: str, name: str) -> bool:
    """Take a role away; False where the person did not have it."""
    statement = delete(role).where(role.c.person_id == ident, role.c.role == name)
    return connection.execute(statement).rowcount > 0


_KEYS = select(
    api_key,
    person.c.handle,
    person.c.status.label("person_status"),
    person.c.acknowledged_version,
    standing.c.sending_suspended_at,
    standing.c.trained_until,
).select_from(
    api_key.join(person, person.c.id == api_key.c.person_id).outerjoin(
        standing, standing.c.person_id == person.c.id
    )
)


def add_key(connection: Connection, values: Mapping[str, Any]) -> None:
    """Insert a key (its secret as a hash)."""
    connection.execute(insert(api_key).values(dict(values)))


def key(connection: Connection, ident: str) -> RowMapping | None:
    """Return one key with its person's handle, status and acknowledged policy version."""
    return connection.execute(_KEY, {"key": ident}).mappings().first()


_KEY = _KEYS.where(api_key.c.id == bindparam("key"))


def authority(connection: Connection, ident: str) -> tuple[Row, Mapping[str, datetime]] | None:
    """Return one key as `key` does, with the roles of its person as `roles` does; one query."""
    kept = dialect.remembered(connection)
    if (place := ("authority", ident)) not in kept:
        rows = _AUTHORITY.rows(connection, {"key": ident})
        roles = {row["role"]: row["role_ends"] for row in rows if row["role"] is not None}
        kept[place] = (rows[0], roles) if rows else None
    found: tuple[Row, Mapping[str, datetime]] | None = kept[place]
    return found


_AUTHORITY = Prepared(
    _KEY.add_columns(role.c.role, role.c.expires_at.label("role_ends")).outerjoin(
        role, role.c.person_id == person.c.id
    )
)


def local_keys(connection: Connection) -> Sequence[RowMapping]:
    """Return what stands for users of this machine among the keys (see `gateway.peers`)."""
    return connection.execute(_KEYS.where(api_key.c.id.like("uid%"))).mappings().all()


def amend_key(connection: Connection, ident: str, values: Mapping[str, Any]) -> None:
    """Change a key."""
    connection.execute(update(api_key).where(api_key.c.id == ident).values(dict(values)))


def keys(connection: Connection, handle: str | None = None) -> Sequence[RowMapping]:
    """Return all keys (of one person, if named), oldest first."""
    query = _KEYS if handle is None else _KEYS.where(person.c.handle == handle)
    return connection.execute(query.order_by(api_key.c.created_at, api_key.c.id)).mappings().all()


def revoke_key(connection: Connection, ident: str, now: datetime) -> bool:
    """Revoke a key; False where it was already, or is none."""
    statement = update(api_key).where(api_key.c.id == ident, api_key.c.revoked_at.is_(null()))
    return connection.execute(statement.values(revoked_at=now)).rowcount > 0


def holders(connection: Connection, names: Collection[str], now: datetime) -> Sequence[str]:
    """Return the handles of the active people who hold one of these roles now."""
    query = (
        select(person.c.handle)
        .distinct()
        .join(role, role.c.person_id == person.c.id)
        .where(person.c.status == "active", role.c.role.in_(sorted(names)), role.c.expires_at > now)
    )
    return connection.execute(query.order_by(person.c.handle)).scalars().all()
