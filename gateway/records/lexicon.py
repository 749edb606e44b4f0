"""The organisation's own words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class LexiconView:
    """One version of them. Before the first is published, version 0 is an empty document."""

    id: str | None
    version: int
    document: str  # TOML
    status: str  # draft | published | retired | refused
    author: str | None
    approver: str | None
    created_at: datetime | None
    published_at: datetime | None
    ended_at: datetime | None
