"""Figures, instants and codes in plain words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, tzinfo
from html import escape
from typing import Final

from gateway.records.compliance import State

STATES: Final = {State.KEPT: "Kept", State.ATTENTION: "Attention", State.BREACH: "Breach"}

STATUSES: Final = {
    "held": "waiting for a person",
    "scheduled": "waiting for its time",
    "queued": "waiting for a modem",
    "sending": "being sent",
    "sent": "taken by the network, no report yet",
    "delivered": "delivered to the handset",
    "undelivered": "not delivered",
    "failed": "refused by the network",
    "expired": "too late to send",
    "cancelled": "cancelled",
    "uncertain": "not known whether it left",
}

REMOVED: Final = {
    "bodies": "texts of messages sent",
    "inbox": "texts received",
    "inbound": "records of the network's data",
    "auto_replies": "notes of automatic replies",
    "messages": "records of messages",
    "batches": "records of batches",
    "holds": "records of replies read",
    "consents": "evidence of consent",
    "incidents": "records of incidents that were closed",
    "doubts": "notes of numbers in doubt",
    "contacts": "contacts",
    "opt_ins": "consents that were asked for",
}

INCIDENTS: Final = {
    "access": "Subject access request",
    "complaint": "Complaint",
    "breach": "Breach of personal data",
}

SOURCES: Final = {
    "sms": "by text message (STOP)",
    "staff": "by staff, as somebody asked",
    "import": "from a list of the organisation",
}


def rate(value: float | None) -> str:
    """Return a share as a percentage: never rounded up to 100, never down to 0."""
    if value is None:
        return "none yet"
    if 0 < value < 1:
        return f"{min(max(value * 100, 0.1), 99.9):.1f} %"
    return f"{value * 100:.0f} %"


def seconds(value: float | None) -> str:
    """Return a time that something took."""
    if value is None:
        return "not measured"
    if value < 120:
        return f"{value:.1f} s"
    return f"{value / 60:.0f} min" if value < 7200 else f"{value / 3600:.1f} h"


def hours(value: float | None) -> str:
    """Return a time that somebody took."""
    return "none" if value is None else seconds(value * 3600)


def times(count: int) -> str:
    """Return how often something was done."""
    return {0: "never", 1: "once", 2: "twice"}.get(count, f"{count:,} times")


def when(at: datetime | None, zone: tzinfo | None) -> str:
    """Return an instant as it was on the organisation's clock."""
    return "never" if at is None else f"{at.astimezone(zone):%-d %B %Y, %H:%M}"


def table(heads: Sequence[str], rows: Iterable[Sequence[object]], numbers: int = 0) -> str:
    """Return a table; the last `numbers` columns are numbers. Cells that are `Markup` are HTML already."""
    kept = list(rows)
    if not kept:
        return "<p class='soft'>None.</p>"
    first = len(heads) - numbers
    head = "".join(
        f"<th scope='col'{_number(at, first)}>{escape(each)}</th>" for at, each in enumerate(heads)
    )
    body = "".join(
        "<tr>"
        + "".join(f"<td{_number(at, first)}>{_cell(each)}</td>" for at, each in enumerate(row))
        + "</tr>"
        for row in kept
    )
    top = f"<thead><tr>{head}</tr></thead>" if any(heads) else ""
    return f"<table>{top}<tbody>{body}</tbody></table>"


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


def state(value: State) -> Markup:
    """Return a state in its colour."""
    return Markup(f"<b class='{value.value}'>{STATES[value]}</b>")


def _number(at: int, first: int) -> str:
    return " class='number'" if at >= first else ""


def _cell(value: object) -> str:
    if isinstance(value, Markup):
        return value
    if isinstance(value, int):
        return f"{value:,}"
    return escape(str(value))
