"""TP-Status of a STATUS-REPORT: what became of a message (3GPP TS 23.040, 9.2.3.15)."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class TpOutcome(StrEnum):
    """What a status report says of a message."""

    DELIVERED = "delivered"
    FORWARDED = "forwarded"  # gone on, but nobody can say whether it arrived
    STILL_TRYING = "still_trying"  # not final: another report follows
    PERMANENT = "permanent"
    EXPIRED = "expired"
    TEMPORARY_FAILED = "temporary_failed"  # temporary trouble, and no more tries


_TEXTS: Final = {
    0x00: "received by the handset",
    0x01: "forwarded, delivery cannot be confirmed",
    0x02: "replaced by the service centre",
    0x20: "congestion, still trying",
    0x21: "handset busy, still trying",
    0x22: "no response from the handset, still trying",
    0x23: "service rejected, still trying",
    0x24: "quality of service not available, still trying",
    0x25: "error in the handset, still trying",
    0x40: "remote procedure error",
    0x41: "incompatible destination",
    0x42: "connection rejected by the handset",
    0x43: "not obtainable",
    0x44: "quality of service not available",
    0x45: "no interworking available",
    0x46: "validity period expired",
    0x47: "deleted by the sender",
    0x48: "deleted by the service centre",
    0x49: "message does not exist",
    0x60: "congestion, gave up",
    0x61: "handset busy, gave up",
    0x62: "no response from the handset, gave up",
    0x63: "service rejected, gave up",
    0x64: "quality of service not available, gave up",
    0x65: "error in the handset, gave up",
}
_EXPIRED: Final = 0x46
_GROUPS: Final = (
    (0x01, TpOutcome.DELIVERED),
    (0x20, TpOutcome.FORWARDED),
    (0x40, TpOutcome.STILL_TRYING),
    (0x60, TpOutcome.PERMANENT),
)


def _outcome(status: int) -> TpOutcome:
    if status == _EXPIRED:
        return TpOutcome.EXPIRED
    return next((outcome for end, outcome in _GROUPS if status < end), TpOutcome.TEMPORARY_FAILED)


_OUTCOMES: Final = tuple(_outcome(status) for status in range(0x100))


def tp_outcome(status: int) -> TpOutcome:
    """Return what a TP-Status means.

    0x01-0x1F are done but prove no delivery: forwarded, replaced, a service centre's own value. Values
    above 0x7F are reserved and mean "service rejected", as the standard asks.
    """
    return _OUTCOMES[status]


def tp_status_text(status: int) -> str:
    """Return a TP-Status in words."""
    return _TEXTS.get(status, f"status {status:#04x}: {tp_outcome(status).value.replace('_', ' ')}")
