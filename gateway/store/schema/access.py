"""People, their roles and keys."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Column,
    ForeignKey,
    Integer,
    LargeBinary,
    Table,
    Text,
)

from gateway.store.schema.base import Instant, key, metadata, one_of

person = Table(
    "person",
    metadata,
    key(),
    Column("handle", Text, nullable=False, unique=True),
    Column("name_sealed", LargeBinary, nullable=False),
    Column("status", Text, nullable=False),
    Column("acknowledged_version", Text),  # of the policy (9.2)
    Column("acknowledged_at", Instant),
    Column("created_at", Instant, nullable=False),
    one_of("status", ("active", "suspended")),
)

role = Table(
    "role",
    metadata,
    Column("person_id", ForeignKey("person.id"), primary_key=True),
    Column("role", Text, primary_key=True),
    Column("granted_by", Text, nullable=False),
    Column("granted_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
)

api_key = Table(
    "api_key",
    metadata,
    key(),
    Column("person_id", ForeignKey("person.id"), nullable=False, index=True),
    Column("kind", Text, nullable=False),
    Column("label", Text, nullable=False),
    Column("secret_hash", LargeBinary, nullable=False),
    Column("scopes", JSON, nullable=False),
    Column("purposes", JSON),  # null: every permitted purpose
    Column("templates", JSON),  # null: every approved template
    Column("networks", JSON),  # null: from anywhere
    Column("per_minute", Integer),  # recipients; null: no cap of its own
    Column("daily", Integer),  # likewise
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("revoked_at", Instant),
    one_of("kind", ("live", "team", "test")),
)
