"""The tables. Personal data is in `*_sealed` columns only; numbers are found by `number_index`.

Everything that counts or refers on the radio is keyed by gateway, modem and SIM, so that several
gateways can share one store.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)

from gateway.model import CancelReason, HoldReason, Status
from gateway.store.guards import guard

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


class Instant(TypeDecorator[datetime]):
    """An aware instant, kept as microseconds since 1970-01-01 UTC."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002
        """Return the number that is stored."""
        return None if value is None else (value - _EPOCH) // _MICROSECOND

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Return the instant that was stored, in UTC."""
        return None if value is None else _EPOCH + timedelta(microseconds=value)


def _one_of(column: str, values: Iterable[str]) -> CheckConstraint:
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=column)


def _id() -> Column[str]:
    return Column("id", Text, primary_key=True)


person = Table(
    "person",
    metadata,
    _id(),
    Column("handle", Text, nullable=False, unique=True),
    Column("name_sealed", LargeBinary, nullable=False),
    Column("status", Text, nullable=False),
    Column("acknowledged_version", Text),  # of the policy (9.2)
    Column("acknowledged_at", Instant),
    Column("created_at", Instant, nullable=False),
    _one_of("status", ("active", "suspended")),
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
    _id(),
    Column("person_id", ForeignKey("person.id"), nullable=False, index=True),
    Column("kind", Text, nullable=False),
    Column("label", Text, nullable=False),
    Column("secret_hash", LargeBinary, nullable=False),
    Column("scopes", JSON, nullable=False),
    Column("purposes", JSON),  # null: every permitted purpose
    Column("templates", JSON),  # null: every approved template
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("revoked_at", Instant),
    _one_of("kind", ("live", "team", "test")),
)

template = Table(
    "template",
    metadata,
    _id(),
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
    _one_of("status", ("draft", "approved", "retired")),
    _one_of("on_doubt", ("ask", "resend")),
    CheckConstraint("approver_id IS NULL OR approver_id <> author_id", name="author_is_never_approver"),
    CheckConstraint("status <> 'approved' OR approver_id IS NOT NULL", name="approved_by_a_person"),
)

consent = Table(
    "consent",
    metadata,
    _id(),
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
    _id(),
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
    _id(),
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

batch = Table(
    "batch",
    metadata,
    _id(),
    Column("person_id", Text, nullable=False),
    Column("key_id", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("accepted", Integer, nullable=False),
    Column("refused", Integer, nullable=False),
    Column("approver_id", Text),
    Column("created_at", Instant, nullable=False),
    _one_of("status", ("accepting", "held", "released", "cancelled")),
    CheckConstraint("approver_id IS NULL OR approver_id <> person_id", name="sender_is_never_approver"),
)

message = Table(
    "message",
    metadata,
    _id(),
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
    _one_of("status", Status),
    _one_of("hold_reason", HoldReason),
    _one_of("cancel_reason", CancelReason),
    Index("ix_message_reference", "person_id", "reference", "id"),
    Index("ix_message_person", "person_id", "id"),
    Index("ix_message_status", "status", "id"),
)

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
    _one_of("status", Status),
    Index(
        "ix_part_queue",
        "priority",
        "message_id",
        "number",
        sqlite_where=text("status = 'queued'"),
        postgresql_where=text("status = 'queued'"),
    ),
    Index(
        "ix_part_waiting",
        "number_index",
        sqlite_where=text("status IN ('queued', 'scheduled', 'held')"),
        postgresql_where=text("status IN ('queued', 'scheduled', 'held')"),
    ),
    Index(
        "ix_part_scheduled",
        "not_before",
        sqlite_where=text("status = 'scheduled'"),
        postgresql_where=text("status = 'scheduled'"),
    ),
    Index(
        "ix_part_expiry",
        "expires_at",
        sqlite_where=text("status IN ('queued', 'scheduled', 'held')"),
        postgresql_where=text("status IN ('queued', 'scheduled', 'held')"),
    ),
    Index(
        "ix_part_in_doubt",
        "status",
        sqlite_where=text("status IN ('sending', 'uncertain')"),
        postgresql_where=text("status IN ('sending', 'uncertain')"),
    ),
    Index(
        "ix_part_reported",  # a status report finds its part
        "sim",
        "mr",
        "number_index",
        sqlite_where=text("mr IS NOT NULL"),
        postgresql_where=text("mr IS NOT NULL"),
    ),
)

# Every PDU that a modem gave us, as it came. Nothing is freed on a SIM before its row is here.
inbound = Table(
    "inbound",
    metadata,
    _id(),
    Column("fingerprint", LargeBinary, nullable=False, index=True),
    Column("pdu_sealed", LargeBinary, nullable=False),
    Column("gateway", Text, nullable=False),
    Column("modem", Text, nullable=False),
    Column("sim", Text),
    Column("route", Text, nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("kind", Text, nullable=False),
    Column("detail", Text),  # why it is in quarantine
    Column("number_index", LargeBinary),
    Column("scts", Instant),
    Column("mr", Integer),
    Column("tp_status", Integer),
    Column("concat_reference", Integer),
    Column("concat_total", Integer),
    Column("concat_number", Integer),
    Column("concat_wide", Boolean),
    Column("inbox_id", Text, index=True),
    _one_of("kind", ("pending", "text", "part", "report", "parked", "binary", "silent", "quarantine")),
    Index(
        "ix_inbound_open",
        "kind",
        sqlite_where=text("kind IN ('pending', 'part', 'parked')"),
        postgresql_where=text("kind IN ('pending', 'part', 'parked')"),
    ),
)

inbox = Table(
    "inbox",
    metadata,
    _id(),
    Column("number_index", LargeBinary, nullable=False, index=True),
    Column("number_sealed", LargeBinary, nullable=False),
    Column("text_sealed", LargeBinary, nullable=False),
    Column("tier", Text, nullable=False),
    Column("complete", Boolean, nullable=False),
    Column("modem", Text, nullable=False),
    Column("sent_at", Instant),  # the SMSC's time stamp
    Column("received_at", Instant, nullable=False),
    _one_of("tier", ("act", "hold", "start", "help", "inbox")),
)

auto_reply = Table(  # the loop guard: at most 1 an hour and 3 a day to one number (6.2)
    "auto_reply",
    metadata,
    Column("message_id", Text, primary_key=True),
    Column("number_index", LargeBinary, nullable=False),
    Column("at", Instant, nullable=False),
    Index(None, "number_index", "at"),
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

counter = Table(
    "counter",
    metadata,
    Column("gateway", Text, primary_key=True),
    Column("modem", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("value", BigInteger, nullable=False),
)

pin_attempt = Table(
    "pin_attempt",
    metadata,
    Column("sim", Text, primary_key=True),
    Column("pin_hash", LargeBinary, primary_key=True),
    Column("at", Instant, nullable=False),
)

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

endpoint = Table(  # where webhooks go
    "endpoint",
    metadata,
    _id(),
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
    _one_of("status", ("active", "disabled")),
)

delivery = Table(  # an event and an endpoint: from the first try on
    "delivery",
    metadata,
    _id(),
    Column("endpoint_id", ForeignKey("endpoint.id", ondelete="CASCADE"), nullable=False),
    Column("event_seq", BigInteger, nullable=False),
    Column("status", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("first_at", Instant, nullable=False),
    Column("last_at", Instant, nullable=False),
    Column("next_at", Instant),
    Column("answer", Text, nullable=False),  # HTTP status, or why there was none
    _one_of("status", ("delivered", "retrying", "failed")),
    UniqueConstraint("endpoint_id", "event_seq"),
    Index(
        "ix_delivery_due",
        "endpoint_id",
        "next_at",
        sqlite_where=text("status = 'retrying'"),
        postgresql_where=text("status = 'retrying'"),
    ),
)

reference = Table(  # a caller's own name for a message is used once (by one key)
    "reference",
    metadata,
    Column("key_id", Text, primary_key=True),
    Column("reference", Text, primary_key=True),
    Column("request_hash", LargeBinary, nullable=False),
    Column("response", JSON, nullable=False),
)
