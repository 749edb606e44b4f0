"""What a fault may touch: the few places where a modem meets the outside."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from gateway.simulator.modem import VirtualModem
    from gateway.sms import Submit


@dataclass(frozen=True, slots=True)
class Lost:
    """The final result never comes."""


@dataclass(frozen=True, slots=True)
class Late:
    """The final result comes after so many more seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Wrong:
    """The network has the message, the modem reports this error."""

    code: int


@dataclass(slots=True)
class Fault:
    """One thing that is wrong. Does nothing by itself: override what it touches."""

    spent: bool = field(default=False, init=False)
    _timer: asyncio.TimerHandle | None = field(default=None, init=False, repr=False)

    def start(self, modem: VirtualModem) -> None:
        """Begin."""

    def stop(self, modem: VirtualModem) -> None:
        """Put right what can be put right."""

    def heard(self, _modem: VirtualModem, data: bytes) -> bytes:
        """Return what gets through of the bytes that the client wrote."""
        return data

    def said(self, _modem: VirtualModem, data: bytes, *, urc: bool) -> bytes:  # noqa: ARG002
        """Return what gets through of the bytes that the modem writes."""
        return data

    def heard_aside(self, data: bytes) -> bytes:
        """Return what gets through of the bytes that the client wrote at the second port."""
        return data

    def said_aside(self, data: bytes) -> bytes:
        """Return what gets through of the bytes that the modem writes at the second port."""
        return data

    def prompt(self, _modem: VirtualModem, delay: float | None) -> float | None:
        """Return the seconds until the prompt is printed, None for never."""
        return delay

    def refuse(self, _modem: VirtualModem, _submit: Submit) -> int | None:
        """Return the CMS code that refuses this submission."""
        return None

    def reaches(self, _modem: VirtualModem) -> bool:
        """Say whether a submission reaches the network at all."""
        return True

    def result(self, _modem: VirtualModem) -> Lost | Late | Wrong | None:
        """Return what becomes of the final result of an accepted submission."""
        return None

    def indicates(self, _modem: VirtualModem) -> bool:
        """Say whether the indication of a message is written."""
        return True

    def _end_after(self, modem: VirtualModem, seconds: float | None) -> None:
        if seconds is not None:
            self._timer = asyncio.get_running_loop().call_later(seconds, self._end, modem)

    def _end(self, modem: VirtualModem) -> None:
        self.spent = True
        modem.drop_spent_faults()

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()


class Counted(Protocol):
    count: int
    spent: bool


def strike(fault: Counted) -> None:
    """Use up one of the times that a fault was asked to strike."""
    fault.count -= 1
    fault.spent = fault.count <= 0
