"""Since when the oldest of what waits for people and modems has waited."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, literal_column, null, select, text

from gateway.store.schema import OPEN_ENDED, part, recipient_hold


@dataclass(frozen=True, slots=True)
class Ages:
    """The oldest of each; None where there is none."""

    hold: datetime | None = None
    doubt: datetime | None = None
    due: datetime | None = None


def ages(connection: Connection, now: datetime) -> Ages:
    """Return since when the oldest of what waits has waited."""
    hold = select(func.min(recipient_hold.c.since)).where(recipient_hold.c.resolved_at.is_(null()))
    doubt = select(func.min(part.c.claimed_at)).where(
        text(OPEN_ENDED), part.c.status == literal_column("'uncertain'"), part.c.final_at.is_(null())
    )
    due = select(func.min(part.c.not_before)).where(
        part.c.status == literal_column("'queued'"), part.c.not_before <= now
    )
    return Ages(*(connection.execute(query).scalar() for query in (hold, doubt, due)))
