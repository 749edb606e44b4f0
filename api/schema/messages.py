"""Bodies and queries about single messages."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AliasPath, Field, ValidationInfo, field_validator

from api.schema.base import (
    Input,
    Instant,
    InstantQuery,
    Language,
    Output,
    Paging,
    Phone,
    Purpose,
    Reference,
    Seconds,
    Slots,
    TemplateName,
    no_controls,
)
from gateway.model import CancelReason, HoldReason, Status
from gateway.records import MessageRequest, Priority
from policy import Code, Outcome


class NewMessage(Input):
    """One message to one recipient: by an approved template, or in words that a second person reads."""

    to: Phone
    text: Annotated[str, Field(min_length=1, max_length=612), AfterValidator(no_controls)] | None = Field(
        None, description="Instead of a template; takes the scope messages:free_text, and waits for approval."
    )
    template: TemplateName | None = Field(None, description="Either this or `text`.", validate_default=True)
    slots: Slots = Field(default_factory=dict)
    language: Language | None = Field(
        None, description="Default: the recipient's, if it is known. Without an approved version: English."
    )
    purpose: Purpose | None = Field(
        None,
        description="If given, it must be the template's; needed with `text`.",
        validate_default=True,
    )
    reference: Reference | None = None
    priority: Priority = Priority.NORMAL
    not_before: Instant | None = None
    validity: Seconds | None = None
    on_doubt: Literal["ask", "resend"] | None = Field(
        None,
        description="Whether a part whose fate stays unknown is sent again after a while, once; default: the "
        "template's. `resend` takes a template that was approved as urgent.",
    )

    break_glass: bool = Field(
        False,
        description="Past an opt-out: where the policy has that for this template, and two people agree.",
    )

    @field_validator("template")
    @classmethod
    def _one_of_both(cls, template: str | None, info: ValidationInfo) -> str | None:
        if "text" in info.data:  # else that is at fault, and says so
            if template is None and info.data["text"] is None:
                raise ValueError("is missing: name a template, or give a text")
            if template is not None and info.data["text"] is not None:
                raise ValueError("cannot go with a text: it is one or the other")
        return template

    @field_validator("slots")
    @classmethod
    def _of_a_template(cls, slots: dict[str, str], info: ValidationInfo) -> dict[str, str]:
        if slots and info.data.get("text") is not None:
            raise ValueError("belong to a template")
        return slots

    @field_validator("purpose")
    @classmethod
    def _named(cls, purpose: str | None, info: ValidationInfo) -> str | None:
        if purpose is None and info.data.get("text") is not None:
            raise ValueError("is missing: without a template it must be named")
        return purpose

    def request(self) -> MessageRequest:
        """Return what the use case takes."""
        return MessageRequest(
            to=self.to,
            template=self.template,
            text=self.text,
            slots=self.slots,
            language=self.language,
            purpose=self.purpose,
            reference=self.reference,
            priority=self.priority,
            not_before=self.not_before,
            validity=span(self.validity),
            on_doubt=self.on_doubt,
            break_glass=self.break_glass,
        )


def span(seconds: int | None) -> timedelta | None:
    """Return the duration; None for none."""
    return None if seconds is None else timedelta(seconds=seconds)


class MessageFilter(Paging):
    """Which messages; what is left out is no condition."""

    status: Status | None = None
    reference: Reference | None = None
    purpose: Purpose | None = None
    batch_id: Annotated[str, Field(pattern=r"^bat_[0-9a-z]{26}$")] | None = None
    since: InstantQuery | None = Field(None, description="Accepted at or after it.")
    until: InstantQuery | None = Field(None, description="Accepted before it.")


class ReasonOut(Output):
    """Why not, or why not yet."""

    code: Code
    clause: str = Field(description="Of the policy, such as 6.2.")
    message: str = Field(description="What is wrong and what to do; never the text or the number.")
    retry: bool = Field(description="The same request may be let through later.")
    outcome: Outcome = Field(description="DENY refuses; HOLD waits for a person or a time.")
    field: str | None = Field(description="Of the request, such as slots.date.")
    until: datetime | None = Field(
        description="When it will be no reason any more, if nothing else happens; null: not known."
    )


class Accepted(Output):
    """The message is on the disk; its status when it was accepted."""

    id: str
    status: Status
    hold_reason: HoldReason | None
    parts: int
    language: str | None = Field(None, description="Of the text; `why` says how it was chosen.")


class Check(Output):
    """What a message would come to, and what it would cost. Nothing was kept."""

    outcome: Outcome = Field(validation_alias=AliasPath("decision", "outcome"))
    reasons: tuple[ReasonOut, ...] = Field(validation_alias=AliasPath("decision", "reasons"))
    text: str
    parts: int
    alphabet: str
    units: int = Field(description="Septets, or UTF-16 units with UCS-2.")
    forced_by: str | None = Field(description="The first character that forces UCS-2.")
    parts_without: int | None = Field(description="Parts, without the characters that force UCS-2.")
    queue: int = Field(description="Parts that wait before it.")
    leaves_at: datetime = Field(description="At the earliest; in quiet hours, when they end.")
    seconds: float | None = Field(description="Estimate until it is sent; null without a measured rate.")


class PartOut(Output):
    """One part of a message on the radio."""

    number: int
    status: Status
    modem: str | None
    mr: int | None = Field(description="TP-Message-Reference of the last hand-off.")
    attempts: int
    sent_at: datetime | None
    final_at: datetime | None
    tp_status: int | None = Field(description="TP-Status of the delivery report (3GPP TS 23.040, 9.2.3.15).")
    cause: str | None


class Message(Output):
    """A message of the caller's person."""

    id: str
    status: Status
    hold_reason: HoldReason | None
    cancel_reason: CancelReason | None
    to: str
    purpose: str
    template: str | None
    text: str
    reference: str | None
    batch_id: str | None
    created_at: datetime
    updated_at: datetime
    not_before: datetime | None
    expires_at: datetime
    parts: tuple[PartOut, ...]


class DecisionOut(Output):
    """One decision on a message, as the audit log has it."""

    seq: int
    at: datetime
    actor: str
    action: str
    outcome: str
    clauses: tuple[str, ...]
    detail: dict[str, Any] = Field(description="The codes and the facts on which it rests.")
