"""What came in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class InboxView:
    """A message that came in."""

    id: str
    sender: str
    text: str
    tier: str
    complete: bool
    modem: str
    sent_at: datetime | None
    received_at: datetime


@dataclass(frozen=True, slots=True)
class QuarantineView:
    """A PDU that could not be decoded: kept as it came."""

    id: str
    pdu: str
    detail: str
    modem: str
    received_at: datetime
