"""The policy document and what people owe it: acknowledgement, training, and the answer for violations."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    text,
)

from gateway.store.schema.base import Instant, key, metadata, one_of

OUTCOMES = ("no_breach", "coaching", "retraining", "warning", "hr_referral")

# Every time that all sending was suspended; the one without an end is in force (8.1).
sending_stop = Table(
    "sending_stop",
    metadata,
    key(),
    Column("since", Instant, nullable=False),
    Column("made_by", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("ended_at", Instant),
    Column("ended_by_id", ForeignKey("person.id")),
    Column("ended_why", Text),
    CheckConstraint("ended_at IS NULL OR ended_by_id IS NOT NULL", name="ended_by_a_person"),
)

# The organisation's own text. A version never changes; its status does.
policy_version = Table(
    "policy_version",
    metadata,
    key(),
    Column("version", Text, nullable=False, unique=True),
    Column("text", Text, nullable=False),
    Column("text_hash", Text, nullable=False),  # SHA-256 of the text in UTF-8, hex
    Column("effective", Date, nullable=False),
    Column("last_reviewed", Date, nullable=False),
    Column("authorised_by", Text, nullable=False),
    Column("material", Boolean, nullable=False),  # everybody must acknowledge it anew (9.2)
    Column("status", Text, nullable=False),
    Column("author_id", ForeignKey("person.id"), nullable=False),
    Column("imported_at", Instant, nullable=False),
    Column("publisher_id", ForeignKey("person.id")),
    Column("published_at", Instant),
    one_of("status", ("draft", "published", "replaced")),
    CheckConstraint("publisher_id IS NULL OR publisher_id <> author_id", name="author_is_never_publisher"),
    CheckConstraint("status = 'draft' OR publisher_id IS NOT NULL", name="published_by_a_person"),
)

policy_review = Table(
    "policy_review",
    metadata,
    key(),
    Column("version", Text, nullable=False),
    Column("reviewed_on", Date, nullable=False),
    Column("person_id", ForeignKey("person.id"), nullable=False),
    Column("note", Text, nullable=False),
    Column("recorded_at", Instant, nullable=False),
)

# What a person was shown and agreed to, word for word; the whole text is that of the version (9.2).
acknowledgement = Table(
    "acknowledgement",
    metadata,
    key(),
    Column("person_id", ForeignKey("person.id"), nullable=False, index=True),
    Column("version", Text, nullable=False),
    Column("statement", Text, nullable=False),
    Column("statement_hash", Text, nullable=False),  # SHA-256 of the statement in UTF-8, hex
    Column("text_hash", Text),  # null: no text had been imported
    Column("method", Text, nullable=False),
    Column("recorded_by", Text, nullable=False),
    Column("at", Instant, nullable=False),
    one_of("method", ("api", "command", "paper")),
)

# What of it the policy asks before every message: one row for each person that has any of it.
standing = Table(
    "standing",
    metadata,
    Column("person_id", ForeignKey("person.id"), primary_key=True),
    Column("sending_suspended_at", Instant),  # until somebody else has decided (8.2)
    Column("trained_until", Instant),
    Column("number_sealed", LargeBinary),  # where the person is told of the policy
)

training = Table(
    "training",
    metadata,
    key(),
    Column("person_id", ForeignKey("person.id"), nullable=False, index=True),
    Column("course", Text, nullable=False),
    Column("completed_on", Date, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("recorded_by", Text, nullable=False),
    Column("recorded_at", Instant, nullable=False),
)

# A submission that the policy refused on a clause that counts (8.2); what it contained is not kept.
violation = Table(
    "violation",
    metadata,
    key(),
    Column("person_id", ForeignKey("person.id"), nullable=False),
    Column("key_id", Text, nullable=False),
    Column("target", Text, nullable=False),  # the message or the batch
    Column("clauses", JSON, nullable=False),
    Column("codes", JSON, nullable=False),
    Column("recipients", Integer, nullable=False),  # for how many of them it was refused
    Column("at", Instant, nullable=False),
    Column("outcome", Text),
    Column("decided_by_id", ForeignKey("person.id")),
    Column("decided_at", Instant),
    Column("note", Text),
    one_of("outcome", OUTCOMES),
    CheckConstraint("decided_by_id IS NULL OR decided_by_id <> person_id", name="nobody_judges_themselves"),
    CheckConstraint("(outcome IS NULL) = (decided_by_id IS NULL)", name="decided_by_a_person"),
    Index(
        "ix_violation_open",
        "person_id",
        "at",
        sqlite_where=text("outcome IS NULL"),
    ),
)
