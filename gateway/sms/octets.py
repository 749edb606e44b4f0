"""The layer below every field: octets taken in turn, swapped digits, packed septets.

Sources: 3GPP TS 23.040, 9.1.2 (digits) and 3GPP TS 23.038, 6.1.2.1 (septets).
"""

from __future__ import annotations

from typing import Final

from gateway.sms.errors import PduError

_BITS: Final = tuple(f"{value:07b}" for value in range(128))
_VALUES: Final = {bits: value for value, bits in enumerate(_BITS)}
_DIGITS: Final = "0123456789*#abc"  # 9.1.2.3; F is filler
_NIBBLES: Final = {digit: f"{value:X}" for value, digit in enumerate(_DIGITS)}
_FILLER: Final = {ord("F"): None}
_SYMBOLS: Final = {ord(f"{value:X}"): digit for value, digit in enumerate(_DIGITS)} | _FILLER


def from_hex(pdu: str | bytes) -> bytes:
    """Return the octets of a PDU given in hexadecimal (octets are returned as they are)."""
    if isinstance(pdu, bytes):
        return pdu
    try:
        return bytes.fromhex(pdu)
    except ValueError:
        raise PduError(f"not an even number of hexadecimal digits ({len(pdu)} characters)") from None


class Reader:
    """Octets taken in turn; `PduError` names the field that is cut short."""

    def __init__(self, octets: bytes) -> None:
        self._octets = octets
        self._at = 0

    def take(self, count: int, field: str) -> bytes:
        """Return the next `count` octets."""
        end = self._at + count
        if end > len(self._octets):
            missing = end - len(self._octets)
            raise PduError(f"{field}: {missing} of {count} octets missing at octet {self._at}")
        taken = self._octets[self._at : end]
        self._at = end
        return taken

    def octet(self, field: str) -> int:
        """Return the next octet as a number."""
        return self.take(1, field)[0]

    def rest(self) -> bytes:
        """Return all that is left."""
        return self.take(len(self._octets) - self._at, "rest")


def swapped(digits: str) -> bytes:
    """Return digits as semi-octets, low nibble first; an odd number is filled with F (9.1.2.3)."""
    try:
        nibbles = "".join([_NIBBLES[digit] for digit in digits])
    except KeyError as exc:
        raise PduError(f"{exc.args[0]!r} is no digit of an address") from None
    if len(nibbles) % 2:
        nibbles += "F"
    return bytes.fromhex("".join([nibbles[i + 1] + nibbles[i] for i in range(0, len(nibbles), 2)]))


def unswapped(octets: bytes, count: int | None = None) -> str:
    """Return the first `count` semi-octets (None: all) as digits; filler is left out."""
    nibbles = octets.hex().upper()
    low_first = "".join([nibbles[i + 1] + nibbles[i] for i in range(0, len(nibbles), 2)])
    return low_first[:count].translate(_SYMBOLS)


def pack(septets: bytes, fill: int = 0) -> bytes:
    """Return septets (one per octet) packed, after `fill` zero bits (6.1.2.1.1)."""
    if not septets:
        return bytes((fill + 7) // 8)
    bits = "".join([_BITS[septet] for septet in reversed(septets)])
    return (int(bits, 2) << fill).to_bytes((7 * len(septets) + fill + 7) // 8, "little")


def unpack(octets: bytes, count: int, fill: int = 0) -> bytes:
    """Return `count` septets, one per octet, of octets that begin with `fill` bits to be left out."""
    if not count:
        return b""
    size = 7 * count
    bits = f"{int.from_bytes(octets, 'little') >> fill:0{size}b}"[-size:]
    return bytes([_VALUES[bits[i - 7 : i]] for i in range(size, 0, -7)])
