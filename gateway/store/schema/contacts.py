"""Contacts, and the groups that a batch may go to."""

from __future__ import annotations

from sqlalchemy import JSON, Column, ForeignKey, Integer, LargeBinary, Table, Text, UniqueConstraint

from gateway.store.schema.base import Instant, key, metadata

contact = Table(
    "contact",
    metadata,
    key(),
    Column("number_index", LargeBinary, nullable=False, index=True),
    Column("number_sealed", LargeBinary, nullable=False),
    Column("name_index", LargeBinary, nullable=False),
    Column("name_sealed", LargeBinary, nullable=False),
    Column("language", Text),  # None: not known
    Column("labels", JSON, nullable=False),
    Column("version", Integer, nullable=False),
    Column("recorded_by", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    UniqueConstraint("number_index", "name_index"),  # one number, several contacts; none of them twice
)

contact_group = Table(
    "contact_group",
    metadata,
    key(),
    Column("name", Text, nullable=False, unique=True),
    Column("label", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("recorded_by", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
)

membership = Table(  # with the number's index, by which it is exported, erased and pruned
    "membership",
    metadata,
    Column("group_id", ForeignKey("contact_group.id", ondelete="CASCADE"), primary_key=True),
    Column("contact_id", ForeignKey("contact.id", ondelete="CASCADE"), primary_key=True, index=True),
    Column("number_index", LargeBinary, nullable=False, index=True),
    Column("added_by", Text, nullable=False),
    Column("added_at", Instant, nullable=False),
)
