"""Bodies about batches: the same template to many."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import Field

from api.schema.base import (
    Input,
    Instant,
    Language,
    Output,
    Phone,
    Purpose,
    Reference,
    Seconds,
    Slots,
    TemplateName,
)
from api.schema.messages import ReasonOut, span
from gateway.model import HoldReason, Status
from gateway.records import BatchLine, BatchReceipt, BatchRecipient, BatchRequest, Priority

MOST = 10_000


class Recipient(Input):
    """One recipient; its slots are added to the batch's own."""

    to: Phone
    slots: Slots = Field(default_factory=dict)
    reference: Reference | None = None


class NewBatch(Input):
    """The same template to many recipients."""

    template: TemplateName
    recipients: Annotated[list[Recipient], Field(min_length=1, max_length=MOST)]
    slots: Slots = Field(default_factory=dict)
    language: Language = "en"
    purpose: Purpose | None = None
    priority: Priority = Priority.NORMAL
    not_before: Instant | None = None
    validity: Seconds | None = None

    def request(self) -> BatchRequest:
        """Return what the use case takes."""
        return BatchRequest(
            template=self.template,
            recipients=[BatchRecipient(one.to, one.slots, one.reference) for one in self.recipients],
            slots=self.slots,
            language=self.language,
            purpose=self.purpose,
            priority=self.priority,
            not_before=self.not_before,
            validity=span(self.validity),
        )


class Result(Output):
    """What became of one recipient."""

    position: int = Field(description="In the list of recipients, from 0.")
    status: Status | Literal["refused"]
    id: str | None = Field(description="Of the message; null where refused.")
    hold_reason: HoldReason | None
    parts: int | None
    reasons: tuple[ReasonOut, ...] = Field(description="Why it was refused.")

    @classmethod
    def of(cls, record: object) -> Self:
        """Make it of a `BatchLine`."""
        assert isinstance(record, BatchLine)  # noqa: S101 - the use case's answer
        got, why = record.receipt, record.decision
        return cls(
            position=record.position,
            status=got.status if got else "refused",
            id=got.id if got else None,
            hold_reason=got.hold_reason if got else None,
            parts=got.parts if got else None,
            reasons=tuple(ReasonOut.of(reason) for reason in why.reasons) if why else (),
        )


class BatchAccepted(Output):
    """A batch was decided, recipient by recipient, in the order given."""

    id: str
    status: str = Field(description="held (waits for a second person) or released.")
    accepted: int
    refused: int
    results: tuple[Result, ...]

    @classmethod
    def of(cls, record: object) -> Self:
        """Make it of a `BatchReceipt`."""
        assert isinstance(record, BatchReceipt)  # noqa: S101 - the use case's answer
        return cls(
            id=record.id,
            status=record.status,
            accepted=record.accepted,
            refused=record.refused,
            results=tuple(Result.of(line) for line in record.lines),
        )


class Batch(Output):
    """A batch and how far it is."""

    id: str
    status: str = Field(description="accepting, held, released or cancelled.")
    accepted: int
    refused: int
    created_at: datetime
    messages: dict[Status, int] = Field(description="How many messages are in each status.")
