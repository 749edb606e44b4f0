"""What is asked to be sent, and the answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from gateway.model import HoldReason, Status
from policy import Decision, Kind


class Priority(StrEnum):
    """The order in the queue; the gateway's own replies go before all."""

    HIGH = "high"
    NORMAL = "normal"
    LOW = "low"


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageRequest:
    """One message to one recipient: by an approved template, or in words that a second person reads."""

    to: str
    template: str | None = None
    text: str | None = None  # instead of a template; the gateway adds name and opt-out text
    slots: Mapping[str, str] = field(default_factory=dict)
    language: str | None = None  # default: the recipient's, if it is known, else English
    purpose: str | None = None  # default: the template's, and another is refused; needed with `text`
    reference: str | None = None
    priority: Priority = Priority.NORMAL
    not_before: datetime | None = None
    validity: timedelta | None = None
    on_doubt: str | None = None  # ask | resend; default: the template's
    break_glass: bool = False  # past an opt-out, where the policy has that and two people agree (6.2)
    shared_reference: bool = False  # GOV.UK Notify's callers use one for several messages
    confirms_until: datetime | None = None  # a consent asked for by form, recorded together with it

    @property
    def kind(self) -> Kind:
        """What it is to the policy."""
        if self.confirms_until is not None:
            return Kind.CONSENT_REQUEST
        return Kind.BREAK_GLASS if self.break_glass else Kind.MESSAGE


@dataclass(frozen=True, slots=True)
class BatchRecipient:
    """One recipient of a batch, or a group of them; the slots are added to the batch's own."""

    to: str  # empty for a group
    slots: Mapping[str, str] = field(default_factory=dict)
    reference: str | None = None
    group: str | None = None  # by name
    contact: str | None = None  # of the group, whose number it is


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchRequest:
    """The same template to many recipients (at most 10,000)."""

    template: str
    recipients: Sequence[BatchRecipient]
    slots: Mapping[str, str] = field(default_factory=dict)
    language: str | None = None  # default: each recipient's, if it is known, else English
    purpose: str | None = None
    priority: Priority = Priority.NORMAL
    not_before: datetime | None = None
    validity: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """A message was accepted: it is on the disk."""

    id: str
    status: Status
    hold_reason: HoldReason | None
    parts: int
    language: str | None = None  # that the text is in
    replayed: bool = False  # the same Idempotency-Key gave this before


@dataclass(frozen=True, slots=True)
class BatchLine:
    """The outcome for one recipient of a batch, in the order given."""

    position: int
    receipt: Receipt | None
    decision: Decision | None  # why not
    group: str | None = None  # through which the number is a recipient
    contact: str | None = None


@dataclass(frozen=True, slots=True)
class BatchReceipt:
    """A batch was decided, recipient by recipient."""

    id: str
    status: str
    accepted: int
    refused: int
    lines: tuple[BatchLine, ...]
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class BatchForeseen:
    """What one recipient of a batch would come to."""

    position: int
    decision: Decision
    parts: int
    language: str | None
    group: str | None
    contact: str | None


@dataclass(frozen=True, slots=True)
class BatchReport:
    """The dry run of a batch: every recipient, and when the last of it would have left."""

    accepted: int
    refused: int
    parts: int  # of all that would be accepted
    needs_approval: bool  # by a second person
    queue: int  # parts that wait before it
    seconds: float | None  # as in `Forecast`, from now, once it is let go
    done_at: datetime | None
    lines: tuple[BatchForeseen, ...]


@dataclass(frozen=True, slots=True)
class CheckReport:
    """The dry run of a message: every reason, and what it would cost."""

    decision: Decision
    text: str
    parts: int
    alphabet: str
    units: int  # septets or UTF-16 units
    forced_by: str | None  # the first character that forces UCS-2
    parts_without: int | None  # parts, were that character not there
    queue: int  # parts that wait before it
    leaves_at: datetime  # at the earliest: in quiet hours, when they end
    seconds: float | None  # estimate until it is sent; None without a measured rate
