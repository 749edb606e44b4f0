"""Webhook endpoints and their deliveries."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from gateway.store.schema.base import Instant, key, metadata, one_of

endpoint = Table(  # where webhooks go
    "endpoint",
    metadata,
    key(),
    Column("person_id", ForeignKey("person.id"), nullable=False, index=True),
    Column("url_sealed", LargeBinary, nullable=False),
    Column("description", Text, nullable=False),
    Column("types", JSON, nullable=False),
    Column("with_text", Boolean, nullable=False),  # of what came in (4.2)
    Column("secret_sealed", LargeBinary, nullable=False),
    Column("old_secret_sealed", LargeBinary),
    Column("old_secret_until", Instant),
    Column("status", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("cursor", BigInteger, nullable=False),  # events up to this one were tried at least once
    Column("created_at", Instant, nullable=False),
    one_of("status", ("active", "disabled")),
)

delivery = Table(  # an event and an endpoint: from the first try on
    "delivery",
    metadata,
    key(),
    Column("endpoint_id", ForeignKey("endpoint.id", ondelete="CASCADE"), nullable=False),
    Column("event_seq", BigInteger, nullable=False),
    Column("status", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("first_at", Instant, nullable=False),
    Column("last_at", Instant, nullable=False),
    Column("next_at", Instant),
    Column("answer", Text, nullable=False),  # HTTP status, or why there was none
    one_of("status", ("delivered", "retrying", "failed")),
    UniqueConstraint("endpoint_id", "event_seq"),
    Index(
        "ix_delivery_due",
        "endpoint_id",
        "next_at",
        sqlite_where=text("status = 'retrying'"),
    ),
)
