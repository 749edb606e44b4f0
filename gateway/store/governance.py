"""What people decided about people in a month: approvals, violations, suspensions of all sending (8.1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, func, or_, select

from gateway.store.monthly import Line, Span
from gateway.store.schema import approval, person, sending_stop, standing, violation


def approvals(connection: Connection, span: Span) -> Sequence[Line]:
    """Return kind, outcome and count of what was asked of a second person."""
    columns = approval.c.kind, func.coalesce(approval.c.outcome, "pending").label("outcome")
    query = select(*columns, func.count().label("many")).where(
        approval.c.requested_at >= span.since, approval.c.requested_at < span.until
    )
    return connection.execute(query.group_by(*columns).order_by(*columns)).all()


def recorded(connection: Connection, span: Span) -> Mapping[str, int]:
    """Return how many violations were recorded, by person."""
    query = (
        select(person.c.handle, func.count())
        .join(violation, violation.c.person_id == person.c.id)
        .where(violation.c.at >= span.since, violation.c.at < span.until)
    )
    rows = connection.execute(query.group_by(person.c.handle).order_by(person.c.handle))
    return {row[0]: row[1] for row in rows}


def decided(connection: Connection, span: Span) -> Mapping[str, int]:
    """Return how many were decided, by outcome."""
    query = select(violation.c.outcome, func.count()).where(
        violation.c.decided_at >= span.since, violation.c.decided_at < span.until
    )
    rows = connection.execute(query.group_by(violation.c.outcome).order_by(violation.c.outcome))
    return {row[0]: row[1] for row in rows}


def undecided(connection: Connection) -> int:
    """Return how many violations nobody has decided on."""
    query = select(func.count()).select_from(violation).where(violation.c.outcome.is_(None))
    return int(connection.execute(query).scalar_one())


def suspended(connection: Connection) -> tuple[str, ...]:
    """Return whose sending is suspended."""
    query = select(person.c.handle).join(standing, standing.c.person_id == person.c.id)
    rows = connection.execute(query.where(standing.c.sending_suspended_at.is_not(None)))
    return tuple(sorted(rows.scalars()))


def stops(connection: Connection, span: Span) -> Sequence[Line]:
    """Return the suspensions of all sending that fall into the span."""
    query = select(sending_stop).where(
        sending_stop.c.since < span.until,
        or_(sending_stop.c.ended_at.is_(None), sending_stop.c.ended_at >= span.since),
    )
    return connection.execute(query.order_by(sending_stop.c.since)).all()
