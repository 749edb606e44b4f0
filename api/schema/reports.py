"""Bodies about how the gateway keeps to the policy."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated

from pydantic import Field

from api.schema.base import Output, Query
from gateway.records.compliance import (
    AccessLine,
    Approved,
    AuditFigures,
    ClauseStatus,
    ConsentFigures,
    Deed,
    DeliveryFigures,
    Finding,
    IncidentView,
    OptOutFigures,
    RetentionFigures,
    ReviewFigures,
    State,
    Suspension,
    ViolationFigures,
    Volume,
)


class OfMonth(Query):
    """Which month."""

    month: Annotated[
        str | None, Field(pattern=r"^\d{4}-\d\d$", description="Such as 2026-09; else the last whole one.")
    ] = None


class ComplianceStatus(Output):
    """How it stands now, clause by clause, and what is to be done."""

    organisation: str
    at: datetime
    state: State
    findings: tuple[Finding, ...]


class ComplianceReport(Output):
    """A month, for those who answer for it."""

    organisation: str
    month: str
    since: datetime
    until: datetime
    made_at: datetime
    complete: bool = Field(description="The month is over.")
    state: State
    clauses: tuple[ClauseStatus, ...]
    messages: int = Field(description="Accepted in the month; those of test keys are not counted.")
    tests: int
    days: Mapping[date, int]
    purposes: tuple[Volume, ...]
    templates: tuple[Volume, ...]
    senders: tuple[Volume, ...]
    refused: int = Field(description="At submission, by the policy.")
    deeds: tuple[Deed, ...]
    approvals: tuple[Approved, ...]
    violations: ViolationFigures
    suspensions: tuple[Suspension, ...]
    opt_outs: OptOutFigures
    consents: ConsentFigures
    delivery: DeliveryFigures
    access: tuple[AccessLine, ...]
    review: ReviewFigures
    retention: RetentionFigures
    audit: AuditFigures
    incidents: tuple[IncidentView, ...]
