"""The fields of `ModemState` that the layers below report as they learn them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol, TypedDict, Unpack

from gateway.model import ModemPhase


class Facts(TypedDict, total=False):
    """Some fields of `gateway.model.ModemState`."""

    port: str
    second_port: str
    phase: ModemPhase
    detail: str
    takes_nothing: bool
    manufacturer: str
    model: str
    firmware: str
    imei: str
    imsi: str
    iccid: str
    operator: str
    technology: str
    registration: str
    signal_dbm: int | None
    storage_used: int | None
    storage_total: int | None
    notifications: str
    signals: tuple[tuple[datetime, int], ...]
    network_losses: int
    strange_lines: int
    credit: float | None
    credit_at: datetime | None
    credit_error: str
    credit_low: bool
    credit_floor: float | None
    self_test: str
    self_test_at: datetime | None
    self_test_error: str
    self_test_via: str
    self_test_tries: int
    self_test_tried_at: datetime | None
    failures: int
    recoveries: Mapping[str, int]


class Report(Protocol):
    """Takes what was learned."""

    def __call__(self, **facts: Unpack[Facts]) -> None:
        """Make `facts` part of the state."""
