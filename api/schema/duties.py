"""Bodies about incidents."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, Field

from api.schema.base import Input, Instant, Output, Query, no_controls
from policy.duties import Duty

Note = Annotated[str, Field(min_length=1, max_length=2000), AfterValidator(no_controls)]


class NewIncident(Input):
    """Something that must be answered by a day."""

    kind: Duty = Field(
        strict=False, description="access: one month. breach: 72 hours. complaint: the policy's days."
    )
    note: Note = Field(description="What it is about and where it is dealt with. It is kept sealed.")
    known_at: Instant | None = Field(default=None, description="When it became known; else now.")


class Closing(Input):
    """How an incident was answered."""

    outcome: Note


class WhichIncidents(Query):
    """Which incidents."""

    closed: bool = Field(default=False, description="Those that are closed, too.")


class Incident(Output):
    """An incident and its clock."""

    id: str
    kind: Duty
    note: str
    known_at: datetime
    due_at: datetime
    overdue: bool = Field(description="Not closed in time.")
    opened_by: str
    closed_at: datetime | None
    closed_by: str | None
    outcome: str | None
