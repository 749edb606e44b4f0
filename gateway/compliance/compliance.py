"""The use case: read on a snapshot, beside everything else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from gateway.compliance import findings, report, today
from gateway.errors import Fault, Invalid
from gateway.model import Clock
from gateway.records.compliance import ComplianceReport, ComplianceStatus
from gateway.store import Database, Keyring
from gateway.store.monthly import Span
from policy import PolicySettings


@dataclass(slots=True)
class Compliance:
    """Reads only; what it reports is computed when it is asked for, from what is on record then."""

    database: Database
    keyring: Keyring
    settings: PolicySettings
    clock: Clock

    async def status(self) -> ComplianceStatus:
        """Say how it stands now, clause by clause, and what is to be done."""

        def query(connection: Connection) -> ComplianceStatus:
            now = self.clock()
            known = today.gather(connection, self.keyring, self.settings, now)
            found = findings.of_today(known, self.settings, now)
            return ComplianceStatus(
                organisation=self.settings.organisation,
                at=now,
                state=findings.worst(found),
                findings=found,
            )

        return await self.database.read(query)

    async def report(self, month: str | None) -> ComplianceReport:
        """Report on a month (YYYY-MM); the last whole one where none is named. Raises `Invalid`."""
        name = month or _last_month(self.clock(), self.settings)
        span = _span(name, self.settings)
        if span.since > self.clock():
            raise Invalid((Fault("month", "has not begun yet"),))
        return await self.database.read(
            lambda c: report.made(c, self.keyring, self.settings, name, span, self.clock())
        )


def _last_month(now: datetime, settings: PolicySettings) -> str:
    first = now.astimezone(settings.zone).replace(day=1)
    return f"{first - timedelta(days=1):%Y-%m}"


def _span(month: str, settings: PolicySettings) -> Span:
    """Return a month from midnight to midnight where the organisation is."""
    try:
        first = datetime.strptime(month, "%Y-%m").replace(tzinfo=settings.zone)
        following = (first + timedelta(days=32)).replace(day=1)
    except (ValueError, OverflowError) as exc:
        raise Invalid((Fault("month", "must be a month, such as 2026-09"),)) from exc
    return Span(first, following)
