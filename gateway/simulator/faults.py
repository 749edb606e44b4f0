"""What can go wrong with a modem: one small class per fault, found by name in `FAULTS`.

A fault hooks into the few places where a modem meets the outside (see `Fault`) and marks itself `spent`
when it has done what its parameters ask for. To add one: write a class, give it a name in the table.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import cycle
from typing import TYPE_CHECKING, Final, Protocol

from gateway.simulator.card import Lock

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

    def prompt(self, _modem: VirtualModem, delay: float | None) -> float | None:
        """Return the seconds until the prompt is printed, None for never."""
        return delay

    def refuse(self, _modem: VirtualModem, _submit: Submit) -> int | None:
        """Return the CMS code that refuses this submission."""
        return None

    def result(self, _modem: VirtualModem) -> Lost | Late | None:
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


class _Counted(Protocol):
    count: int
    spent: bool


def _strike(fault: _Counted) -> None:
    """Use up one of the times that a fault was asked to strike."""
    fault.count -= 1
    fault.spent = fault.count <= 0


@dataclass(slots=True)
class Hang(Fault):
    """No answers for a while: held back until it ends, or with `lose`, lost in both directions."""

    seconds: float = 10.0
    lose: bool = False
    urcs: bool = False  # unsolicited lines still come
    _in: bytearray = field(default_factory=bytearray, init=False, repr=False)
    _out: bytearray = field(default_factory=bytearray, init=False, repr=False)

    def start(self, modem: VirtualModem) -> None:
        """Begin."""
        self._end_after(modem, self.seconds)

    def stop(self, modem: VirtualModem) -> None:
        """Catch up."""
        self._cancel_timer()
        modem.write(bytes(self._out))
        modem.listen(bytes(self._in))

    def heard(self, _modem: VirtualModem, data: bytes) -> bytes:
        """Hold or lose what the client wrote."""
        if not self.lose:
            self._in += data
        return b""

    def said(self, _modem: VirtualModem, data: bytes, *, urc: bool) -> bytes:
        """Hold or lose what the modem writes."""
        if urc and self.urcs:
            return data
        if not self.lose:
            self._out += data
        return b""


@dataclass(slots=True)
class LoseResult(Fault):
    """The message is sent, the final result never arrives."""

    count: int = 1

    def result(self, _modem: VirtualModem) -> Lost:
        """Lose it."""
        _strike(self)
        return Lost()


@dataclass(slots=True)
class LateResult(Fault):
    """The message is sent, the final result comes late; until then the modem hears nothing else."""

    seconds: float = 30.0
    count: int = 1

    def result(self, _modem: VirtualModem) -> Late:
        """Delay it."""
        _strike(self)
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
        _strike(self)
        return self.code


@dataclass(slots=True)
class NoPrompt(Fault):
    """The modem waits for the PDU and does not say so."""

    count: int = 1

    def prompt(self, _modem: VirtualModem, _delay: float | None) -> None:
        """Print nothing."""
        _strike(self)


@dataclass(slots=True)
class LatePrompt(Fault):
    """The prompt comes late."""

    seconds: float = 5.0
    count: int = 1

    def prompt(self, _modem: VirtualModem, delay: float | None) -> float | None:
        """Delay it."""
        _strike(self)
        return None if delay is None else delay + self.seconds


@dataclass(slots=True)
class Unplug(Fault):
    """The modem is pulled out; back after `seconds` (None: until the fault is cleared)."""

    seconds: float | None = 5.0
    sent: bool = True  # whether a PDU that is on the air arrives

    def start(self, modem: VirtualModem) -> None:
        """Pull it."""
        modem.radio.survives_power_loss = self.sent
        modem.unplug()
        self._end_after(modem, self.seconds)

    def stop(self, modem: VirtualModem) -> None:
        """Put it back."""
        self._cancel_timer()
        modem.radio.survives_power_loss = True
        if not modem.wire.plugged:
            modem.plug()


@dataclass(slots=True)
class Noise(Fault):
    """A bad line, for `seconds` (None: until cleared).

    `kind` is "urc" (an unsolicited line before every line), "bytes" (bytes that are no text) or "chop"
    (every byte by itself).
    """

    kind: str = "urc"
    seconds: float | None = None
    line: str | None = None  # instead of the modem's own chatter
    _lines: cycle[str] = field(default_factory=lambda: cycle(()), init=False, repr=False)

    def __post_init__(self) -> None:
        if self.kind not in {"urc", "bytes", "chop"}:
            raise ValueError(f"noise is urc, bytes or chop, not {self.kind!r}")

    def start(self, modem: VirtualModem) -> None:
        """Begin."""
        self._lines = cycle((self.line,) if self.line else modem.persona.chatter or ("RING",))
        modem.wire.outgoing.chop = self.kind == "chop"
        self._end_after(modem, self.seconds)

    def stop(self, modem: VirtualModem) -> None:
        """End."""
        self._cancel_timer()
        modem.wire.outgoing.chop = False

    def said(self, _modem: VirtualModem, data: bytes, *, urc: bool) -> bytes:  # noqa: ARG002
        """Put noise between the lines."""
        if self.kind == "chop" or not data.startswith(b"\r\n"):
            return data
        if self.kind == "bytes":
            return b"\xff\xfe\x00" + data
        return f"\r\n{next(self._lines)}\r\n".encode() + data


@dataclass(slots=True)
class Reset(Fault):
    """The modem restarts by itself: boot noise, settings forgotten, the port stays."""

    def start(self, modem: VirtualModem) -> None:
        """Restart."""
        modem.reset()
        self.spent = True


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
        _strike(self)
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
    """The SIM is blocked."""

    def start(self, modem: VirtualModem) -> None:
        """Block it."""
        modem.sim.tries = 0
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


FAULTS: Final[Mapping[str, Callable[..., Fault]]] = {
    "hang": Hang,
    "lose_result": LoseResult,
    "late_result": LateResult,
    "cms": Refuse,
    "no_prompt": NoPrompt,
    "late_prompt": LatePrompt,
    "unplug": Unplug,
    "noise": Noise,
    "reset": Reset,
    "store_full": StoreFull,
    "lose_cmti": LoseCmti,
    "sim_pin": SimPin,
    "puk": SimPuk,
    "no_sim": NoSim,
    "deregister": Deregister,
}
