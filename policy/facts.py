"""What the policy is asked about, and what it is told.

None always means *not known*, and what is not known denies. What is known to be absent is an empty
collection, or None inside a record that is itself there (`RecipientFacts.held_since`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from policy.limits import Cap, Earlier
from policy.numbers import Number
from policy.quiet_hours import NOT_KNOWN, BankHolidays
from policy.settings import PolicySettings
from policy.verdict import Reason
from policy.words import Words


class Stage(StrEnum):
    """When the question is put. The same rules answer each time, on fresh facts."""

    SUBMIT = "submit"
    RELEASE = "release"  # approved by a second person, or its time has come
    HANDOFF = "hand-off"  # inside the transaction that gives it to a modem


class Kind(StrEnum):
    """What is to be sent: a person's message, one of the gateway's own replies, or its call for help."""

    MESSAGE = "message"
    OPT_OUT_CONFIRMATION = "opt_out_confirmation"
    START_CONFIRMATION = "start_confirmation"
    HELP = "help"
    BREAK_GLASS = "break_glass"  # a person's message past an opt-out, where the policy has that (6.2)
    CONSENT_REQUEST = "consent_request"  # to who asked by form: reply YES to agree
    ALERT = "alert"  # to the technician whom the configuration names
    CHECKPOINT = "checkpoint"  # of the audit log, to the owner whom the configuration names


@dataclass(frozen=True, slots=True)
class TemplateRef:
    """Which template, as the caller names it."""

    name: str
    language: str = "en"


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What somebody wants to send to one number."""

    stage: Stage
    number: str  # E.164
    text: str  # in full: organisation's name and opt-out text included
    parts: int  # SMS parts that `text` takes
    kind: Kind = Kind.MESSAGE
    purpose: str = ""  # the gateway's own replies have none
    template: TemplateRef | None = None
    free_text: bool = False  # written for this message, made from no template
    slots: Mapping[str, str] | None = None  # None after submission: only the text is kept
    recipients: int = 1  # of the batch that it is one of (9.1)
    not_before: datetime | None = None  # when its sender wants it to leave at the earliest
    begun: bool = False  # parts of it have left already


@dataclass(frozen=True, slots=True, kw_only=True)
class SenderFacts:
    """The key, and the person it acts for (3.1, 3.2, 9.2)."""

    active: bool
    acknowledged: bool  # the policy version in force
    roles: Mapping[str, datetime]  # when each ends
    key_kind: str  # live | team | test
    key_expires_at: datetime
    key_revoked_at: datetime | None
    scopes: Set[str]
    purposes: Set[str] | None  # the key's allow-list; None: every permitted purpose
    templates: Set[str] | None  # likewise; None: every approved template
    caps: Sequence[Cap] | None = None  # of the key and its person; () = none
    sending_suspended_at: datetime | None  # after violations, until somebody else decides (8.2)
    trained_until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """One consent on record for the number (4.1)."""

    purpose: str
    given_at: datetime
    expires_at: datetime
    withdrawn_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipientFacts:
    """What is on record about the number (4.3, 6.2)."""

    opted_out: Mapping[str, datetime] = field(default_factory=dict)  # topic ("" = everything): since when
    held_since: datetime | None = None  # a reply of theirs waits for a person
    suspect_since: datetime | None = None  # somebody else's, or doubted by staff: to be verified
    failures: int = 0  # texts that failed for good, in a row
    consent_asked_until: datetime | None = None  # by form, and to be confirmed by then
    last_inbound_at: datetime | None = None  # their last text, or a call that staff logged
    recent: Sequence[Earlier] | None = None  # what they got, or will get, a day before or after; () = nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateFacts:
    """The version of the template that the message is made from (3.3)."""

    name: str
    version: int
    language: str
    purpose: str
    body: str
    slots: Mapping[str, Mapping[str, Any]]
    status: str  # draft | approved | retired
    author: str
    approver: str | None
    expires_at: datetime | None  # of the approval
    urgent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondPerson:
    """Who approved this very message, and at whose request (3.3)."""

    asked_by: str
    decided_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Everything that a decision rests on."""

    settings: PolicySettings
    words: Words | None = None  # that the organisation published; None: the shipped ones alone
    sending: bool = False  # it goes on: nobody has suspended it (8.1)
    number: Number | Reason | None  # what `normalise` made of it
    recipient: RecipientFacts | None
    consents: Sequence[Consent] | None = None  # all of the number, whatever their purpose; () = none
    sender: SenderFacts | None = None
    template: TemplateFacts | None = None
    second_person: SecondPerson | None = None  # at release and hand-off, of what takes one
    third_person: SecondPerson | None = None  # of what takes two besides the sender
    holidays: BankHolidays = NOT_KNOWN
