"""Bodies about the gateway itself."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from api.schema.base import Output
from gateway.model import ModemPhase


class Modem(Output):
    """A snapshot of one modem."""

    name: str
    port: str
    phase: ModemPhase
    since: datetime
    detail: str = Field(description="What is wrong and what to do; empty while nothing is.")
    manufacturer: str
    model: str
    firmware: str
    imei: str
    imsi: str
    iccid: str
    operator: str
    registration: str
    signal_dbm: int | None
    storage_used: int | None
    storage_total: int | None
    notifications: str
    failures: int = Field(description="Links lost since the start.")


class Alive(Output):
    """The process answers."""

    status: str


class Ready(Output):
    """Whether the gateway can do its job now, and if not, why."""

    ready: bool
    reasons: tuple[str, ...]
