"""Templates, and the words that texts are judged by."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from gateway.store.schema.base import Instant, key, metadata, one_of

template = Table(
    "template",
    metadata,
    key(),
    Column("name", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("language", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("slots", JSON, nullable=False),
    Column("urgent", Boolean, nullable=False),
    Column("on_doubt", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("author_id", ForeignKey("person.id"), nullable=False),
    Column("approver_id", ForeignKey("person.id")),
    Column("created_at", Instant, nullable=False),
    Column("approved_at", Instant),
    Column("expires_at", Instant),
    Column("retired_at", Instant),
    UniqueConstraint("name", "language", "version"),
    one_of("status", ("draft", "approved", "retired")),
    one_of("on_doubt", ("ask", "resend")),
    CheckConstraint("approver_id IS NULL OR approver_id <> author_id", name="author_is_never_approver"),
    CheckConstraint("status <> 'approved' OR approver_id IS NOT NULL", name="approved_by_a_person"),
)

lexicon = Table(  # what the organisation changed of the shipped words, as a TOML document
    "lexicon",
    metadata,
    key(),
    Column("version", Integer, nullable=False, unique=True),
    Column("document", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("author_id", ForeignKey("person.id"), nullable=False),
    Column("approver_id", ForeignKey("person.id")),
    Column("created_at", Instant, nullable=False),
    Column("published_at", Instant),
    Column("ended_at", Instant),
    one_of("status", ("draft", "published", "retired", "refused")),
    CheckConstraint("approver_id IS NULL OR approver_id <> author_id", name="author_is_never_approver"),
    CheckConstraint("status <> 'published' OR approver_id IS NOT NULL", name="published_by_a_person"),
    Index(
        "uq_lexicon_published",
        "status",
        unique=True,
        sqlite_where=text("status = 'published'"),
    ),
)
