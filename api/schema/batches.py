"""Bodies about batches: the same template to many."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Annotated, ClassVar, Literal, Self

from pydantic import AliasPath, Field, PrivateAttr, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

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
from api.schema.contacts import GroupName
from api.schema.messages import ReasonOut, span
from gateway.model import HoldReason, Status
from gateway.records import BatchReceipt, BatchRecipient, BatchReport, BatchRequest, Priority
from policy import Outcome

MOST = 10_000


class Recipient(Input):
    """One number, or a group: each number of it gets one text. The slots are added to the batch's own."""

    group: GroupName | None = Field(None, description="In the place of `to`.")
    to: Phone | None = Field(None, validate_default=True)
    slots: Slots = Field(default_factory=dict)
    reference: Reference | None = Field(None, description="Of a number; a group has none.")

    @field_validator("to")
    @classmethod
    def _one_of_both(cls, value: str | None, info: ValidationInfo) -> str | None:
        if "group" not in info.data:  # a fault of its own
            return value
        if value is None and info.data["group"] is None:
            raise PydanticCustomError("missing", "is missing")
        if value is not None and info.data["group"] is not None:
            raise ValueError("give either to or group")
        return value

    @field_validator("reference")
    @classmethod
    def _of_a_number(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is not None and info.data.get("group") is not None:
            raise ValueError("a group has none: each of its messages would have the same")
        return value

    def record(self) -> BatchRecipient:
        """Return what the use case takes."""
        return BatchRecipient(self.to or "", self.slots, self.reference, self.group)


class NewBatch(Input):
    """The same template to many recipients."""

    template: TemplateName
    recipients: Annotated[list[Recipient], Field(min_length=1, max_length=MOST)]
    slots: Slots = Field(default_factory=dict)
    language: Language | None = Field(
        None, description="Default: each recipient's, if it is known. Without an approved version: English."
    )
    purpose: Purpose | None = None
    priority: Priority = Priority.NORMAL
    not_before: Instant | None = None
    validity: Seconds | None = None

    def request(self) -> BatchRequest:
        """Return what the use case takes."""
        return BatchRequest(
            template=self.template,
            recipients=[one.record() for one in self.recipients],
            slots=self.slots,
            language=self.language,
            purpose=self.purpose,
            priority=self.priority,
            not_before=self.not_before,
            validity=span(self.validity),
        )


class Result(Output):
    """What became of one recipient."""

    position: int = Field(description="In the list of recipients, from 0; a group stands for its numbers.")
    group: str | None = Field(None, description="Through which the number is a recipient.")
    contact: str | None = Field(None, description="Of the group, whose number it is.")
    status: Status | Literal["refused"] = Field("refused", validation_alias=AliasPath("receipt", "status"))
    id: str | None = Field(
        None, validation_alias=AliasPath("receipt", "id"), description="Of the message; null where refused."
    )
    hold_reason: HoldReason | None = Field(None, validation_alias=AliasPath("receipt", "hold_reason"))
    parts: int | None = Field(None, validation_alias=AliasPath("receipt", "parts"))
    language: str | None = Field(None, validation_alias=AliasPath("receipt", "language"))
    reasons: tuple[ReasonOut, ...] = Field(
        (), validation_alias=AliasPath("decision", "reasons"), description="Why it was refused."
    )


class _Long(Output):
    """An answer whose last field, `results`, may have ten thousand entries, each a `LINE`."""

    LINE: ClassVar[type[Output]]
    _lines: Sequence[object] = PrivateAttr(())

    @classmethod
    def of(cls, record: object) -> Self:
        """Make it of a receipt; its lines become results one at a time, and only when they are written."""
        assert isinstance(record, BatchReceipt | BatchReport)  # noqa: S101 - the handler's promise
        made = cls.model_validate(replace(record, lines=()))  # type: ignore[arg-type] # of either, no lines
        made._lines = record.lines  # noqa: SLF001 - our own
        return made

    def encoded(self) -> bytes:
        """Return it as JSON, line by line: a thread that does this lets others run in between."""
        head, lines = self.model_dump_json().encode(), (self.LINE.of(line) for line in self._lines)
        return head.removesuffix(b"]}") + b",".join(line.encoded() for line in lines) + b"]}"


class BatchAccepted(_Long):
    """A batch was decided, recipient by recipient, in the order given."""

    LINE = Result

    id: str
    status: str = Field(description="held (waits for a second person) or released.")
    accepted: int
    refused: int
    results: tuple[Result, ...] = Field(validation_alias="lines")


class Foreseen(Output):
    """What one recipient would come to."""

    position: int = Field(description="In the list of recipients, from 0; a group stands for its numbers.")
    group: str | None = Field(None, description="Through which the number is a recipient.")
    contact: str | None = Field(None, description="Of the group, whose number it is.")
    outcome: Outcome = Field(validation_alias=AliasPath("decision", "outcome"))
    reasons: tuple[ReasonOut, ...] = Field(validation_alias=AliasPath("decision", "reasons"))
    parts: int
    language: str | None


class BatchCheck(_Long):
    """What a batch would come to, and how long it would take. Nothing was kept."""

    LINE = Foreseen

    accepted: int = Field(description="Each judged by itself: caps that they would reach together may bind.")
    refused: int
    parts: int = Field(description="Of all that would be accepted.")
    needs_approval: bool = Field(description="Whether it would be held for a second person.")
    queue: int = Field(description="Parts that wait before it.")
    seconds: float | None = Field(
        description="Estimate until all of it is sent, were it let go now; null without a measured rate."
    )
    done_at: datetime | None
    results: tuple[Foreseen, ...] = Field(validation_alias="lines")


class Batch(Output):
    """A batch and how far it is."""

    id: str
    status: str = Field(description="accepting, held, released or cancelled.")
    accepted: int
    refused: int
    created_at: datetime
    messages: dict[Status, int] = Field(description="How many messages are in each status.")
