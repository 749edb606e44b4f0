"""Templates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from policy.verdict import Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateRequest:
    """A new version of a template; it sends nothing until another person approves it (3.3)."""

    name: str
    purpose: str
    body: str
    slots: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    language: str = "en"
    urgent: bool = False
    on_doubt: str = "ask"


@dataclass(frozen=True, slots=True)
class TemplatePreview:
    """A version's text with values, as it would be sent."""

    text: str
    characters: int
    parts: int
    alphabet: str
    units: int  # septets or UTF-16 units
    forced_by: str | None  # the first character that forces UCS-2
    reasons: tuple[Reason, ...]  # why it may not be sent so


@dataclass(frozen=True, slots=True)
class TemplateView:
    """One version of a template."""

    id: str
    name: str
    version: int
    language: str
    purpose: str
    body: str
    slots: Mapping[str, Mapping[str, Any]]
    urgent: bool
    on_doubt: str
    status: str
    author: str
    approver: str | None
    created_at: datetime
    approved_at: datetime | None
    expires_at: datetime | None
