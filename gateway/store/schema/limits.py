"""What the limits count, and the days that quiet hours are about."""

from __future__ import annotations

from sqlalchemy import Column, Integer, Table, Text

from gateway.store.schema.base import Instant, metadata

usage = Table(  # how much a key or a person has sent in the minute or on the day that began at `since`
    "usage",
    metadata,
    Column("holder", Text, primary_key=True),  # the id of a key or a person
    Column("span", Text, primary_key=True),  # minute | day
    Column("since", Instant, nullable=False),
    Column("used", Integer, nullable=False),
)

bank_holiday = Table(
    "bank_holiday",
    metadata,
    Column("division", Text, primary_key=True),
    Column("day", Text, primary_key=True),  # as 2026-12-25
    Column("name", Text, nullable=False),
)
