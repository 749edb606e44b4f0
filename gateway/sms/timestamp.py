"""Time stamps of seven octets: swapped digits and a zone in quarter hours (3GPP TS 23.040, 9.2.3.11)."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Final

from gateway.sms import octets

SIZE: Final = 7
_PIVOT: Final = 90  # two digits of a year: 90-99 are the 1990s, when the service began
_QUARTER: Final = timedelta(minutes=15)
_WEST: Final = 0x08  # sign bit of the zone's first semi-octet


def encode(when: datetime) -> bytes:
    """Return an aware time to the second, its zone to the quarter of an hour."""
    quarters = round((when.utcoffset() or timedelta()) / _QUARTER)
    local = when.astimezone(timezone(quarters * _QUARTER))
    zone = octets.swapped(f"{abs(quarters):02d}")[0] | (_WEST if quarters < 0 else 0)
    return octets.swapped(f"{local:%y%m%d%H%M%S}") + bytes((zone,))


def decode(stamp: bytes) -> datetime | None:
    """Return the aware time, None for octets that are no time (zeros, filler, month 13)."""
    digits, zone = stamp[:6].hex(), f"{stamp[6] & ~_WEST:02x}"
    if not (digits.isdecimal() and zone.isdecimal()):
        return None
    year, month, day, hour, minute, second = (int(digits[i + 1] + digits[i]) for i in range(0, 12, 2))
    quarters = int(zone[1] + zone[0]) * (-1 if stamp[6] & _WEST else 1)
    century = 1900 if year >= _PIVOT else 2000
    try:
        return datetime(
            century + year, month, day, hour, minute, second, tzinfo=timezone(quarters * _QUARTER)
        )
    except ValueError:
        return None
