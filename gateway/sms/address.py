"""Addresses of parties and of service centres (3GPP TS 23.040, 9.1.2.5; 3GPP TS 24.011, 8.2.5)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from gateway.sms import alphabet, octets
from gateway.sms.errors import PduError
from gateway.sms.octets import Reader

UNKNOWN, INTERNATIONAL, NATIONAL, ALPHANUMERIC = 0, 1, 2, 5  # types of number
_NO_PLAN, _TELEPHONE = 0, 1  # numbering plans
_MOST: Final = 20  # semi-octets of an address value
_MOST_SMSC: Final = 11  # octets of a service centre address, its type included


@dataclass(frozen=True, slots=True)
class Address:
    """A number with its type, or a name of up to 11 characters where `ton` is 5."""

    digits: str  # without "+"; the name of an alphanumeric address
    ton: int = UNKNOWN
    npi: int = _TELEPHONE

    @classmethod
    def parse(cls, number: str) -> Address:
        """Read a destination: digits, with "+" before an international number.

        Raises `PduError` for anything else: letters, "*", "#" and spaces reach nobody.
        """
        digits = number.removeprefix("+")
        if not (digits.isascii() and digits.isdigit() and len(digits) <= _MOST):
            raise PduError(
                f"{number!r} is no number to send to: write 1 to {_MOST} digits, with or without +"
            )
        return cls(digits, INTERNATIONAL if number.startswith("+") else UNKNOWN)

    @classmethod
    def named(cls, name: str) -> Address:
        """Return an alphanumeric address."""
        return cls(name, ALPHANUMERIC, _NO_PLAN)

    @property
    def number(self) -> str:
        """The address as people write it: "+" and digits, plain digits, or the name."""
        return f"+{self.digits}" if self.ton == INTERNATIONAL else self.digits

    def encode(self) -> bytes:
        """Return length, type and value, as in the TP layer; `PduError` when it does not fit."""
        value, length = self._value()
        if length > _MOST:
            raise PduError(f"address of {length} semi-octets: at most {_MOST} fit")
        return bytes((length, self._type())) + value

    @classmethod
    def decode(cls, reader: Reader, field: str) -> Address:
        """Take an address of the TP layer."""
        length = reader.octet(f"{field} length")
        if length > _MOST:
            raise PduError(f"{field}: {length} semi-octets, at most {_MOST} are possible")
        kind = reader.octet(f"{field} type")
        return cls._of(kind, reader.take((length + 1) // 2, field), length)

    def encode_smsc(self) -> bytes:
        """Return the octets that precede a TPDU; their length counts octets (24.011, 8.2.5.1)."""
        value, _ = self._value()
        if len(value) >= _MOST_SMSC:
            raise PduError(f"service centre address of {len(value)} octets: at most {_MOST_SMSC - 1} fit")
        return bytes((1 + len(value), self._type())) + value

    @classmethod
    def decode_smsc(cls, reader: Reader) -> Address | None:
        """Take the service centre octets that precede a TPDU; None: the modem's own setting."""
        length = reader.octet("service centre length")
        if length == 0:
            return None
        if length > _MOST_SMSC:
            raise PduError(f"service centre: {length} octets, at most {_MOST_SMSC} are possible")
        kind = reader.octet("service centre type")
        return cls._of(kind, reader.take(length - 1, "service centre"), 2 * (length - 1))

    @classmethod
    def _of(cls, kind: int, value: bytes, length: int) -> Address:
        ton, npi = kind >> 4 & 7, kind & 15
        if ton != ALPHANUMERIC:
            return cls(octets.unswapped(value, length), ton, npi)
        return cls(alphabet.decode(octets.unpack(value, length * 4 // 7)), ton, npi)

    def _type(self) -> int:
        return 0x80 | self.ton << 4 | self.npi

    def _value(self) -> tuple[bytes, int]:
        """Return the value and its length in semi-octets."""
        if self.ton != ALPHANUMERIC:
            return octets.swapped(self.digits), len(self.digits)
        septets = alphabet.encode(self.digits)
        if septets is None:
            raise PduError(f"the name {self.digits!r} has characters outside the GSM alphabet")
        return octets.pack(septets), (7 * len(septets) + 3) // 4
