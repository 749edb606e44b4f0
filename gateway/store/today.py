"""How it stands now with what the policy asks for: read for the compliance status and report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, func, or_, select

from gateway.store.consents import ending
from gateway.store.schema import api_key, consent, recipient_hold, suppression


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


def keys(connection: Connection, now: datetime) -> Mapping[str, int]:
    """Return how many keys of each person stand."""
    stands = and_(api_key.c.expires_at > now, or_(api_key.c.revoked_at.is_(None), api_key.c.revoked_at > now))
    query = select(api_key.c.person_id, func.count()).where(stands).group_by(api_key.c.person_id)
    return {row[0]: row[1] for row in connection.execute(query)}
