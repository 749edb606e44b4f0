"""How it stands now with what the policy asks for: read for the compliance status and report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, func, or_, select

from gateway.store.consents import ending
from gateway.store.monthly import Line
from gateway.store.schema import api_key, consent, person, recipient_hold, role, suppression


@dataclass(frozen=True, slots=True)
class Consents:
    """Consents in force."""

    numbers: int
    by_purpose: Mapping[str, int]
    ending: int  # by the instant that was asked for, and who gave them is to be asked again


def consents(connection: Connection, now: datetime, soon: datetime) -> Consents:
    """Return the consents in force at `now`, and how many of them end by `soon`."""
    stands = and_(
        consent.c.given_at <= now,
        consent.c.expires_at > now,
        or_(consent.c.withdrawn_at.is_(None), consent.c.withdrawn_at > now),
    )
    numbers = select(func.count(consent.c.number_index.distinct())).where(stands)
    purposes = select(consent.c.purpose, func.count()).where(stands).group_by(consent.c.purpose)
    return Consents(
        int(connection.execute(numbers).scalar_one()),
        {row[0]: row[1] for row in connection.execute(purposes)},
        len(ending(connection, now, soon)),
    )


def opt_outs(connection: Connection) -> int:
    """Return how many opt-outs are in force."""
    query = select(func.count()).select_from(suppression).where(suppression.c.lifted_at.is_(None))
    return int(connection.execute(query).scalar_one())


def unread(connection: Connection) -> tuple[int, datetime | None]:
    """Return how many replies that smell of refusal wait for a person, and since when the oldest does."""
    query = select(func.count(), func.min(recipient_hold.c.since)).where(
        recipient_hold.c.resolved_at.is_(None)
    )
    found = connection.execute(query).one()
    return found[0], found[1]


def people(connection: Connection) -> list[Line]:
    """Return everybody who may act, by handle."""
    return list(connection.execute(select(person).order_by(person.c.handle)).all())


def roles(connection: Connection) -> Mapping[str, dict[str, datetime]]:
    """Return everybody's roles with their ends, by the person's id."""
    found: dict[str, dict[str, datetime]] = {}
    for row in connection.execute(select(role.c.person_id, role.c.role, role.c.expires_at)):
        found.setdefault(row.person_id, {})[row.role] = row.expires_at
    return found


def keys(connection: Connection, now: datetime) -> Mapping[str, int]:
    """Return how many keys of each person stand."""
    stands = and_(api_key.c.expires_at > now, or_(api_key.c.revoked_at.is_(None), api_key.c.revoked_at > now))
    query = select(api_key.c.person_id, func.count()).where(stands).group_by(api_key.c.person_id)
    return {row[0]: row[1] for row in connection.execute(query)}
