"""What a service centre does to a message: SUBMIT in, DELIVER and STATUS-REPORT out (3GPP TS 23.040).

Works on octets, so that whatever a client submits arrives unchanged, understood or not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from gateway.simulator.card import SMSC
from gateway.sms import Address, PduError, submits

_MTI, _MORE, _REPORT, _UDHI = 0x03, 0x04, 0x20, 0x40
_VALIDITY_OCTETS: Final = {0x00: 0, 0x08: 7, 0x10: 1, 0x18: 7}
_INTERNATIONAL, _ALPHANUMERIC = 0x91, 0xD0
_NOON: Final = datetime(2026, 9, 1, 12, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Submission:
    """The fields of an SMS-SUBMIT that the service centre needs (9.2.2.2)."""

    recipient: bytes  # address field: length, type, semi-octets
    protocol: int
    coding: int
    user_data: bytes  # with its length
    wants_report: bool
    has_header: bool

    @classmethod
    def parse(cls, pdu: bytes) -> Submission:
        """Read a SUBMIT with its service centre octets; raise `PduError` when it is cut short."""
        try:
            start = 1 + pdu[0]
            first = pdu[start]
            address = start + 2
            after = address + 2 + (pdu[address] + 1) // 2
            coding = pdu[after + 1]
            data = after + 2 + _VALIDITY_OCTETS[first & 0x18]
            pdu[data]
        except IndexError:
            raise PduError("the SUBMIT is cut short") from None
        if first & _MTI != 1:
            raise PduError("not a SUBMIT")
        return cls(
            recipient=pdu[address:after],
            protocol=pdu[after],
            coding=coding,
            user_data=pdu[data:],
            wants_report=bool(first & _REPORT),
            has_header=bool(first & _UDHI),
        )


def semi_octets(digits: str) -> bytes:
    """Return digits in swapped nibbles, F-filled (9.1.2.3)."""
    padded = digits + "F" * (len(digits) % 2)
    return bytes.fromhex("".join(padded[i + 1] + padded[i] for i in range(0, len(padded), 2)))


def address_field(number: str) -> bytes:
    """Return an address of the TP layer (9.1.2.5): a number, or a name of up to 11 GSM letters."""
    if number.lstrip("+").isdecimal():
        digits = number.lstrip("+")
        kind = _INTERNATIONAL if number.startswith("+") else 0x81
        return bytes((len(digits), kind)) + semi_octets(digits)
    packed = Submission.parse(submits(number, Address.parse("1"), reference=0)[0].encode()).user_data
    return bytes((2 * (len(packed) - 1), _ALPHANUMERIC)) + packed[1:]


def service_centre(number: str) -> bytes:
    """Return the service centre octets that precede every PDU (3GPP TS 24.011, 8.2.5.1)."""
    digits = semi_octets(number.lstrip("+"))
    return bytes((len(digits) + 1, _INTERNATIONAL)) + digits


def timestamp(when: datetime) -> bytes:
    """Return a service centre time stamp: swapped digits and the zone in quarter hours (9.2.3.11)."""
    offset = when.utcoffset()
    quarters = int(offset.total_seconds()) // 900 if offset else 0
    zone = bytearray(semi_octets(f"{abs(quarters):02d}"))
    zone[0] |= 0x08 if quarters < 0 else 0
    return semi_octets(f"{when:%y%m%d%H%M%S}") + bytes(zone)


def deliver(submission: Submission, sender: str, when: datetime, *, more: bool = False) -> bytes:
    """Return the DELIVER that carries a submission to its recipient (9.2.2.1)."""
    first = (0 if more else _MORE) | (_UDHI if submission.has_header else 0)
    return (
        service_centre(SMSC)
        + bytes((first,))
        + address_field(sender)
        + bytes((submission.protocol, submission.coding))
        + timestamp(when)
        + submission.user_data
    )


def report(reference: int, recipient: bytes, accepted: datetime, done: datetime, status: int) -> bytes:
    """Return a STATUS-REPORT for the part with that TP-MR (9.2.2.3)."""
    head = service_centre(SMSC) + bytes((0x02 | _MORE, reference)) + recipient
    return head + timestamp(accepted) + timestamp(done) + bytes((status,))


def is_report(pdu: bytes) -> bool:
    """Say whether a PDU towards a modem is a STATUS-REPORT."""
    start = 1 + pdu[0] if pdu else 0
    return start < len(pdu) and pdu[start] & _MTI == 2


def compose(
    sender: str,
    text: str,
    when: datetime = _NOON,
    *,
    reference: int = 0,
    wide: bool = False,
    message_class: int | None = None,
) -> Sequence[bytes]:
    """Return the DELIVERs that bring `text` from a handset, one per part."""
    parts = submits(
        text,
        Address.parse("1"),
        reference=reference,
        wide=wide,
        status_report=False,
        message_class=message_class,
    )
    return tuple(deliver(Submission.parse(part.encode()), sender, when) for part in parts)
