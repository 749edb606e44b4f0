"""What a second person is asked, bound to a digest of what was asked."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, LargeBinary, Table, Text, text

from gateway.records.approvals import ApprovalKind, ApprovalOutcome
from gateway.store.schema.base import Instant, key, metadata, one_of

approval = Table(
    "approval",
    metadata,
    key(),
    Column("kind", Text, nullable=False),
    Column("target", Text, nullable=False),  # the id of what is to be approved
    Column("digest", LargeBinary, nullable=False),
    Column("summary", Text, nullable=False),  # never personal data
    Column("number_index", LargeBinary),  # whose it is, where the content is about a number
    Column("content_sealed", LargeBinary),  # what is kept nowhere else; gone once it is decided
    Column("requested_by", ForeignKey("person.id"), nullable=False),
    Column("requested_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("decided_by", ForeignKey("person.id")),
    Column("decided_at", Instant),
    Column("outcome", Text),
    Column("reason_sealed", LargeBinary),
    one_of("kind", ApprovalKind),
    one_of("outcome", ApprovalOutcome),
    CheckConstraint(
        "outcome IS NULL OR outcome <> 'approved' OR (decided_by IS NOT NULL AND decided_by <> requested_by)",
        name="approved_by_another_person",
    ),
    CheckConstraint("(outcome IS NULL) = (decided_at IS NULL)", name="decided_at_some_time"),
    Index(
        "uq_approval_pending",
        "kind",
        "target",
        unique=True,
        sqlite_where=text("outcome IS NULL"),
    ),
)
