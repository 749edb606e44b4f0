"""Everything that the store knows of one telephone number (clauses 1.2 and 4.2).

A table that knows numbers has a column `number_index`; so a table that is new is exported and erased
without being named here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Connection, LargeBinary, RowMapping, Table, delete, null, select

from gateway.model import Status
from gateway.store import retention
from gateway.store.schema import inbound, message, metadata, recipient_hold, suppression
from gateway.store.seal import Keyring

_SEALED: Final = "_sealed"
_RUN: Final = 500


def known(connection: Connection, keyring: Keyring, index: bytes) -> dict[str, list[dict[str, Any]]]:
    """Return every row about a number by table, opened: no seals, no blind indexes."""
    return {
        table.name: [_opened(keyring, table, row) for row in _rows(connection, table, index)]
        for table in _tables()
    }


def _tables() -> Sequence[Table]:
    return [table for table in metadata.sorted_tables if "number_index" in table.c]


def _rows(connection: Connection, table: Table, index: bytes) -> Sequence[RowMapping]:
    query = select(table).where(table.c.number_index == index).order_by(*table.primary_key)
    return connection.execute(query).mappings().all()


def _opened(keyring: Keyring, table: Table, row: RowMapping) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for column in table.c:
        if column.name.endswith(_SEALED):
            name = column.name.removesuffix(_SEALED)
            sealed = row[column.name]
            found[name] = None if sealed is None else keyring.open(table.name, name, row["id"], sealed)
        elif not isinstance(column.type, LargeBinary):
            found[column.name] = row[column.name]
    return found


def being_sent(connection: Connection, index: bytes) -> bool:
    """Return whether a modem may be sending to the number now."""
    query = select(message.c.id).where(message.c.number_index == index, message.c.status == Status.SENDING)
    return connection.execute(query).first() is not None


def refusal_unread(connection: Connection, index: bytes) -> bool:
    """Return whether a reply that smells of refusal waits for a person."""
    open_ = recipient_hold.c.resolved_at.is_(null())
    query = select(recipient_hold.c.id).where(recipient_hold.c.number_index == index, open_)
    return connection.execute(query).first() is not None


def forget(connection: Connection, index: bytes) -> Mapping[str, int]:
    """Remove every row about a number but its opt-outs; return how many of each table."""
    counts = {}
    sent = connection.execute(select(message.c.id).where(message.c.number_index == index)).scalars().all()
    for start in range(0, len(sent), _RUN):
        retention.forget_messages(connection, sent[start : start + _RUN])
    for table in reversed(_tables()):
        if table is not suppression:
            gone = connection.execute(delete(table).where(table.c.number_index == index)).rowcount
            counts[table.name] = len(sent) if table is message else gone
    return counts


def forget_unread(connection: Connection, keyring: Keyring, about: Callable[[str], bool]) -> int:
    """Remove the PDUs without a number on record (undecoded, binary, silent) that are `about` it (hex in)."""
    query = select(inbound.c.id, inbound.c.pdu_sealed).where(inbound.c.number_index.is_(null()))
    mine = [
        row.id
        for row in connection.execute(query)
        if about(keyring.open("inbound", "pdu", row.id, row.pdu_sealed))
    ]
    for start in range(0, len(mine), _RUN):
        connection.execute(delete(inbound).where(inbound.c.id.in_(mine[start : start + _RUN])))
    return len(mine)
