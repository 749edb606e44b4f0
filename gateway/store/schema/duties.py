"""Duties towards people: what must be answered by a day, and what must not be erased (1.2)."""

from __future__ import annotations

from sqlalchemy import Column, Index, LargeBinary, Table, Text, text

from gateway.store.schema.base import Instant, key, metadata, one_of

# No number: who it is about is in the sealed note, so that an erasure request outlives its erasure.
incident = Table(
    "incident",
    metadata,
    key(),
    Column("kind", Text, nullable=False),
    Column("note_sealed", LargeBinary, nullable=False),
    Column("known_at", Instant, nullable=False),  # when the clock began
    Column("due_at", Instant, nullable=False),
    Column("opened_by", Text, nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("closed_by", Text),
    Column("closed_at", Instant),
    Column("outcome_sealed", LargeBinary),
    Column("told_overdue_at", Instant),
    one_of("kind", ("access", "complaint", "breach")),
    Index(
        "ix_incident_open",
        "due_at",
        sqlite_where=text("closed_at IS NULL"),
    ),
)

legal_hold = Table(
    "legal_hold",
    metadata,
    key(),
    Column("number_index", LargeBinary, nullable=False),
    Column("number_sealed", LargeBinary, nullable=False),
    Column("reason_sealed", LargeBinary, nullable=False),
    Column("placed_by", Text, nullable=False),
    Column("placed_at", Instant, nullable=False),
    Column("lifted_by", Text),
    Column("lifted_at", Instant),
    Index(
        "uq_legal_hold_active",
        "number_index",
        unique=True,
        sqlite_where=text("lifted_at IS NULL"),
    ),
)
