"""Consents, opt-outs and holds of a number."""

from __future__ import annotations

from sqlalchemy import (
    Column,
    Index,
    LargeBinary,
    Table,
    Text,
    text,
)

from gateway.store.schema.base import Instant, key, metadata

consent = Table(
    "consent",
    metadata,
    key(),
    Column("number_index", LargeBinary, nullable=False),
    Column("number_sealed", LargeBinary, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("method", Text, nullable=False),
    Column("wording", Text, nullable=False),
    Column("evidence_sealed", LargeBinary, nullable=False),
    Column("recorded_by", Text, nullable=False),
    Column("given_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("withdrawn_at", Instant),
    Column("withdrawn_by", Text),
    Column("created_at", Instant, nullable=False),
    Index(None, "number_index", "purpose"),
)

# No foreign key to anything: it outlives the erasure of all else (6.2).
suppression = Table(
    "suppression",
    metadata,
    key(),
    Column("number_index", LargeBinary, nullable=False),
    Column("topic", Text, nullable=False),  # '' = every purpose
    Column("source", Text, nullable=False),  # sms | staff | import
    Column("made_by", Text, nullable=False),
    Column("since", Instant, nullable=False),
    Column("lifted_at", Instant),
    Column("lifted_by", Text),
    Index(
        "uq_suppression_active",
        "number_index",
        "topic",
        unique=True,
        sqlite_where=text("lifted_at IS NULL"),
        postgresql_where=text("lifted_at IS NULL"),
    ),
)

recipient_hold = Table(
    "recipient_hold",
    metadata,
    key(),
    Column("number_index", LargeBinary, nullable=False),
    Column("inbox_id", Text, nullable=False),
    Column("since", Instant, nullable=False),
    Column("resolved_at", Instant),
    Column("resolved_by", Text),
    Column("outcome", Text),
    Index(
        "ix_recipient_hold_open",
        "number_index",
        sqlite_where=text("resolved_at IS NULL"),
        postgresql_where=text("resolved_at IS NULL"),
    ),
)
