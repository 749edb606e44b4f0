"""How the gateway is doing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Lane:
    """One modem's share of the work."""

    modem: str
    ready: bool
    seconds_per_part: float | None  # measured; None before its first part
    paused_until: datetime | None = None  # its SIM has reached a cap


@dataclass(frozen=True, slots=True)
class Forecast:
    """How long sending will take."""

    queue: int  # parts that wait
    parts: int  # that would be added
    seconds: float | None  # until all is sent; None without a measured rate
    done_at: datetime | None
    parts_per_minute: float | None
    modems: tuple[Lane, ...]


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether the gateway can do its job now, and if not, why."""

    ready: bool
    reasons: tuple[str, ...]
    notices: tuple[str, ...] = ()  # what waits for people
