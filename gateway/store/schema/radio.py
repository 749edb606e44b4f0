"""What a modem and a SIM must remember."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    LargeBinary,
    Table,
    Text,
)

from gateway.store.schema.base import Instant, metadata

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
