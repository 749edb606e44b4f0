"""How the gateway keeps to the policy: the status of today, and the report of a month (clause 8.1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


class State(StrEnum):
    """How it stands with a clause, from good to bad."""

    KEPT = "kept"
    ATTENTION = "attention"  # somebody has something to do
    BREACH = "breach"  # what the policy rules out has happened


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at for one clause; `remedy` is empty while nothing is to be done."""

    clause: str
    state: State
    says: str
    remedy: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ComplianceStatus:
    """How it stands now: every check, with what is to be done."""

    organisation: str
    at: datetime
    state: State
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentView:
    """Something that must be answered by a day, without what it is about."""

    id: str
    kind: str  # access | complaint | breach
    known_at: datetime
    due_at: datetime
    opened_by: str
    closed_at: datetime | None
    overdue: bool  # not closed in time


@dataclass(frozen=True, slots=True, kw_only=True)
class ClauseStatus:
    """One clause in the month. A decision asks every rule, so `asked` is the same for all that have rules."""

    number: str
    says: str
    state: State
    asked: int
    denied: int
    held: int
    entries: int  # of the audit log that cite it
    enforced_by: tuple[str, ...]
    tests: int
    missing: str
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Volume:
    """What was accepted under one name, and what became of it so far."""

    name: str
    messages: int
    parts: int
    delivered: int
    failed: int  # undelivered, failed, expired
    other: int  # on its way, waiting, cancelled, uncertain


@dataclass(frozen=True, slots=True)
class Deed:
    """What a person decided in the month, and how often."""

    person: str
    action: str
    outcome: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OptOutFigures:
    """Opt-outs of the month. Seconds: from the network's stamp on the text until the gateway acted on it."""

    made: Mapping[str, int]  # by source
    lifted: int
    in_force: int  # now
    measured: int  # by text, whose text is still kept
    p50_seconds: float | None
    p99_seconds: float | None
    longest_seconds: float | None
    handed_over_after: int  # messages to a number that had opted out: must be 0
    break_glass: int  # accepted past an opt-out, as the policy permits it, with two more people
    replies_held: int  # that smell of refusal, for a person to read
    replies_read: int
    read_p50_hours: float | None
    read_longest_hours: float | None
    unread: int  # now


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentFigures:
    """Consents; all but the messages is how it stands now."""

    numbers: int  # with a consent in force
    in_force: Mapping[str, int]  # by purpose
    end_within_30_days: int
    ended: int  # in the month, by time
    withdrawn: int  # in the month
    messages: int  # accepted in the month, but those that ask for a consent
    covered: int  # of these: a consent for number and purpose was in force


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryFigures:
    """What became of the month's messages; rates are of those whose end is known."""

    by_status: Mapping[str, int]
    delivered_rate: float | None
    failed_rate: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessLine:
    """A person who may act, now."""

    handle: str
    name: str
    status: str
    roles: Mapping[str, datetime]  # when each ends
    keys: int  # that stand
    acknowledged_at: datetime | None  # the policy version in force
    may_send: bool
    trained_until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewFigures:
    """The policy's own dates (9.1)."""

    version: str
    effective: date
    last_reviewed: date
    due: date
    overdue_days: int  # 0 while it is not
    authorised_by: str
    consequence: str  # warn | block_bulk | block_all


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionFigures:
    """What was removed in the month because its time was over."""

    runs: int
    last_run: datetime | None  # ever
    removed: Mapping[str, int]
    legal_hold: bool  # on everything
    numbers_held: int  # under a legal hold of their own
    exports: int  # handed to the person
    erasures: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFigures:
    """The audit log: verified how often in the month, and what it is now."""

    entries: int
    hash: str  # of the last entry
    in_month: int
    verified: int
    broken: int  # verifications that found it changed
    last_verified: datetime | None  # ever
    anchors: Mapping[str, int]  # signed checkpoints that left the machine in the month, by way


@dataclass(frozen=True, slots=True)
class Approved:
    """What a second person was asked in the month, by kind and outcome (`pending` while there is none)."""

    kind: str
    outcome: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ViolationFigures:
    """Refusals that count against a person (8.2)."""

    recorded: Mapping[str, int]  # in the month, by person
    decided: Mapping[str, int]  # in the month, by outcome
    undecided: int  # now
    suspended: tuple[str, ...]  # whose sending is suspended now


@dataclass(frozen=True, slots=True)
class Suspension:
    """A time in which all sending was suspended; `until` is None while it still is."""

    since: datetime
    until: datetime | None
    made_by: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ComplianceReport:
    """A month, for those who answer for it."""

    organisation: str
    month: str  # YYYY-MM
    since: datetime
    until: datetime
    made_at: datetime
    complete: bool  # the month is over
    state: State
    clauses: tuple[ClauseStatus, ...]
    messages: int
    tests: int  # made with test keys: they reach nobody, and are counted nowhere else
    days: Mapping[date, int]
    purposes: tuple[Volume, ...]
    templates: tuple[Volume, ...]
    senders: tuple[Volume, ...]
    refused: int  # at submission
    deeds: tuple[Deed, ...]
    approvals: tuple[Approved, ...]
    violations: ViolationFigures
    suspensions: tuple[Suspension, ...]
    opt_outs: OptOutFigures
    consents: ConsentFigures
    delivery: DeliveryFigures
    access: tuple[AccessLine, ...]
    review: ReviewFigures
    retention: RetentionFigures
    audit: AuditFigures
    incidents: tuple[IncidentView, ...]  # opened in the month, or open
