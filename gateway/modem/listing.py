"""What +CMGL and +CMGR answer, in the forms seen in the field (3GPP TS 27.005, 3.4)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from gateway.modem.answers import value

_NUMBER: Final = re.compile(r"\d+")
_QUOTED: Final = re.compile(r'"([^"]*)"')
_HEX: Final = re.compile(r"[0-9A-Fa-f]+")
_ENTRY: Final = re.compile(r"[^:]*: *(.*?)(?: +((?:[0-9A-Fa-f]{2}){8,}))?")


@dataclass(frozen=True, slots=True)
class Stored:
    """One slot of a memory. `status` as in +CMGL: 0 and 1 received, 2 and 3 our own; None if not told."""

    index: int
    status: int | None
    length: int | None
    pdu: str

    @property
    def torn(self) -> bool:
        """Octets are missing: `length` counts all but those of the SMS centre's number, which come first."""
        if not self.pdu:
            return True
        octets, odd = divmod(len(self.pdu), 2)
        return bool(odd) or (self.length is not None and octets < self.length + 1 + int(self.pdu[:2], 16))

    @property
    def inbound(self) -> bool:
        """Received, rather than written here by somebody."""
        return self.status not in (2, 3)


def slots(lines: tuple[str, ...]) -> tuple[int, ...]:
    """Return the used indexes that `+CMGD=?` lists; empty where it gives a mere range."""
    inner = re.search(r"\(([^()]*)\)", value(lines))
    if inner is None or "-" in inner[1]:
        return ()
    return tuple(map(int, _NUMBER.findall(inner[1])))


def listing(lines: tuple[str, ...]) -> tuple[Stored, ...]:
    """Parse `+CMGL: <index>,<stat>,[<alpha>],<length>` and the PDU under it; alpha may be missing.

    Where the line of a PDU was lost, the entry is there without it.
    """
    found: list[Stored] = []
    for header, pdu in _entries(lines, "+CMGL:"):
        index, *rest = _fields(header)
        if index.isdecimal():
            found.append(_stored(int(index), rest, pdu))
    return tuple(stored for stored in found if stored.pdu or stored.length)


def reading(lines: tuple[str, ...], index: int) -> Stored | None:
    """Parse `+CMGR: [<stat>,][<alpha>,]<length>` and the PDU; an empty slot answers OK or a zero length."""
    for header, pdu in _entries(lines, "+CMGR:"):
        stored = _stored(index, _fields(header), pdu)
        return stored if stored.pdu or stored.length else None
    return None


def _entries(lines: tuple[str, ...], prefix: str) -> list[tuple[str, str]]:
    """Pair each header with the hex line under it (or after it: some modems use one line), or with ""."""
    found: list[tuple[str, str]] = []
    for line in lines:
        if line.startswith(prefix):
            match = _ENTRY.fullmatch(line)
            found.append((match[1], match[2] or "") if match else (line, ""))
        elif found and not found[-1][1] and _HEX.fullmatch(line):
            found[-1] = (found[-1][0], line)
    return found


def _fields(header: str) -> list[str]:
    return [field.strip() for field in _QUOTED.sub("", header).split(",")]


def _stored(index: int, fields: list[str], pdu: str) -> Stored:
    """`fields` are stat, alpha and length, any of which but the last may be missing."""
    length = int(fields[-1]) if fields and fields[-1].isdecimal() else None
    status = int(fields[-3]) if len(fields) > 2 and fields[-3].isdecimal() else None
    if len(fields) == 2 and fields[0].isdecimal():
        status = int(fields[0])
    return Stored(index, status, length, pdu.upper())
