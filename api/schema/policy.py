"""Bodies about the policy's document, and what people owe it (9.1, 9.2)."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Annotated, Final

from pydantic import AfterValidator, BeforeValidator, Field

from api.schema.base import Input, Line, Output, Query, Slots, TemplateName, no_controls
from api.schema.violations import Handle

_ISO: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_LONGEST: Final = 200_000


def _day(value: object) -> object:
    if not isinstance(value, str) or not _ISO.fullmatch(value):
        raise ValueError("must be a day such as 2024-11-08")
    return value


Day = Annotated[date, BeforeValidator(_day), Field(strict=False)]
Name = Annotated[str, Field(min_length=1, max_length=80), AfterValidator(no_controls)]


class NewPolicy(Input):
    """A text that is to become the policy. What is left out is read from it, dates day first."""

    text: Annotated[str, Field(min_length=1, max_length=_LONGEST)]
    version: Annotated[Name | None, Field(description="Default: the next number.")] = None
    effective: Day | None = None
    last_reviewed: Day | None = None
    authorised_by: Name | None = None
    material: Annotated[bool, Field(description="Everybody must acknowledge it before their next send.")] = (
        True
    )


class PolicyVersion(Output):
    """A version of the policy, with what was read from its text."""

    id: str
    version: str
    title: str
    effective: date
    last_reviewed: date
    authorised_by: str
    material: bool
    status: str = Field(description="draft, published or replaced.")
    text_hash: str = Field(description="SHA-256 of the text in UTF-8.")
    author: str
    imported_at: datetime
    publisher: str | None
    published_at: datetime | None
    not_enforced: tuple[str, ...] = Field(description="Clauses of the text that no rule here knows.")
    not_in_text: tuple[str, ...] = Field(description="Clauses that are enforced and not in the text.")


class Policy(Output):
    """The policy in force, as the key's person sees it."""

    organisation: str
    version: str
    source: str = Field(description="file: [review] of the policy file. published: a version imported here.")
    effective: date
    last_reviewed: date
    due: date = Field(description="When it has to be reviewed again.")
    overdue_days: int = Field(description="0 while it is not overdue.")
    consequence: str = Field(description="warn, block_bulk or block_all.")
    blocks_since: date | None = Field(description="null while the overdue review stops nothing.")
    authorised_by: str
    text: str | None = Field(description="null: none was imported.")
    text_hash: str | None
    statement: str = Field(description="What the person acknowledges.")
    statement_hash: str
    acknowledged_at: datetime | None = Field(description="null: not yet, and nothing is sent before.")


class Agreed(Input):
    """A person agrees to the statement that they were shown."""

    statement_hash: Annotated[str, Field(pattern="^[0-9a-f]{64}$", description="From GET /v1/policy.")]


class NewReview(Input):
    """The policy was reviewed."""

    reviewed_on: Day
    note: Line = Field(description="What was looked at, and what came of it.")


class Review(Output):
    """A review that was recorded."""

    version: str
    reviewed_on: date
    by: str
    note: str
    recorded_at: datetime


class NewTraining(Input):
    """Somebody was trained."""

    person: Handle
    course: Line
    completed_on: Day


class TrainingOut(Output):
    """A training that was recorded."""

    person: str
    course: str
    completed_on: date
    expires_at: datetime
    recorded_by: str
    recorded_at: datetime


class MemberFilter(Query):
    """Which people."""

    unacknowledged: bool = False


class Member(Output):
    """A person under the policy, and what they owe it."""

    handle: str
    name: str
    status: str
    roles: dict[str, datetime] = Field(description="When each ends.")
    roles_ending: tuple[str, ...] = Field(description="Ended, or within 30 days: renew them.")
    acknowledged_at: datetime | None
    method: str | None = Field(description="api, command or paper.")
    statement_hash: str | None
    trained_until: datetime | None
    sending_suspended_at: datetime | None
    has_number: bool


class Telling(Input):
    """Which approved template tells people of the policy."""

    template: TemplateName
    slots: Slots = Field(default_factory=dict)


class ToldOut(Output):
    """What became of telling one person."""

    person: str
    message: str | None = Field(description="The message's id; null: tell this person otherwise.")
    why: tuple[str, ...] = Field(description="Codes of the refusal, or NO_NUMBER.")


class ToldAll(Output):
    """Everybody who has not acknowledged the policy in force."""

    items: tuple[ToldOut, ...]


class ClauseOut(Output):
    """A clause: what it asks for, what enforces and proves it, and what is on record of the last 30 days."""

    number: str
    says: str
    rules: tuple[str, ...] = Field(description="Asked before every message.")
    parts: tuple[str, ...] = Field(description="Code that enforces it without being asked.")
    reports: tuple[str, ...] = Field(description="Commands that show it.")
    tests: tuple[str, ...]
    missing: str = Field(description="What nothing does yet; empty: nothing is missing.")
    asked: int = Field(description="Decisions by its rules.")
    denied: int
    held: int
    entries: int = Field(description="Entries of the audit log that cite it.")
    last_checked_at: datetime | None = Field(description="When it was last asked or cited; null: not lately.")
