"""What came in, and what was answered by itself."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    text,
)

from gateway.store.schema.base import Instant, key, metadata, one_of

# Every PDU that a modem gave us, as it came. Nothing is freed on a SIM before its row is here.
inbound = Table(
    "inbound",
    metadata,
    key(),
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
    one_of("kind", ("pending", "text", "part", "report", "parked", "binary", "silent", "quarantine")),
    Index(
        "ix_inbound_open",
        "kind",
        sqlite_where=text("kind IN ('pending', 'part', 'parked')"),
    ),
)

inbox = Table(
    "inbox",
    metadata,
    key(),
    Column("number_index", LargeBinary, nullable=False, index=True),
    Column("number_sealed", LargeBinary, nullable=False),
    Column("text_sealed", LargeBinary, nullable=False),
    Column("tier", Text, nullable=False),
    Column("complete", Boolean, nullable=False),
    Column("modem", Text, nullable=False),
    Column("sent_at", Instant),  # the SMSC's time stamp
    Column("received_at", Instant, nullable=False),
    one_of("tier", ("act", "hold", "start", "help", "inbox")),
)

auto_reply = Table(  # the loop guard: at most 1 an hour and 3 a day to one number (6.2)
    "auto_reply",
    metadata,
    Column("message_id", Text, primary_key=True),
    Column("number_index", LargeBinary, nullable=False),
    Column("at", Instant, nullable=False),
    Index(None, "number_index", "at"),
)
