"""Bodies about the ledger of violations (8.2)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from api.schema.base import Input, Line, Output, Paging

Handle = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,31}$", description="A person's short name.")]


class ViolationFilter(Paging):
    """Which entries."""

    person: Handle | None = None
    undecided: bool = False


class Violation(Output):
    """A submission that was refused on a clause that counts."""

    id: str
    person: str
    at: datetime
    target: str = Field(description="The message or batch; what it contained is not kept.")
    clauses: tuple[str, ...]
    codes: tuple[str, ...]
    recipients: int = Field(description="For how many recipients it was refused for that.")
    suspended_since: datetime | None = Field(description="Since when the person's sending is suspended.")
    outcome: str | None = Field(description="null: nobody has decided yet.")
    decided_by: str | None
    decided_at: datetime | None
    note: str | None


class Judgement(Input):
    """What another person makes of everything undecided of a person."""

    person: Handle
    outcome: Literal["no_breach", "coaching", "retraining", "warning", "hr_referral"]
    note: Line = Field(description="What it rests on.")
