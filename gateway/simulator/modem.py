"""A virtual modem: what joins the wire, the interpreter, the SIM, the stores and the radio."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Final

from gateway.simulator.at import Body
from gateway.simulator.card import SimCard, luhn
from gateway.simulator.channel import SPEAKING, Channel, Settings
from gateway.simulator.fault import Fault
from gateway.simulator.faults import FAULTS
from gateway.simulator.inbox import Inbox
from gateway.simulator.ledger import Kind, Ledger
from gateway.simulator.personas import Persona
from gateway.simulator.radio import Air, Radio
from gateway.simulator.storage import Storage
from gateway.simulator.timing import Timing
from gateway.simulator.wire import Wire

_ROUTES: Final = ("both", "first", "second")


class VirtualModem:
    """One modem of the network, behind one pty, or two that share all but what belongs to a port."""

    def __init__(
        self,
        name: str,
        number: str,
        *,
        air: Air,
        ledger: Ledger,
        link: Path,
        serial: int,
        timing: Timing,
        persona: Persona,
        pin: str | None = None,
        second: Path | None = None,
        urcs: str = "both",
    ) -> None:
        """With a `second` port, `urcs` says where unsolicited lines go: "first", "second" or "both"."""
        if urcs not in _ROUTES:
            raise ValueError(f"urcs is {', '.join(_ROUTES)}, not {urcs!r}")
        self.name: str = name
        self.number: str = number
        self.timing: Timing = timing
        self.persona: Persona = persona
        self.ledger: Ledger = ledger
        self.imei: str = luhn(f"35000000{serial:06d}")
        self.signal = 20
        self.ussd = '0,"Credit: 10.00 GBP",15'  # what the network answers
        self.functional = 1  # +CFUN
        self.sim = SimCard(serial, pin=pin)
        self.storage = Storage(persona.memories, persona.first_index, persona.cpms_uses)
        self.faults: list[Fault] = []
        self.first = Channel(self, link)
        self.second = Channel(self, second) if second is not None else None
        self._urcs = urcs
        self.radio = Radio(self, air)
        self.inbox = Inbox(self)
        self._booting: asyncio.TimerHandle | None = None
        self._crash: BaseException | None = None
        self._sim_ready_at = 0.0

    def __repr__(self) -> str:
        return f"<VirtualModem {self.name} {self.number} {self.persona.name} at {self.path}>"

    @property
    def path(self) -> Path:
        """Return the path to open; it survives unplugging."""
        return self.wire.link

    @property
    def wire(self) -> Wire:
        """Return the wire of the first port."""
        return self.first.wire

    @property
    def channels(self) -> tuple[Channel, ...]:
        """Return the ports."""
        return (self.first,) if self.second is None else (self.first, self.second)

    @property
    def settings(self) -> Settings:
        """Return the settings of the port on which we are being spoken to, else of the first."""
        return self.speaking.settings

    @property
    def speaking(self) -> Channel:
        """Return the port on which we are being spoken to, else the first."""
        channel = SPEAKING.get(self.first)
        return channel if channel in self.channels else self.first

    # -- power ---------------------------------------------------------------------------------------

    @property
    def awake(self) -> bool:
        """Say whether the modem has power and has booted."""
        return self.first.awake

    def power_on(self) -> None:
        """Plug in a modem that has long since booted and, if its SIM lets it, registered."""
        self._plug()
        self._start()

    def reset(self, *, silent: bool = False) -> None:
        """Restart: everything that is not on the SIM or in a memory is forgotten.

        `silent`: without a word, and into text mode.
        """
        self._stop()
        self._booting = asyncio.get_running_loop().call_later(self.timing.boot, self._boot, silent)

    def unplug(self) -> None:
        """Cut the power and take the port away."""
        self._stop()
        self._unplug()
        self.ledger.note(Kind.UNPLUGGED, self.name)

    def plug(self) -> None:
        """Put it back: a new port, then a boot."""
        self._plug()
        self.ledger.note(Kind.PLUGGED, self.name, path=str(self.path))
        self.reset()

    async def close(self) -> None:
        """Take the modem away for good; raise what its interpreter died of."""
        self.clear_faults()
        tasks = self._stop()
        self._unplug()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._crash is not None:
            raise self._crash

    def forget_settings(self) -> None:
        """Fall back to the settings of power-up (ATZ, AT&F)."""
        self.speaking.settings = Settings()

    def _plug(self) -> None:
        for channel in self.channels:
            channel.wire.plug()

    def _unplug(self) -> None:
        for channel in self.channels:
            channel.wire.unplug()

    def _stop(self) -> list[asyncio.Task[None]]:
        """Cut the power; return the tasks that end."""
        if self._booting is not None:
            self._booting.cancel()
        self._booting = None
        tasks = [task for channel in self.channels if (task := channel.stop()) is not None]
        self.storage.forget_selection()
        self.sim.power_up()
        self.radio.power_down()
        self.inbox.power_down()
        return tasks

    def _boot(self, silent: bool) -> None:
        self._booting = None
        self.functional = 1
        self.ledger.note(Kind.BOOTED, self.name)
        self._start()
        for channel in self.channels:
            channel.settings.text_mode = silent
        for line in () if silent else self.persona.boot_lines:
            self.urc(line)
        self.radio.search()

    def _start(self) -> None:
        for channel in self.channels:
            channel.start().add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            self._crash = error
            task.get_loop().call_exception_handler({"message": f"{self!r} died", "exception": error})

    # -- the SIM -------------------------------------------------------------------------------------

    @property
    def sim_busy(self) -> bool:
        """Say whether the SIM still reads itself, after its PIN or for a fault's sake."""
        return self.sim.starting or self.ledger.clock() < self._sim_ready_at

    def unlocked(self) -> None:
        """Take note that the PIN was right."""
        self._sim_ready_at = self.ledger.clock() + self.timing.sim_busy
        self.urc("+CPIN: READY")
        self.radio.search()

    # -- faults --------------------------------------------------------------------------------------

    def fault(self, name: str, /, *args: object, **parameters: object) -> Fault:
        """Make something go wrong; the names and their parameters are in `faults.FAULTS`."""
        if name not in FAULTS:
            raise ValueError(f"no fault {name!r}; there are {', '.join(FAULTS)}")
        fault = FAULTS[name](*args, **parameters)
        self.faults.append(fault)
        self.ledger.note(Kind.FAULT, self.name, fault=name, parameters=repr(fault))
        fault.start(self)
        self.drop_spent_faults()
        return fault

    def clear_faults(self) -> None:
        """End every fault."""
        for fault in self.faults:
            fault.spent = True
        self.drop_spent_faults()

    def drop_spent_faults(self) -> None:
        """Take leave of faults that have done what they were asked for."""
        for fault in [f for f in self.faults if f.spent]:
            self.faults.remove(fault)
            fault.stop(self)
            self.ledger.note(Kind.FAULT_OVER, self.name, parameters=repr(fault))

    # -- the wire ------------------------------------------------------------------------------------

    def listen(self, data: bytes) -> None:
        """Take bytes at the first port as if a client had written them."""
        self.first.listen(data)

    def say(self, text: str) -> None:
        """Write a line of an answer."""
        self.speaking.say(text)

    def write(self, data: bytes, *, urc: bool = False) -> None:
        """Write bytes where we are being spoken to."""
        self.speaking.write(data, urc=urc)

    def urc(self, text: str) -> None:
        """Write an unsolicited line on the ports where this modem writes them."""
        for channel in self.told:
            channel.say(text, urc=True)

    @property
    def told(self) -> tuple[Channel, ...]:
        """Return the ports on which unsolicited lines are written."""
        if self.second is None or self._urcs == "both":
            return self.channels
        return (self.first,) if self._urcs == "first" else (self.second,)

    async def ask(self) -> Body:
        """Prompt, and return what was typed; only for the command that is being executed."""
        return await self.speaking.ask()
