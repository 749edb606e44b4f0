"""What came in: every PDU as it came, and the messages that they make for people."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, bindparam, insert, literal_column, select, update

from gateway.store.prepared import Prepared, Row
from gateway.store.schema import inbound, inbox

# As the partial index has it: else a query about one of these kinds goes through every PDU that ever came.
_OPEN = inbound.c.kind.in_([literal_column(f"'{each}'") for each in ("pending", "part", "parked")])


def seen(connection: Connection, fingerprint: bytes, since: datetime) -> bool:
    """Return whether the same PDU came before, since then."""
    return _SEEN.first(connection, {"fingerprint": fingerprint, "since": since}) is not None


_SEEN = Prepared(
    select(inbound.c.id)
    .where(inbound.c.fingerprint == bindparam("fingerprint"), inbound.c.received_at >= bindparam("since"))
    .limit(1)
)


def journal(connection: Connection, values: dict[str, Any], found: dict[str, Any]) -> None:
    """Keep a PDU as it came, with what was found out about it."""
    _JOURNAL.run(connection, values | found)


_JOURNAL = Prepared(insert(inbound))


def amend(connection: Connection, ident: str, values: dict[str, Any]) -> None:
    """Write what was found out about a PDU."""
    _AMEND.run(connection, {"of_pdu": ident, **values})


_AMEND = Prepared(update(inbound).where(inbound.c.id == bindparam("of_pdu")))


def of_kind(connection: Connection, kind: str, before: datetime | None = None) -> Sequence[RowMapping]:
    """Return the PDUs of an open kind (pending, part, parked), oldest first."""
    query = select(inbound).where(_OPEN, inbound.c.kind == literal_column(f"'{kind}'"))
    if before is not None:
        query = query.where(inbound.c.received_at < before)
    return connection.execute(query.order_by(inbound.c.id)).mappings().all()


def parked(connection: Connection, number_index: bytes) -> Sequence[Row]:
    """Return the status reports about a recipient that fitted no part yet."""
    return _PARKED.rows(connection, {"number_index": number_index})


_PARKED = Prepared(
    select(inbound)
    .where(
        _OPEN,
        inbound.c.kind == literal_column("'parked'"),
        inbound.c.number_index == bindparam("number_index"),
    )
    .order_by(inbound.c.id)
)


def parts_like(connection: Connection, row: dict[str, Any]) -> Sequence[RowMapping]:
    """Return the stored parts with the key of `row`: sender, reference, total, reference width."""
    query = select(inbound).where(
        _OPEN,
        inbound.c.kind == literal_column("'part'"),
        inbound.c.number_index == row["number_index"],
        inbound.c.concat_reference == row["concat_reference"],
        inbound.c.concat_total == row["concat_total"],
        inbound.c.concat_wide == row["concat_wide"],
    )
    return connection.execute(query.order_by(inbound.c.id)).mappings().all()


def add(connection: Connection, values: dict[str, Any], pdus: Sequence[str]) -> None:
    """Put a message into the inbox and tie its PDUs to it."""
    connection.execute(insert(inbox).values(values))
    connection.execute(
        update(inbound).where(inbound.c.id.in_(pdus)).values(kind="text", inbox_id=values["id"])
    )


def one(connection: Connection, ident: str) -> RowMapping | None:
    """Return one message of the inbox."""
    return connection.execute(select(inbox).where(inbox.c.id == ident)).mappings().first()


def page(connection: Connection, after: str | None, limit: int) -> Sequence[RowMapping]:
    """Return inbox messages, newest first, those before the id `after`."""
    query = select(inbox)
    if after is not None:
        query = query.where(inbox.c.id < after)
    return connection.execute(query.order_by(inbox.c.id.desc()).limit(limit)).mappings().all()


def quarantine(connection: Connection, after: str | None, limit: int) -> Sequence[RowMapping]:
    """Return PDUs that could not be decoded, newest first."""
    query = select(inbound).where(inbound.c.kind == "quarantine")
    if after is not None:
        query = query.where(inbound.c.id < after)
    return connection.execute(query.order_by(inbound.c.id.desc()).limit(limit)).mappings().all()
