"""What can go wrong with a SIM and with the memories."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.simulator.card import Lock, SimCard
from gateway.simulator.fault import Fault, strike

if TYPE_CHECKING:
    from gateway.simulator.modem import VirtualModem


@dataclass(slots=True)
class StoreFull(Fault):
    """Old messages fill the memory that takes what arrives; they are real and can be deleted."""

    free: int = 0  # slots left

    def start(self, modem: VirtualModem) -> None:
        """Fill it."""
        modem.inbox.fill(self.free)
        self.spent = True


@dataclass(slots=True)
class LoseCmti(Fault):
    """Messages are stored without a word."""

    count: int = 1

    def indicates(self, _modem: VirtualModem) -> bool:
        """Say nothing."""
        strike(self)
        return False


@dataclass(slots=True)
class SimPin(Fault):
    """The SIM asks for its PIN from now on."""

    pin: str = "1234"

    def start(self, modem: VirtualModem) -> None:
        """Lock it."""
        modem.sim.pin, modem.sim.unlocked = str(self.pin), False
        modem.urc(f"+CPIN: {Lock.PIN}")
        self.spent = True


@dataclass(slots=True)
class SimPuk(Fault):
    """The SIM is blocked, `silent`: without a word."""

    silent: bool = False

    def start(self, modem: VirtualModem) -> None:
        """Block it."""
        modem.sim.tries = 0
        if not self.silent:
            modem.urc(f"+CPIN: {Lock.PUK}")
        self.spent = True


@dataclass(slots=True)
class NoSim(Fault):
    """The SIM is out, for `seconds` (None: until cleared)."""

    seconds: float | None = None

    def start(self, modem: VirtualModem) -> None:
        """Take it out."""
        modem.sim.present = False
        modem.urc(f"+CPIN: {Lock.ABSENT}")
        modem.radio.register(0)
        self._end_after(modem, self.seconds)

    def stop(self, modem: VirtualModem) -> None:
        """Put it back."""
        self._cancel_timer()
        modem.sim.present = True
        modem.sim.power_up()
        if modem.awake:
            modem.urc(f"+CPIN: {modem.sim.lock}")
            modem.radio.search()


@dataclass(slots=True)
class SimBusy(Fault):
    """The SIM still reads itself, for `seconds` (None: until cleared): everything is answered with "busy".

    `code` is the vendor's own for it, such as 515 of Wavecom; None: CME 14 and CMS 314.
    """

    seconds: float | None = None
    code: int | None = None

    def start(self, modem: VirtualModem) -> None:
        """Begin."""
        modem.sim.starting, modem.sim.busy_code = True, self.code
        self._end_after(modem, self.seconds)

    def stop(self, modem: VirtualModem) -> None:
        """Be there."""
        self._cancel_timer()
        modem.sim.starting, modem.sim.busy_code = False, None
        modem.urc(f"+CPIN: {modem.sim.lock}")


@dataclass(slots=True)
class SwapSim(Fault):
    """Somebody puts another SIM in; the modem restarts. With `only_imsi` the card is the same to look at."""

    serial: int = 900
    only_imsi: bool = False

    def start(self, modem: VirtualModem) -> None:
        """Swap it."""
        if self.only_imsi:
            modem.sim.subscriber = self.serial
        else:
            modem.sim = SimCard(self.serial)
        modem.reset()
        self.spent = True
