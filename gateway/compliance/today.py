"""What is known today, gathered for the findings and the report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from gateway.incidents import view
from gateway.records.compliance import AccessLine, IncidentView, ReviewFigures
from gateway.store import Keyring, audit, duties, monthly, people, standing, stops
from gateway.store import today as store
from gateway.store.monthly import Line
from policy import PolicySettings

SOON: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Today:
    """How it stands."""

    review: ReviewFigures
    access: tuple[AccessLine, ...]
    consents: store.Consents
    opt_outs: int
    unread: int
    unread_since: datetime | None
    entries: int
    hash: str
    verified: Line | None  # at, outcome, detail of the last time
    purged: Line | None
    incidents: tuple[IncidentView, ...]  # open, the most urgent first
    numbers_held: int
    suspended_since: datetime | None  # all sending (8.1)
    accused: Mapping[str, bool]  # whose violations nobody has decided on; whether they are suspended (8.2)


def gather(connection: Connection, keyring: Keyring, settings: PolicySettings, now: datetime) -> Today:
    """Read all of it."""
    unread, since = store.unread(connection)
    entries, digest = audit.last(connection)
    return Today(
        review=_review(settings, now),
        access=_access(connection, keyring, settings, now),
        consents=store.consents(connection, now, now + SOON),
        opt_outs=store.opt_outs(connection),
        unread=unread,
        unread_since=since,
        entries=entries,
        hash=digest,
        verified=monthly.last_of_log(connection, "audit", "audit-verified"),
        purged=monthly.last_of_log(connection, "store", "purge"),
        incidents=tuple(view(row, now) for row in duties.incidents(connection, closed=False)),
        numbers_held=duties.count_holds(connection),
        suspended_since=None if (stop := stops.current(connection)) is None else stop["since"],
        accused=standing.accused(connection),
    )


def _review(settings: PolicySettings, now: datetime) -> ReviewFigures:
    found = settings.review
    late = settings.overdue_by(now.astimezone(settings.zone).date())
    return ReviewFigures(
        version=found.version,
        effective=found.effective,
        last_reviewed=found.last_reviewed,
        due=found.due,
        overdue_days=late.days if late else 0,
        authorised_by=found.authorised_by,
        consequence=found.overdue,
    )


def _access(
    connection: Connection, keyring: Keyring, settings: PolicySettings, now: datetime
) -> tuple[AccessLine, ...]:
    roles, keys = people.roles_of_all(connection), store.keys(connection, now)
    trained = {ident: row["trained_until"] for ident, row in standing.of_everybody(connection).items()}
    return tuple(
        AccessLine(
            handle=row["handle"],
            name=keyring.open("person", "name", row["id"], row["name_sealed"]),
            status=row["status"],
            roles=roles.get(row["id"], {}),
            keys=keys.get(row["id"], 0),
            acknowledged_at=row["acknowledged_at"]
            if row["acknowledged_version"] == settings.review.to_acknowledge
            else None,
            may_send=row["status"] == "active"
            and any(
                end > now for name, end in roles.get(row["id"], {}).items() if name in settings.sending_roles
            ),
            trained_until=trained.get(row["id"]),
        )
        for row in people.everybody(connection)
    )
