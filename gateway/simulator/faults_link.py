"""What can go wrong between the host and a modem: silence, noise, a cable pulled, a restart."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import cycle
from typing import TYPE_CHECKING

from gateway.simulator.fault import Fault

if TYPE_CHECKING:
    from gateway.simulator.modem import VirtualModem


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
        modem.first.write(bytes(self._out))
        modem.first.listen(bytes(self._in))

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

    def heard_aside(self, _data: bytes) -> bytes:
        """Lose it: a modem that hangs hangs on both ports."""
        return b""

    def said_aside(self, _data: bytes) -> bytes:
        """Lose it."""
        return b""


@dataclass(slots=True)
class Stall(Fault):
    """From the next prompt on the modem takes no bytes, as by flow control, until the port is opened anew."""

    def prompt(self, modem: VirtualModem, delay: float | None) -> float | None:
        """Ask for the PDU, and take none of it."""
        modem.wire.stop_taking()
        self.spent = True
        return delay


@dataclass(slots=True)
class Unplug(Fault):
    """The modem is pulled out; back after `seconds` (None: until the fault is cleared)."""

    seconds: float | None = 5.0
    sent: bool = True  # whether a PDU that is on the air arrives
    back_as: str | None = None  # the name under which it comes back

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
            if self.back_as is not None:
                modem.wire.link = modem.wire.link.with_name(self.back_as)
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
    """The modem restarts by itself: boot noise, settings forgotten, the port stays.

    With `silent` it says nothing of it and comes up in text mode, as a stored profile can have it.
    """

    silent: bool = False

    def start(self, modem: VirtualModem) -> None:
        """Restart."""
        modem.reset(silent=self.silent)
        self.spent = True


@dataclass(slots=True)
class Echo(Fault):
    """Echo comes on by itself."""

    def start(self, modem: VirtualModem) -> None:
        """Switch it on."""
        modem.settings.echo = True
        self.spent = True


@dataclass(slots=True)
class SecondDeaf(Fault):
    """The second port is silent, for `seconds` (None: until cleared); the first is as ever."""

    seconds: float | None = None

    def start(self, modem: VirtualModem) -> None:
        """Begin."""
        self._end_after(modem, self.seconds)

    def stop(self, _modem: VirtualModem) -> None:
        """End."""
        self._cancel_timer()

    def heard_aside(self, _data: bytes) -> bytes:
        """Lose what the client wrote."""
        return b""

    def said_aside(self, _data: bytes) -> bytes:
        """Lose what the modem writes."""
        return b""


@dataclass(slots=True)
class SecondGone(Fault):
    """The second port vanishes, for `seconds` (None: until cleared); the first is as ever."""

    seconds: float | None = None

    def start(self, modem: VirtualModem) -> None:
        """Take it away."""
        if modem.second is not None:
            modem.second.wire.unplug()
        self._end_after(modem, self.seconds)

    def stop(self, modem: VirtualModem) -> None:
        """Give it back."""
        self._cancel_timer()
        if modem.second is not None and modem.wire.plugged:
            modem.second.wire.plug()


@dataclass(slots=True)
class Deaf(Fault):
    """No answers until the modem is restarted by AT+CFUN=1,1."""

    def heard(self, modem: VirtualModem, data: bytes) -> bytes:
        """Hear nothing but that."""
        if b"AT+CFUN=1,1\r" not in data:
            return b""
        self.spent = True
        modem.drop_spent_faults()
        return b"AT+CFUN=1,1\r"
