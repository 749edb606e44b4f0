"""Approvals in the database: asked once for each thing at a time, decided once."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, insert, null, or_, select, update

from gateway.store.schema import approval, person

_asker = person.alias("asker")
_decider = person.alias("decider")
_PENDING = approval.c.outcome.is_(null())


def _rows() -> Select[Any]:
    return (
        select(approval, _asker.c.handle.label("asker"), _decider.c.handle.label("decider"))
        .join(_asker, _asker.c.id == approval.c.requested_by)
        .outerjoin(_decider, _decider.c.id == approval.c.decided_by)
    )


def add(connection: Connection, values: Mapping[str, Any]) -> None:
    """Insert what is asked."""
    connection.execute(insert(approval).values(dict(values)))


def one(connection: Connection, ident: str) -> RowMapping | None:
    """Return one, with the handles of who asked (`asker`) and who decided (`decider`)."""
    return connection.execute(_rows().where(approval.c.id == ident)).mappings().first()


def pending_of(connection: Connection, kind: str, target: str) -> RowMapping | None:
    """Return what is asked about one thing and not yet decided."""
    query = _rows().where(approval.c.kind == kind, approval.c.target == target, _PENDING)
    return connection.execute(query).mappings().first()


def last_of(connection: Connection, kind: str, target: str) -> RowMapping | None:
    """Return what was asked last about one thing, decided or not."""
    query = _rows().where(approval.c.kind == kind, approval.c.target == target)
    return connection.execute(query.order_by(approval.c.id.desc()).limit(1)).mappings().first()


def page(
    connection: Connection,
    *,
    outcome: str | None,
    kinds: Collection[str],
    person_id: str,
    before: str | None,
    limit: int,
) -> Sequence[RowMapping]:
    """Return those of these kinds and those that a person asked for, newest first; no outcome: pending."""
    query = _rows().where(or_(approval.c.kind.in_(sorted(kinds)), approval.c.requested_by == person_id))
    query = query.where(_PENDING if outcome is None else approval.c.outcome == outcome)
    if before is not None:
        query = query.where(approval.c.id < before)
    return connection.execute(query.order_by(approval.c.id.desc()).limit(limit)).mappings().all()


def overdue(connection: Connection, now: datetime) -> Sequence[RowMapping]:
    """Return what nobody decided in time."""
    return connection.execute(_rows().where(_PENDING, approval.c.expires_at <= now)).mappings().all()


def settle(
    connection: Connection,
    ident: str,
    *,
    outcome: str,
    decided_by: str | None,
    now: datetime,
    reason_sealed: bytes | None = None,
) -> bool:
    """Write how it ended; False where it had ended before."""
    statement = update(approval).where(approval.c.id == ident, _PENDING)
    values = {
        "outcome": outcome,
        "decided_by": decided_by,
        "decided_at": now,
        "reason_sealed": reason_sealed,
        "content_sealed": None,
    }
    return connection.execute(statement.values(values)).rowcount > 0
