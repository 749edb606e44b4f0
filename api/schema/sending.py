"""Bodies about the switch that suspends all sending (8.1)."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from api.schema.base import Input, Line, Output


class Why(Input):
    """Why it is done; it is kept in the record."""

    reason: Line


class Stop(Output):
    """One suspension of all sending."""

    since: datetime
    made_by: str
    reason: str
    ended_at: datetime | None = Field(description="null while it is in force.")
    ended_by: str | None
    ended_why: str | None


class Sending(Output):
    """Whether sending goes on."""

    suspended: bool
    stops: tuple[Stop, ...] = Field(description="Every suspension there was, newest first.")
