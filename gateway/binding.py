"""What came after a backup and binds all the same: opt-outs, holds, consents withdrawn, keys revoked.

A restore takes it out of the database that is there and enters it into the one that is put in its place.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import Column, ColumnElement, Connection, RowMapping, Table, insert, select, update
from sqlalchemy.exc import DatabaseError

from gateway.store import copying
from gateway.store.schema import api_key, consent, recipient_hold, suppression
from gateway.store.schema_version import HEAD, SchemaTooNew, is_known

_IN_FORCE: Final = ((suppression, suppression.c.lifted_at), (recipient_hold, recipient_hold.c.resolved_at))
_OVER: Final = ((consent, consent.c.withdrawn_at), (api_key, api_key.c.revoked_at))

_Found = tuple[Table, Column[object], RowMapping]


@dataclass(frozen=True, slots=True)
class Binding:
    """Rows that are in force, and rows that have ended, each with its table and the column of its end."""

    in_force: Sequence[_Found] = ()
    over: Sequence[_Found] = ()


def binding(database: Path) -> Binding:
    """Return what binds in a database that nobody uses; nothing where it is not there or cannot be read.

    One that a newer release has changed is read as far as this one understands it. Raises `SchemaTooNew`
    where it does not understand these tables: an opt-out is not left behind in silence.
    """
    if not database.exists():
        return Binding()
    try:
        schema = copying.examine(database).schema
    except (copying.CopyDamaged, OSError):
        return Binding()
    if is_known(schema):
        with copying.upgraded(database) as connection:
            return _found(connection)
    try:
        with copying.as_it_is(database) as connection:
            return _found(connection)
    except DatabaseError as exc:
        raise SchemaTooNew(
            f"the opt-outs in {database} cannot be read: it has schema {schema}, this release knows {HEAD}. "
            "Restore with the newer release; or move that file away, then what came after the backup is lost"
        ) from exc


def _found(connection: Connection) -> Binding:
    return Binding(
        [row for table, end in _IN_FORCE for row in _rows(connection, table, end, end.is_(None))],
        [row for table, end in _OVER for row in _rows(connection, table, end, end.is_not(None))],
    )


def _rows(
    connection: Connection, table: Table, end: Column[object], wanted: ColumnElement[bool]
) -> Iterator[_Found]:
    for row in connection.execute(select(table).where(wanted)).mappings().all():
        yield table, end, row


def enter(connection: Connection, found: Binding) -> tuple[int, int]:
    """Enter what the database lacks; return how many opt-outs and holds, and how many ends, it lacked."""
    opt_outs = sum(_made(connection, *each) for each in found.in_force)
    return opt_outs, sum(_ended(connection, *each) for each in found.over)


def _made(connection: Connection, table: Table, end: Column[object], row: RowMapping) -> bool:
    same = [table.c.number_index == row["number_index"], end.is_(None)]
    if table is suppression:
        same.append(table.c.topic == row["topic"])
    if connection.execute(select(table.c.id).where(*same)).first() is not None:
        return False
    connection.execute(table.delete().where(table.c.id == row["id"]))  # lifted in the backup, in force since
    connection.execute(insert(table).values(**row))
    return True


def _ended(connection: Connection, table: Table, end: Column[object], row: RowMapping) -> bool:
    going_on = update(table).where(table.c.id == row["id"], end.is_(None))
    ends = {name: row[name] for name in (end.name, "withdrawn_by") if name in table.c}
    return connection.execute(going_on.values(ends)).rowcount == 1
