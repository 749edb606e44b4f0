"""Messages and their parts, batches, and what makes a request count once."""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    text,
)

from gateway.model import CancelReason, HoldReason, Status
from gateway.store.schema.base import Instant, key, metadata, one_of

batch = Table(
    "batch",
    metadata,
    key(),
    Column("person_id", Text, nullable=False),
    Column("key_id", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("accepted", Integer, nullable=False),
    Column("refused", Integer, nullable=False),
    Column("approver_id", Text),
    Column("created_at", Instant, nullable=False),
    one_of("status", ("accepting", "held", "released", "cancelled")),
    CheckConstraint("approver_id IS NULL OR approver_id <> person_id", name="sender_is_never_approver"),
)

message = Table(
    "message",
    metadata,
    key(),
    Column("batch_id", Text, index=True),
    Column("kind", Text, nullable=False),
    Column("person_id", Text),
    Column("key_id", Text),
    Column("reference", Text),
    Column("number_index", LargeBinary, nullable=False, index=True),
    Column("number_sealed", LargeBinary, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("template_id", Text),
    Column("body_sealed", LargeBinary, nullable=False),
    Column("alphabet", Text, nullable=False),
    Column("parts", Integer, nullable=False),
    Column("test", Boolean, nullable=False),  # made with a test key: never reaches a radio
    Column("on_doubt", Text, nullable=False),
    Column("concat_reference", Integer),
    Column("status", Text, nullable=False),
    Column("hold_reason", Text),
    Column("cancel_reason", Text),
    Column("not_before", Instant),
    Column("expires_at", Instant, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    one_of("status", Status),
    one_of("hold_reason", HoldReason),
    one_of("cancel_reason", CancelReason),
    Index("ix_message_reference", "person_id", "reference", "id"),
    Index("ix_message_person", "person_id", "id"),
    Index("ix_message_purpose", "person_id", "purpose", "id"),
    Index("ix_message_status", "status", "id"),
    Index(
        "ix_message_quiet",  # waits for a window to open
        "not_before",
        sqlite_where=text("hold_reason = 'quiet_hours'"),
    ),
)

OPEN_ENDED: Final = "status IN ('sending', 'uncertain')"
"""Of the partial index; a query that does not say it in these words is answered by a scan of all parts."""

part = Table(
    "part",
    metadata,
    Column("message_id", ForeignKey("message.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("number_index", LargeBinary, nullable=False),
    Column("priority", Integer, nullable=False),  # the lowest goes first
    Column("status", Text, nullable=False),
    Column("not_before", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("gateway", Text),
    Column("modem", Text),
    Column("sim", Text),
    Column("mr", Integer),  # TP-Message-Reference of the last hand-off
    Column("claimed_at", Instant),
    Column("claim_order", BigInteger),  # of its modem's claims, within one run of the machine
    Column("sent_at", Instant),
    Column("final_at", Instant),
    Column("tp_status", Integer),
    Column("cause", Text),
    Column("wording", Text),  # keyed digest, of the first part of what counts for its recipient
    Column("lane", Text, nullable=False, server_default=""),  # how the number begins, where a rule says so
    one_of("status", Status),
    Index(
        "ix_part_queue",
        "lane",
        "priority",
        "message_id",
        "number",
        sqlite_where=text("status = 'queued'"),
    ),
    Index(
        "ix_part_waiting",
        "number_index",
        sqlite_where=text("status IN ('queued', 'scheduled', 'held')"),
    ),
    Index(
        "ix_part_scheduled",
        "not_before",
        sqlite_where=text("status = 'scheduled'"),
    ),
    Index(
        "ix_part_expiry",
        "expires_at",
        sqlite_where=text("status IN ('queued', 'scheduled', 'held')"),
    ),
    Index(
        "ix_part_in_doubt",
        "status",
        sqlite_where=text("status IN ('sending', 'uncertain')"),
    ),
    Index(
        "ix_part_reported",  # a status report finds its part
        "sim",
        "mr",
        "number_index",
        sqlite_where=text("mr IS NOT NULL"),
    ),
    Index(
        "ix_part_recent",  # what a recipient got lately
        "number_index",
        "not_before",
        sqlite_where=text("wording IS NOT NULL"),
    ),
    Index(
        "ix_part_claimed",  # what a SIM was given lately
        "sim",
        "claimed_at",
        sqlite_where=text("sim IS NOT NULL"),
    ),
)

idempotency = Table(
    "idempotency",
    metadata,
    Column("key_id", Text, primary_key=True),
    Column("idempotency_key", Text, primary_key=True),
    Column("request_hash", LargeBinary, nullable=False),
    Column("response", JSON, nullable=False),
    Column("created_at", Instant, nullable=False),
)

reference = Table(  # a caller's own name for a message is used once (by one key)
    "reference",
    metadata,
    Column("key_id", Text, primary_key=True),
    Column("reference", Text, primary_key=True),
    Column("request_hash", LargeBinary, nullable=False),
    Column("response", JSON, nullable=False),
)
