"""The audit log, and the events that callers are told."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
)

from gateway.store.guards import guard
from gateway.store.schema.base import Instant, metadata

audit = Table(
    "audit",
    metadata,
    Column("seq", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("at", Instant, nullable=False),
    Column("actor", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("clauses", JSON, nullable=False),
    Column("detail", JSON, nullable=False),  # never personal data
    Column("prev", LargeBinary, nullable=False),  # hash of the entry before
    Column("hash", LargeBinary, nullable=False),
    Index(None, "target"),
)

guard(audit)

# What callers are told: ids, types and codes. What a message or a reply says stays in its own table.
event = Table(
    "event",
    metadata,
    Column("seq", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("at", Instant, nullable=False),
    Column("type", Text, nullable=False),
    Column("subject", Text, nullable=False),  # the id of what it happened to
    Column("person_id", Text),  # whose it is, where it is one person's
    Column("detail", Text),  # a code, such as the reason of a cancellation
    Index(None, "subject", "seq"),
    sqlite_autoincrement=True,
)
