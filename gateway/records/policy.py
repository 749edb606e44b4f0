"""The policy's document, and what people owe it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyDraft:
    """A text that is to become the policy; what it does not say itself is given beside it."""

    text: str
    version: str | None = None  # None: the next number
    effective: date | None = None
    last_reviewed: date | None = None
    authorised_by: str | None = None
    material: bool = True  # everybody must acknowledge it anew


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionView:
    """A version of the policy's text, with what was read from it."""

    id: str
    version: str
    title: str
    effective: date
    last_reviewed: date
    authorised_by: str
    material: bool
    status: str  # draft | published | replaced
    text_hash: str
    author: str
    imported_at: datetime
    publisher: str | None
    published_at: datetime | None
    not_enforced: tuple[str, ...]  # clauses of the text that no rule here knows
    not_in_text: tuple[str, ...]  # clauses that are enforced and that the text does not have


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyView:
    """The policy in force, as one person sees it."""

    organisation: str
    version: str
    source: str  # file | published
    effective: date
    last_reviewed: date
    due: date
    overdue_days: int  # 0 while it is not
    consequence: str  # warn | block_bulk | block_all
    blocks_since: date | None  # None while it does not
    authorised_by: str
    text: str | None  # None: none was imported
    text_hash: str | None
    statement: str  # what the person acknowledges
    statement_hash: str
    acknowledged_at: datetime | None


@dataclass(frozen=True, slots=True)
class ReviewView:
    """A review of the policy."""

    version: str
    reviewed_on: date
    by: str
    note: str
    recorded_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberView:
    """A person under the policy, and what they owe it."""

    handle: str
    name: str
    status: str
    roles: Mapping[str, datetime]
    roles_ending: tuple[str, ...]  # ended, or about to
    acknowledged_at: datetime | None  # what must be acknowledged now
    method: str | None
    statement_hash: str | None
    trained_until: datetime | None
    sending_suspended_at: datetime | None
    has_number: bool

    @property
    def owes(self) -> bool:
        """Whether this person acts under the policy and has not acknowledged it."""
        return self.status == "active" and self.acknowledged_at is None


@dataclass(frozen=True, slots=True)
class TrainingView:
    """A training of a person."""

    person: str
    course: str
    completed_on: date
    expires_at: datetime
    recorded_by: str
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class Told:
    """What became of telling one person of the policy: the message, or why they must be told otherwise."""

    person: str
    message: str | None
    why: tuple[str, ...]
