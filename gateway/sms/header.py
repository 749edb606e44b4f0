"""The user data header: concatenation, ports and language tables (3GPP TS 23.040, 9.2.3.24)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Final


class Kind(IntEnum):
    """Identifiers of the information elements that we act on."""

    CONCAT = 0x00
    PORTS = 0x04
    PORTS_WIDE = 0x05
    CONCAT_WIDE = 0x08
    SINGLE = 0x24
    LOCKING = 0x25


_SIZES: Final[Mapping[int, int]] = {
    Kind.CONCAT: 3,
    Kind.PORTS: 2,
    Kind.PORTS_WIDE: 4,
    Kind.CONCAT_WIDE: 4,
    Kind.SINGLE: 1,
    Kind.LOCKING: 1,
}


@dataclass(frozen=True, slots=True)
class Concat:
    """Part `number` of `total` of one message (9.2.3.24.1 and, with a 16-bit reference, 9.2.3.24.8)."""

    reference: int
    total: int
    number: int
    wide: bool = False

    @property
    def sound(self) -> bool:
        """Whether it can be true; else the standard says to ignore it."""
        return 1 <= self.number <= self.total

    def encode(self) -> bytes:
        """Return the information element."""
        if self.wide:
            reference = self.reference.to_bytes(2, "big")
            return bytes((Kind.CONCAT_WIDE, 4, *reference, self.total, self.number))
        return bytes((Kind.CONCAT, 3, self.reference, self.total, self.number))


@dataclass(frozen=True, slots=True)
class Ports:
    """The application that is addressed (9.2.3.24.3 and .4)."""

    destination: int
    originator: int


@dataclass(frozen=True, slots=True)
class Header:
    """What a header says that we act on; the last of repeated elements counts, unknown ones are ignored."""

    concat: Concat | None = None
    ports: Ports | None = None
    single: int = 0
    locking: int = 0

    @classmethod
    def read(cls, header: bytes) -> Header:
        """Read a header without its length; one whose elements do not fill it exactly says nothing."""
        concat, ports, single, locking = None, None, 0, 0
        for kind, data in _elements(header):
            match kind:
                case _ if len(data) != _SIZES.get(kind):
                    continue
                case Kind.CONCAT:
                    concat = Concat(*data)
                case Kind.CONCAT_WIDE:
                    concat = Concat(int.from_bytes(data[:2], "big"), data[2], data[3], wide=True)
                case Kind.PORTS | Kind.PORTS_WIDE:
                    half = len(data) // 2
                    ports = Ports(int.from_bytes(data[:half], "big"), int.from_bytes(data[half:], "big"))
                case Kind.SINGLE:
                    single = data[0]
                case _:
                    locking = data[0]
        return cls(concat, ports, single, locking)


def shifts(locking: int, single: int) -> bytes:
    """Return the elements that name language tables; 0 needs none (9.2.3.24.15 and .16)."""
    first = bytes((Kind.LOCKING, 1, locking)) if locking else b""
    return first + (bytes((Kind.SINGLE, 1, single)) if single else b"")


def _elements(header: bytes) -> list[tuple[int, bytes]]:
    found = []
    at = 0
    while at < len(header):
        end = at + 2 + header[at + 1] if at + 1 < len(header) else len(header) + 1
        if end > len(header):
            return []
        found.append((header[at], header[at + 2 : end]))
        at = end
    return found
