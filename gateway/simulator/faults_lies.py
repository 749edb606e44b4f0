"""What a modem may say that is not so, or not whole."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from gateway.simulator.fault import Fault, strike
from gateway.simulator.ledger import Kind

if TYPE_CHECKING:
    from gateway.simulator.modem import VirtualModem

_PDU: Final = re.compile(rb"[0-9A-F]{30,}")


@dataclass(slots=True)
class Lie(Fault):
    """Something is wrong `at` a place in the answer to the next `command`.

    Places are counted from 0: AT+CMGS is answered by the prompt, the reference, OK. What belongs there is
    said so many `times`, after `text`.
    """

    command: str = "AT+CMGS"
    at: int = 0
    text: str = ""  # as on the wire, line ends included
    times: int = 1
    count: int = 1
    _place: int | None = field(default=None, init=False, repr=False)

    def heard(self, _modem: VirtualModem, data: bytes) -> bytes:
        """Begin to count where the command is typed."""
        if data.startswith(self.command.encode()):
            self._place = 0
        return data

    def said(self, modem: VirtualModem, data: bytes, *, urc: bool) -> bytes:
        """Lie where it is time to."""
        if self._place is None or urc:
            return data
        place, self._place = self._place, self._place + 1
        if place != self.at:
            return data
        self._place = None
        strike(self)
        modem.drop_spent_faults()
        return self.text.encode() + data * self.times


@dataclass(slots=True)
class Tear(Fault):
    """So many characters are lost in the middle of a line that holds a PDU."""

    characters: int = 6
    count: int = 1

    def said(self, modem: VirtualModem, data: bytes, *, urc: bool) -> bytes:  # noqa: ARG002
        """Lose them."""
        if (found := _PDU.search(data)) is None:
            return data
        strike(self)
        modem.drop_spent_faults()
        if b"+CDS" in data:  # such a report is not stored: nothing is left of it
            modem.ledger.note(Kind.DROPPED, modem.name, pdu=found[0].decode())
        middle = (found.start() + found.end()) // 2
        return data[:middle] + data[middle + self.characters :]
