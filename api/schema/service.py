"""Bodies about the gateway itself."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field

from api.schema.base import Output, Query
from gateway.model import ModemPhase


class Modem(Output):
    """A snapshot of one modem."""

    name: str
    port: str
    second_port: str = Field(
        description="Through which messages are read while the first transmits; empty where there is none."
    )
    phase: ModemPhase
    since: datetime
    detail: str = Field(description="What is wrong and what to do; empty while nothing is.")
    takes_nothing: bool = Field(description="It took no part when it was last given one.")
    manufacturer: str
    model: str
    firmware: str
    imei: str
    imsi: str
    iccid: str
    operator: str
    technology: str = Field(description="2G, 3G, 4G or 5G; empty where the modem does not tell.")
    registration: str
    signal_dbm: int | None
    storage_used: int | None
    storage_total: int | None
    notifications: str
    signals: tuple[tuple[datetime, int], ...] = Field(description="The signal of a day: when, and dBm.")
    network_losses: int = Field(description="How often the network was lost within the last hour.")
    strange_lines: int = Field(description="Lines of no known form that it said since its link came up.")
    credit: float | None = Field(description="Of the SIM, in its operator's currency; null where unknown.")
    credit_at: datetime | None
    credit_low: bool = Field(description="Below the floor in the configuration.")
    credit_floor: float | None = Field(description="That floor; null before the credit was first told.")
    credit_error: str = Field(description="Why it is not known, or no longer.")
    self_test: str = Field(description="passed, failed, or empty before the first.")
    self_test_at: datetime | None
    self_test_error: str
    self_test_via: str = Field(description="The modem through which its text came back last.")
    sent_hour: int | None = Field(
        description="Parts that its SIM was given within an hour, a restart or not; null before it was seen."
    )
    sent_day: int | None = Field(description="The same within 24 hours.")
    cap_hour: int | None = Field(
        description="The most in an hour, then it pauses; null where there is no cap."
    )
    cap_day: int | None = Field(description="The most in 24 hours.")
    paused: str = Field(description="Why its SIM is given nothing now: it has reached a cap; else empty.")
    paused_until: datetime | None = Field(description="When it goes on by itself.")
    failures: int = Field(description="Links lost since the start.")
    recoveries: dict[str, int] = Field(
        description="What was tried since the start, and how often: resynchronise, reopen, search, restart, "
        "usb_reset, power_cycle, alert."
    )


class ForecastQuery(Query):
    """What would be added to the queue."""

    parts: Annotated[int, Field(ge=0, le=100_000, description="POST /v1/messages/check counts them.")] = 0


class Lane(Output):
    """One modem's share of the work."""

    modem: str
    ready: bool
    seconds_per_part: float | None = Field(description="Measured; null before its first part.")
    paused_until: datetime | None = Field(description="When it goes on, where its SIM has reached a cap.")


class Forecast(Output):
    """How long sending will take; null while no ready modem has been measured."""

    queue: int = Field(description="Parts that wait.")
    parts: int = Field(description="Parts that would be added.")
    seconds: float | None
    done_at: datetime | None
    parts_per_minute: float | None
    modems: tuple[Lane, ...]


class NotifyKey(Output):
    """A key as clients of GOV.UK Notify want it."""

    api_key: str = Field(description="In place of the key that Notify gave you; the base URL is this one's.")


class Alive(Output):
    """The process answers."""

    status: str


class Ready(Output):
    """Whether the gateway can do its job now, and if not, why."""

    ready: bool
    reasons: tuple[str, ...]
    notices: tuple[str, ...] = Field(description="What waits for people, and keeps nothing from working.")
