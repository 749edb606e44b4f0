"""The shape of every error."""

from __future__ import annotations

from pydantic import Field

from api.schema.base import Output
from api.schema.messages import ReasonOut


class FaultOut(Output):
    """One faulty field."""

    field: str = Field(description="Such as recipients.3.to, or line 3: number.")
    message: str


class ProblemOut(Output):
    """An error (RFC 9457). It never repeats a text or a number."""

    type: str
    title: str
    status: int
    detail: str
    code: str = Field(description="Stable; sentences may change.")
    clause: str | None = Field(description="Of the policy.")
    remedy: str = Field(description="What to do about this code.")
    reasons: tuple[ReasonOut, ...] = Field(description="Every reason of a refusal by the policy.")
    request_id: str
    errors: tuple[FaultOut, ...] = Field(description="Every faulty field of a request that is INVALID.")
