"""What waits for a second person, and what they decided."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class ApprovalKind(StrEnum):
    """What a second person decides about."""

    MESSAGE = "message"  # one that is held: for its wording, or because it is free text
    BATCH = "batch"
    TEMPLATE = "template"
    OPT_OUT_LIFT = "opt_out_lift"
    ROLE = "role"
    LEXICON = "lexicon"
    POLICY = "policy"


class ApprovalOutcome(StrEnum):
    """How it ended. Until then it has none."""

    APPROVED = "approved"
    REFUSED = "refused"
    EXPIRED = "expired"  # nobody decided in time
    VOID = "void"  # what was to be approved has changed since, or the policy no longer permits it


@dataclass(frozen=True, slots=True)
class ApprovalView:
    """A question to a second person, and its answer."""

    id: str
    kind: ApprovalKind
    target: str
    summary: str
    requested_by: str
    requested_at: datetime
    expires_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    outcome: ApprovalOutcome | None
    reason: str | None
    content: Mapping[str, str] = field(default_factory=dict)  # what is to be approved, shown with one alone
