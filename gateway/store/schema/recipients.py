"""Consents and how they came about; opt-outs, holds and doubts about a number."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Column,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from gateway.store.schema.base import Instant, key, metadata, one_of

consent = Table(
    "consent",
    metadata,
    key(),
    Column("number_index", LargeBinary, nullable=False),
    Column("number_sealed", LargeBinary, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("method", Text, nullable=False),
    Column("wording", Text, nullable=False),
    Column("wording_id", Text),  # of its version on record, where the name is one
    Column("evidence_sealed", LargeBinary, nullable=False),
    Column("recorded_by", Text, nullable=False),
    Column("given_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("withdrawn_at", Instant),
    Column("withdrawn_by", Text),
    Column("created_at", Instant, nullable=False),
    Index(None, "number_index", "purpose"),
)

# What people were shown when they agreed. A version never changes (4.1).
wording = Table(
    "wording",
    metadata,
    key(),
    Column("name", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("text", Text, nullable=False),
    Column("text_hash", Text, nullable=False),  # SHA-256 of the text in UTF-8, hexadecimal
    Column("recorded_by", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    UniqueConstraint("name", "version"),
)

# A person asked by form to be texted; a reply of theirs makes it a consent.
opt_in = Table(
    "opt_in",
    metadata,
    key(),
    Column("number_index", LargeBinary, nullable=False),
    Column("number_sealed", LargeBinary, nullable=False),
    Column("purposes", JSON, nullable=False),
    Column("method", Text, nullable=False),
    Column("wording", Text, nullable=False),
    Column("wording_id", Text),
    Column("evidence_sealed", LargeBinary, nullable=False),
    Column("recorded_by", Text, nullable=False),
    Column("asked_at", Instant, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("message_id", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("ended_at", Instant),
    Column("inbox_id", Text),
    one_of("status", ("waiting", "confirmed", "lapsed")),
    Index(
        "uq_opt_in_waiting",
        "number_index",
        unique=True,
        sqlite_where=text("status = 'waiting'"),
    ),
)

# A number that seems to be dead or somebody else's (4.3); `failures` says how often in a row.
suspect_number = Table(
    "suspect_number",
    metadata,
    key(),
    Column("number_index", LargeBinary, nullable=False),
    Column("reason", Text, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("source", Text, nullable=False),  # the message or reply that showed it
    Column("since", Instant, nullable=False),
    Column("verified_at", Instant),
    Column("verified_by", Text),
    Column("evidence_sealed", LargeBinary),
    one_of("reason", ("failures", "wrong_number", "staff")),
    Index(
        "uq_suspect_number_open",
        "number_index",
        unique=True,
        sqlite_where=text("verified_at IS NULL"),
    ),
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
    ),
)

recipient_hold = Table(
    "recipient_hold",
    metadata,
    key(),
    Column("number_index", LargeBinary, nullable=False),
    Column("inbox_id", Text, nullable=False),
    # refusal | fragment (the rest of a text has not come) | appointment (which an opt-out may have meant)
    Column("kind", Text, nullable=False, server_default="refusal"),
    Column("since", Instant, nullable=False),
    Column("resolved_at", Instant),
    Column("resolved_by", Text),
    Column("outcome", Text),
    Index(
        "ix_recipient_hold_open",
        "number_index",
        sqlite_where=text("resolved_at IS NULL"),
    ),
)
