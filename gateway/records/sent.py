"""What became of what was accepted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gateway.model import CancelReason, HoldReason, Status


@dataclass(frozen=True, slots=True)
class BatchView:
    """A batch and how far it is."""

    id: str
    status: str
    accepted: int
    refused: int
    created_at: datetime
    messages: Mapping[Status, int]


@dataclass(frozen=True, slots=True)
class PartView:
    """One part of a message on the radio."""

    number: int
    status: Status
    modem: str | None
    mr: int | None
    attempts: int
    sent_at: datetime | None
    final_at: datetime | None
    tp_status: int | None
    cause: str | None


@dataclass(frozen=True, slots=True)
class MessageView:
    """A message as its sender may see it."""

    id: str
    status: Status
    hold_reason: HoldReason | None
    cancel_reason: CancelReason | None
    to: str
    purpose: str
    template: str | None
    template_id: str | None
    text: str
    reference: str | None
    batch_id: str | None
    created_at: datetime
    updated_at: datetime
    not_before: datetime | None
    expires_at: datetime
    parts: tuple[PartView, ...]


@dataclass(frozen=True, slots=True)
class AuditView:
    """One decision, as the audit log has it: who, what, by which clauses, on which facts."""

    seq: int
    at: datetime
    actor: str
    action: str
    outcome: str
    clauses: tuple[str, ...]
    detail: Mapping[str, Any]
