"""A virtual SIM: its identity, its PIN, and the message reference counter that it carries."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from gateway.simulator.errors import Cme, CmeError, Cms, CmsError

SMSC = "+447700900999"
PIN_TRIES = 3
PUK_TRIES = 10


class Lock(StrEnum):
    """What the SIM waits for, as `+CPIN?` says it."""

    READY = "READY"
    PIN = "SIM PIN"
    PUK = "SIM PUK"
    ABSENT = "NOT INSERTED"


_CME = {Lock.PIN: Cme.SIM_PIN, Lock.PUK: Cme.SIM_PUK, Lock.ABSENT: Cme.NO_SIM}
_CMS = {Lock.PIN: Cms.SIM_PIN, Lock.PUK: Cms.SIM_PUK, Lock.ABSENT: Cms.NO_SIM}


def luhn(digits: str) -> str:
    """Return `digits` with their check digit."""
    doubled = [int(d) * (2 - i % 2) for i, d in enumerate(reversed(digits))]
    return digits + str(-sum(d // 10 + d % 10 for d in doubled) % 10)


@dataclass(slots=True)
class SimCard:
    """One SIM; it keeps its state when the modem restarts, except that it asks for its PIN again."""

    serial: int
    pin: str | None = None
    puk: str = "12345678"
    smsc: str = SMSC
    tries: int = PIN_TRIES
    puk_tries: int = PUK_TRIES
    reference: int = 0  # TP-MR of the last submission, wraps at 256
    present: bool = True
    unlocked: bool = False
    starting: bool = False  # it still reads itself and answers nothing
    busy_code: int | None = None  # by which the modem says so; None: CME 14, CMS 314
    subscriber: int | None = None  # another than the card's own

    @property
    def imsi(self) -> str:
        """Return the subscriber identity, in the test network 001-01."""
        return f"00101{self.serial if self.subscriber is None else self.subscriber:010d}"

    @property
    def iccid(self) -> str:
        """Return the card's serial number."""
        return luhn(f"894400{self.serial:012d}")

    @property
    def lock(self) -> Lock:
        """Return what the card waits for."""
        if not self.present:
            return Lock.ABSENT
        if self.tries == 0:
            return Lock.PUK
        return Lock.PIN if self.pin and not self.unlocked else Lock.READY

    def power_up(self) -> None:
        """Ask for the PIN again."""
        self.unlocked = False

    def enter(self, pin: str) -> None:
        """Try a PIN; raise `CmeError` 16 when it is wrong, and lock after the third."""
        if self.lock is not Lock.PIN:
            raise CmeError(_CME.get(self.lock, Cme.NOT_ALLOWED))
        if pin != self.pin:
            self.tries -= 1
            raise CmeError(Cme.WRONG_PASSWORD)
        self.tries, self.unlocked = PIN_TRIES, True

    def unblock(self, puk: str, new_pin: str) -> None:
        """Try the PUK and set a new PIN."""
        if puk != self.puk:
            self.puk_tries = max(0, self.puk_tries - 1)
            raise CmeError(Cme.WRONG_PASSWORD)
        self.pin, self.tries, self.puk_tries, self.unlocked = new_pin, PIN_TRIES, PUK_TRIES, True

    def require(self) -> None:
        """Raise the equipment error while the card is not usable."""
        if self.lock in _CME:
            raise CmeError(_CME[self.lock])

    def require_for_messages(self) -> None:
        """Raise the message service error while the card is not usable."""
        if self.lock in _CMS:
            raise CmsError(_CMS[self.lock])

    def next_reference(self) -> int:
        """Return the TP-MR of the next submission (3GPP TS 23.040, 9.2.3.6)."""
        self.reference = (self.reference + 1) % 256
        return self.reference
