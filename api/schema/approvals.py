"""What waits for a second person."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, Field

from api.schema.base import Input, Output, Paging, no_controls
from gateway.records import ApprovalKind, ApprovalOutcome


class ApprovalFilter(Paging):
    """Which ones; without an outcome, those that are open."""

    outcome: ApprovalOutcome | None = None


class Refused(Input):
    """Why not, for who asked."""

    reason: Annotated[str, Field(max_length=500), AfterValidator(no_controls)] = ""


class NewRole(Input):
    """A role, or its renewal, for a person who is entered (3.2)."""

    handle: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,31}$")]
    role: Annotated[str, Field(pattern=r"^[a-z][a-z_]{0,31}$")]


class Approval(Output):
    """A question to a second person, and its answer."""

    id: str
    kind: ApprovalKind
    target: str = Field(description="The id of what it is about.")
    summary: str
    requested_by: str
    requested_at: datetime
    expires_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    outcome: ApprovalOutcome | None = Field(description="Null while it is open.")
    reason: str | None = Field(description="Why it was refused.")
    content: dict[str, str] = Field(
        description="What is to be approved, where one is asked for alone and it is open."
    )
