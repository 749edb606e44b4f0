"""The audit log: every decision and change, in the transaction that makes it (clause 1.3)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, bindparam, insert, select

from gateway.store.schema import audit

_NOTHING: Final[Mapping[str, object]] = {}


def row(
    now: datetime,
    *,
    actor: str,
    action: str,
    target: str,
    outcome: str,
    clauses: Sequence[str] = (),
    detail: Mapping[str, object] = _NOTHING,
) -> dict[str, Any]:
    """Return an entry; `detail` holds ids, codes and counts, never personal data."""
    return {
        "at": now,
        "actor": actor,
        "action": action,
        "target": target,
        "outcome": outcome,
        "clauses": list(clauses),
        "detail": dict(detail),
    }


def record(
    connection: Connection,
    now: datetime,
    *,
    actor: str,
    action: str,
    target: str,
    outcome: str,
    clauses: Sequence[str] = (),
    detail: Mapping[str, object] = _NOTHING,
) -> None:
    """Append one entry."""
    entry = row(
        now, actor=actor, action=action, target=target, outcome=outcome, clauses=clauses, detail=detail
    )
    append(connection, [entry])


_APPEND = insert(audit)


def append(connection: Connection, rows: Iterable[Mapping[str, Any]]) -> None:
    """Append entries made by `row`, in their order."""
    entries = list(rows)
    if entries:
        connection.execute(_APPEND, entries)


def of_target(connection: Connection, target: str) -> Sequence[RowMapping]:
    """Return every entry about `target`, oldest first."""
    return connection.execute(_OF_TARGET, {"target": target}).mappings().all()


_OF_TARGET = select(audit).where(audit.c.target == bindparam("target")).order_by(audit.c.seq)
