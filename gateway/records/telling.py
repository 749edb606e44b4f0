"""Webhook endpoints and their deliveries."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointRequest:
    """Where a caller wants to be told of events, and of which."""

    url: str
    types: tuple[str, ...]  # such as message.delivered, message.* or *
    with_text: bool = False  # of what came in, and from whom (4.2)
    description: str = ""


@dataclass(frozen=True, slots=True)
class EndpointView:
    """An endpoint, without its secret. A disabled one said that it is gone (410)."""

    id: str
    url: str
    description: str
    types: tuple[str, ...]
    with_text: bool
    status: str  # active | disabled
    version: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class DeliveryView:
    """What became of one event at one endpoint."""

    id: str
    event_seq: int
    event_id: str | None  # as the endpoint was given it; None once the event is removed
    type: str | None
    status: str  # delivered | retrying | failed (given up after two days)
    attempts: int
    first_at: datetime
    last_at: datetime
    next_at: datetime | None
    answer: str  # the HTTP status, or why there was none
