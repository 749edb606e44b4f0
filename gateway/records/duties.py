"""Incidents with what they are about, and legal holds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gateway.records.compliance import IncidentView


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentDetail(IncidentView):
    """An incident as those see it who work on it."""

    note: str
    closed_by: str | None
    outcome: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LegalHoldView:
    """A number of which nothing is removed or erased."""

    id: str
    number: str
    reason: str
    placed_by: str
    placed_at: datetime
