"""Incidents with their clocks, and legal holds on single numbers (1.2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, func, insert, or_, select, update

from gateway.store import dialect
from gateway.store.schema import incident, legal_hold


def open_incident(connection: Connection, values: Mapping[str, Any]) -> None:
    """Insert an incident."""
    connection.execute(insert(incident).values(dict(values)))


def incident_of(connection: Connection, ident: str) -> RowMapping | None:
    """Return one incident."""
    return connection.execute(select(incident).where(incident.c.id == ident)).mappings().first()


def incidents(connection: Connection, *, closed: bool) -> Sequence[RowMapping]:
    """Return the incidents that are open, the most urgent first; with `closed`, all, newest first."""
    query = select(incident).order_by(incident.c.id.desc())
    if not closed:
        query = select(incident).where(incident.c.closed_at.is_(None)).order_by(incident.c.due_at)
    return connection.execute(query).mappings().all()


def incidents_between(connection: Connection, since: datetime, until: datetime) -> Sequence[RowMapping]:
    """Return those that were opened or closed in a span, or were open in it."""
    query = select(incident).where(
        incident.c.opened_at < until, or_(incident.c.closed_at.is_(None), incident.c.closed_at >= since)
    )
    return connection.execute(query.order_by(incident.c.due_at)).mappings().all()


def close_incident(connection: Connection, ident: str, **values: object) -> bool:
    """Close an incident; False where it was closed before."""
    statement = update(incident).where(incident.c.id == ident, incident.c.closed_at.is_(None))
    return connection.execute(statement.values(values)).rowcount > 0


def newly_overdue(connection: Connection, now: datetime) -> Sequence[str]:
    """Return the open incidents whose time is over and of which nobody has been told so."""
    query = select(incident.c.id).where(
        incident.c.closed_at.is_(None), incident.c.due_at <= now, incident.c.told_overdue_at.is_(None)
    )
    return connection.execute(query).scalars().all()


def mark_overdue(connection: Connection, ident: str, now: datetime) -> None:
    """Note that somebody is being told."""
    connection.execute(update(incident).where(incident.c.id == ident).values(told_overdue_at=now))


def place_hold(connection: Connection, values: Mapping[str, Any]) -> bool:
    """Put a number under a legal hold; False where it is under one."""
    statement = dialect.insert(connection, legal_hold).values(dict(values)).on_conflict_do_nothing()
    return connection.execute(statement).rowcount > 0


def lift_hold(connection: Connection, number_index: bytes, by: str, now: datetime) -> str | None:
    """End the legal hold on a number; return its id, None where there is none."""
    statement = update(legal_hold).where(
        legal_hold.c.number_index == number_index, legal_hold.c.lifted_at.is_(None)
    )
    changed = connection.execute(statement.values(lifted_by=by, lifted_at=now).returning(legal_hold.c.id))
    found: str | None = changed.scalar()
    return found


def is_held(connection: Connection, number_index: bytes) -> bool:
    """Return whether a number is under a legal hold."""
    query = select(legal_hold.c.id).where(
        legal_hold.c.number_index == number_index, legal_hold.c.lifted_at.is_(None)
    )
    return connection.execute(query).first() is not None


def holds(connection: Connection) -> Sequence[RowMapping]:
    """Return the legal holds in force, oldest first."""
    query = select(legal_hold).where(legal_hold.c.lifted_at.is_(None)).order_by(legal_hold.c.id)
    return connection.execute(query).mappings().all()


def count_holds(connection: Connection) -> int:
    """Return how many numbers are under a legal hold."""
    query = select(func.count()).select_from(legal_hold).where(legal_hold.c.lifted_at.is_(None))
    return int(connection.execute(query).scalar_one())
