"""What people were shown when they agreed: versions that never change (4.1)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, RowMapping, func, insert, select

from gateway.store.schema import wording


def add(connection: Connection, values: Mapping[str, Any]) -> int:
    """Insert the next version of a wording; return its number."""
    last = select(func.max(wording.c.version)).where(wording.c.name == values["name"])
    version = int(connection.execute(last).scalar() or 0) + 1
    connection.execute(insert(wording).values(version=version, **values))
    return version


def one(connection: Connection, ident: str) -> RowMapping | None:
    """Return one version."""
    return connection.execute(select(wording).where(wording.c.id == ident)).mappings().first()


def every(connection: Connection) -> Sequence[RowMapping]:
    """Return all versions by name."""
    return connection.execute(select(wording).order_by(wording.c.name, wording.c.version)).mappings().all()


def versions(connection: Connection, names: Collection[str]) -> Mapping[str, str]:
    """Return the ids that names stand for: "form" is its newest version, "form/2" its second.

    A name that is not on record is left out.
    """
    bare = {name: name.rpartition("/")[0] for name in names if name.rpartition("/")[2].isdecimal()}
    query = select(wording.c.id, wording.c.name, wording.c.version).where(
        wording.c.name.in_({*names, *bare.values()})
    )
    found: dict[str, str] = {}
    for row in connection.execute(query.order_by(wording.c.version)):
        found[row.name] = row.id
        found[f"{row.name}/{row.version}"] = row.id
    return {name: found[name] for name in names if name in found}
