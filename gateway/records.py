"""What use cases take and give: plain frozen records, free of HTTP and of tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Generic, TypeVar

from gateway.model import CancelReason, HoldReason, Status
from policy import Decision

T = TypeVar("T")


class Scope(StrEnum):
    """What a key may do. A route without a scope cannot exist."""

    PUBLIC = "public"
    SEND = "messages:send"
    READ = "messages:read"
    APPROVE = "messages:approve"
    INBOX = "inbox:read"
    OPT_OUTS_READ = "opt-outs:read"
    OPT_OUTS_WRITE = "opt-outs:write"
    CONSENTS_READ = "consents:read"
    CONSENTS_WRITE = "consents:write"
    TEMPLATES_READ = "templates:read"
    TEMPLATES_WRITE = "templates:write"
    TEMPLATES_APPROVE = "templates:approve"
    MODEMS = "modems:read"
    EVENTS = "events:read"
    WEBHOOKS = "webhooks:write"
    DOUBTS = "doubts:write"


class KeyKind(StrEnum):
    """`live` reaches the radio, `team` only the guest list, `test` no radio at all."""

    LIVE = "live"
    TEAM = "team"
    TEST = "test"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is asking: a key that acts for a named, active person (3.1)."""

    key_id: str
    key_kind: KeyKind
    person_id: str
    handle: str
    scopes: frozenset[Scope]


@dataclass(frozen=True, slots=True)
class PersonView:
    """A person who may act through keys."""

    id: str
    handle: str
    name: str
    status: str  # active | suspended
    roles: Mapping[str, datetime]  # when each ends
    acknowledged_at: datetime | None  # of the policy version in force
    created_at: datetime


@dataclass(frozen=True, slots=True)
class KeyView:
    """A key, without its secret."""

    id: str
    handle: str
    kind: KeyKind
    label: str
    scopes: tuple[str, ...]
    purposes: tuple[str, ...] | None  # None: every permitted purpose
    templates: tuple[str, ...] | None  # None: every approved template
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None


class Priority(StrEnum):
    """The order in the queue; the gateway's own replies go before all."""

    HIGH = "high"
    NORMAL = "normal"
    LOW = "low"


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageRequest:
    """One message to one recipient, by an approved template (3.3)."""

    to: str
    template: str
    slots: Mapping[str, str] = field(default_factory=dict)
    language: str = "en"
    purpose: str | None = None  # default: the template's; another is refused
    reference: str | None = None
    priority: Priority = Priority.NORMAL
    not_before: datetime | None = None
    validity: timedelta | None = None
    on_doubt: str | None = None  # ask | resend; default: the template's
    shared_reference: bool = False  # GOV.UK Notify's callers use one for several messages


@dataclass(frozen=True, slots=True)
class BatchRecipient:
    """One recipient of a batch; its slots are added to the batch's own."""

    to: str
    slots: Mapping[str, str] = field(default_factory=dict)
    reference: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchRequest:
    """The same template to many recipients (at most 10,000)."""

    template: str
    recipients: Sequence[BatchRecipient]
    slots: Mapping[str, str] = field(default_factory=dict)
    language: str = "en"
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
    replayed: bool = False  # the same Idempotency-Key gave this before


@dataclass(frozen=True, slots=True)
class BatchLine:
    """The outcome for one recipient of a batch, in the order given."""

    position: int
    receipt: Receipt | None
    decision: Decision | None  # why not


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
class BatchView:
    """A batch and how far it is."""

    id: str
    status: str
    accepted: int
    refused: int
    created_at: datetime
    messages: Mapping[Status, int]


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
    seconds: float | None  # estimate until it is sent; None without a measured rate


@dataclass(frozen=True, slots=True)
class PartView:
    """One part of a message on the radio."""

    number: int
    status: Status
    modem: str | None
    mr: int | None
    attempts: int
    sent_at: datetime | None
    final_at: datetime | None
    tp_status: int | None
    cause: str | None


@dataclass(frozen=True, slots=True)
class MessageView:
    """A message as its sender may see it."""

    id: str
    status: Status
    hold_reason: HoldReason | None
    cancel_reason: CancelReason | None
    to: str
    purpose: str
    template: str | None
    template_id: str | None
    text: str
    reference: str | None
    batch_id: str | None
    created_at: datetime
    updated_at: datetime
    not_before: datetime | None
    expires_at: datetime
    parts: tuple[PartView, ...]


@dataclass(frozen=True, slots=True)
class AuditView:
    """One decision, as the audit log has it: who, what, by which clauses, on which facts."""

    seq: int
    at: datetime
    actor: str
    action: str
    outcome: str
    clauses: tuple[str, ...]
    detail: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class InboxView:
    """A message that came in."""

    id: str
    sender: str
    text: str
    tier: str
    complete: bool
    modem: str
    sent_at: datetime | None
    received_at: datetime


@dataclass(frozen=True, slots=True)
class QuarantineView:
    """A PDU that could not be decoded: kept as it came."""

    id: str
    pdu: str
    detail: str
    modem: str
    received_at: datetime


@dataclass(frozen=True, slots=True)
class SuppressionView:
    """A number (known here only by its keyed hash) that must not be texted."""

    id: str
    topic: str  # '' = every purpose
    source: str
    made_by: str
    since: datetime


@dataclass(frozen=True, slots=True)
class HoldView:
    """A number that waits for a person: its reply smells of refusal."""

    id: str
    inbox_id: str
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentRequest:
    """Evidence that a person agreed: who, when, how, wording shown, recorded by (4.1)."""

    number: str
    purposes: tuple[str, ...]
    method: str  # paper_form | web_form | spoken | email | sms
    wording: str  # which wording was shown
    evidence: str  # where the proof is kept
    given_at: datetime
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ConsentView:
    """One consent on record."""

    id: str
    number: str
    purpose: str
    method: str
    wording: str
    recorded_by: str
    given_at: datetime
    expires_at: datetime
    withdrawn_at: datetime | None


@dataclass(frozen=True, slots=True)
class ImportReport:
    """A CSV import: all of it, or (with faults) nothing."""

    imported: int
    suppressed: int  # lines whose number has opted out: recorded, and still not to be texted
    faults: tuple[tuple[int, str, str], ...]  # line, field, what to do


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateRequest:
    """A new version of a template; it sends nothing until another person approves it (3.3)."""

    name: str
    purpose: str
    body: str
    slots: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    language: str = "en"
    urgent: bool = False
    on_doubt: str = "ask"


@dataclass(frozen=True, slots=True)
class TemplateView:
    """One version of a template."""

    id: str
    name: str
    version: int
    language: str
    purpose: str
    body: str
    slots: Mapping[str, Mapping[str, Any]]
    urgent: bool
    on_doubt: str
    status: str
    author: str
    approver: str | None
    created_at: datetime
    approved_at: datetime | None
    expires_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointRequest:
    """Where a caller wants to be told of events, and of which."""

    url: str
    types: tuple[str, ...]  # such as message.delivered, message.* or *
    with_text: bool = False  # of what came in, and from whom (4.2)
    description: str = ""


@dataclass(frozen=True, slots=True)
class EndpointView:
    """An endpoint, without its secret. A disabled one said that it is gone (410)."""

    id: str
    url: str
    description: str
    types: tuple[str, ...]
    with_text: bool
    status: str  # active | disabled
    version: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class DeliveryView:
    """What became of one event at one endpoint."""

    id: str
    event_seq: int
    status: str  # delivered | retrying | failed (given up after two days)
    attempts: int
    first_at: datetime
    last_at: datetime
    next_at: datetime | None
    answer: str  # the HTTP status, or why there was none


@dataclass(frozen=True, slots=True)
class Lane:
    """One modem's share of the work."""

    modem: str
    ready: bool
    seconds_per_part: float | None  # measured; None before its first part


@dataclass(frozen=True, slots=True)
class Forecast:
    """How long sending will take."""

    queue: int  # parts that wait
    parts: int  # that would be added
    seconds: float | None  # until all is sent; None without a measured rate
    done_at: datetime | None
    parts_per_minute: float | None
    modems: tuple[Lane, ...]


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """A page of a listing; `next` is the cursor of the following one."""

    items: tuple[T, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether the gateway can do its job now, and if not, why."""

    ready: bool
    reasons: tuple[str, ...]
