"""What lifting an opt-out needs of the database."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import Connection, RowMapping, func, null, select, update

from gateway.store.audit import about_number
from gateway.store.schema import Instant, audit, consent, suppression


def opt_out(connection: Connection, ident: str) -> RowMapping | None:
    """Return one opt-out, lifted or not."""
    return connection.execute(select(suppression).where(suppression.c.id == ident)).mappings().first()


def last_refusal(connection: Connection, number_index: bytes) -> datetime | None:
    """Return when a number was last opted out, by whatever way; of a repeat only the audit log knows."""
    query = select(func.max(audit.c.at, type_=Instant)).where(
        audit.c.target == about_number(number_index), audit.c.action == "opt-out"
    )
    found: datetime | None = connection.execute(query).scalar()
    return found


def lift(connection: Connection, ident: str, *, by: str, now: datetime) -> bool:
    """Lift one opt-out; False where it was lifted already."""
    statement = update(suppression).where(suppression.c.id == ident, suppression.c.lifted_at.is_(null()))
    return connection.execute(statement.values(lifted_at=now, lifted_by=by)).rowcount > 0


def end_consents(
    connection: Connection, number_index: bytes, purposes: Collection[str], *, by: str, now: datetime
) -> Sequence[str]:
    """Withdraw all that a number consented to for these purposes; return the ids."""
    statement = update(consent).where(
        consent.c.number_index == number_index,
        consent.c.purpose.in_(sorted(purposes)),
        consent.c.withdrawn_at.is_(null()),
    )
    ended = statement.values(withdrawn_at=now, withdrawn_by=by).returning(consent.c.id)
    return connection.execute(ended).scalars().all()
