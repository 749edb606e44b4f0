"""What of a person the policy asks before every message; and the ledger of violations (8.2, 9.2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, func, insert, null, select, update

from gateway.store import dialect
from gateway.store.schema import person, standing, violation


def amend(connection: Connection, person_id: str, **values: object) -> None:
    """Change some of it."""
    statement = dialect.insert(connection, standing).values(person_id=person_id, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=["person_id"], set_=values))


def of_everybody(connection: Connection) -> Mapping[str, RowMapping]:
    """Return what there is, by person."""
    return {row["person_id"]: row for row in connection.execute(select(standing)).mappings()}


def is_suspended(connection: Connection, person_id: str) -> bool:
    """Return whether a person's sending is suspended."""
    query = select(standing.c.sending_suspended_at).where(standing.c.person_id == person_id)
    return connection.execute(query).scalar() is not None


def trained_until(connection: Connection, person_id: str) -> datetime | None:
    """Return until when a person's training counts."""
    query = select(standing.c.trained_until).where(standing.c.person_id == person_id)
    return connection.execute(query).scalar()


# -- the ledger -----------------------------------------------------------------------------------------


def add_violation(connection: Connection, values: Mapping[str, Any]) -> None:
    """Enter a refused submission."""
    connection.execute(insert(violation).values(dict(values)))


def undecided(connection: Connection, person_id: str, since: datetime) -> int:
    """Return how many submissions count against a person."""
    query = select(func.count()).where(
        violation.c.person_id == person_id, violation.c.outcome.is_(null()), violation.c.at >= since
    )
    return connection.execute(query).scalar_one()


def violations(
    connection: Connection, *, person_id: str | None, is_open: bool, cursor: str | None, limit: int
) -> Sequence[RowMapping]:
    """Return entries, newest first, with the handles of the people."""
    query = _VIOLATIONS
    if person_id is not None:
        query = query.where(violation.c.person_id == person_id)
    if is_open:
        query = query.where(violation.c.outcome.is_(null()))
    if cursor is not None:
        query = query.where(violation.c.id < cursor)
    return connection.execute(query.order_by(violation.c.id.desc()).limit(limit)).mappings().all()


_JUDGE = person.alias("judge")
_VIOLATIONS = (
    select(
        violation,
        person.c.handle,
        _JUDGE.c.handle.label("decided_by"),
        standing.c.sending_suspended_at,
    )
    .join(person, person.c.id == violation.c.person_id)
    .outerjoin(_JUDGE, _JUDGE.c.id == violation.c.decided_by_id)
    .outerjoin(standing, standing.c.person_id == violation.c.person_id)
)


def accused(connection: Connection) -> Mapping[str, bool]:
    """Return who has violations that nobody has decided on: whether that person's sending is suspended."""
    query = (
        select(person.c.handle, func.max(standing.c.sending_suspended_at))
        .join(violation, violation.c.person_id == person.c.id)
        .outerjoin(standing, standing.c.person_id == person.c.id)
        .where(violation.c.outcome.is_(null()))
        .group_by(person.c.handle)
        .order_by(person.c.handle)
    )
    return {handle: since is not None for handle, since in connection.execute(query)}


def decide(connection: Connection, person_id: str, values: Mapping[str, Any]) -> int:
    """Decide on everything undecided of a person; return how much it was."""
    mine = (violation.c.person_id == person_id) & violation.c.outcome.is_(null())
    return connection.execute(update(violation).where(mine).values(dict(values))).rowcount
