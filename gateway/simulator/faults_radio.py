"""What can go wrong with a submission and with the network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.simulator.fault import Fault, Late, Lost, Wrong, strike

if TYPE_CHECKING:
    from gateway.simulator.modem import VirtualModem
    from gateway.sms import Submit


@dataclass(slots=True)
class LoseResult(Fault):
    """The final result never arrives; the message is sent, or with `sent` false it is not."""

    count: int = 1
    sent: bool = True

    def reaches(self, _modem: VirtualModem) -> bool:
        """Lose the message too."""
        return self.sent

    def result(self, _modem: VirtualModem) -> Lost:
        """Lose it."""
        strike(self)
        return Lost()


@dataclass(slots=True)
class Misreport(Fault):
    """The message is sent, the modem answers with an error: by the code its outcome is not known."""

    code: int = 500
    count: int = 1

    def result(self, _modem: VirtualModem) -> Wrong:
        """Report an error."""
        strike(self)
        return Wrong(self.code)


@dataclass(slots=True)
class LateResult(Fault):
    """The message is sent, the final result comes late; until then the modem hears nothing else."""

    seconds: float = 30.0
    count: int = 1

    def result(self, _modem: VirtualModem) -> Late:
        """Delay it."""
        strike(self)
        return Late(self.seconds)


@dataclass(slots=True)
class Refuse(Fault):
    """The network refuses: the next `count` submissions, or with `number` those to that number."""

    code: int = 38
    count: int = 1
    number: str | None = None

    def refuse(self, _modem: VirtualModem, submit: Submit) -> int | None:
        """Refuse it if it is meant."""
        if self.number is not None and submit.recipient.number != self.number:
            return None
        strike(self)
        return self.code


@dataclass(slots=True)
class NoPrompt(Fault):
    """The modem waits for the PDU and does not say so."""

    count: int = 1

    def prompt(self, _modem: VirtualModem, _delay: float | None) -> None:
        """Print nothing."""
        strike(self)


@dataclass(slots=True)
class LatePrompt(Fault):
    """The prompt comes late."""

    seconds: float = 5.0
    count: int = 1

    def prompt(self, _modem: VirtualModem, delay: float | None) -> float | None:
        """Delay it."""
        strike(self)
        return None if delay is None else delay + self.seconds


@dataclass(slots=True)
class Deregister(Fault):
    """The network is gone, for `seconds` (None: until cleared)."""

    seconds: float | None = None
    stat: int = 2  # searching; 3 is denied

    def start(self, modem: VirtualModem) -> None:
        """Lose it."""
        modem.radio.register(self.stat)
        self._end_after(modem, self.seconds)

    def stop(self, modem: VirtualModem) -> None:
        """Find it again."""
        self._cancel_timer()
        if modem.awake:
            modem.radio.register()


@dataclass(slots=True)
class ResetAt(Fault):
    """The modem restarts when it is typed a command that begins so, before it acts on it."""

    command: str = "AT+CMSS"

    def heard(self, modem: VirtualModem, data: bytes) -> bytes:
        """Restart, and never see the command."""
        if not data.startswith(self.command.encode()):
            return data
        self.spent = True
        modem.drop_spent_faults()
        modem.reset()
        return b""
