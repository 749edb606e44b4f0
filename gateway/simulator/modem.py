"""A virtual modem: what joins the wire, the interpreter, the SIM, the stores and the radio."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

from gateway.simulator.at import Body
from gateway.simulator.card import SimCard, luhn
from gateway.simulator.fault import Fault
from gateway.simulator.faults import FAULTS
from gateway.simulator.inbox import Inbox
from gateway.simulator.interpreter import Interpreter
from gateway.simulator.ledger import Kind, Ledger
from gateway.simulator.personas import Persona
from gateway.simulator.radio import Air, Radio
from gateway.simulator.storage import Storage
from gateway.simulator.timing import Timing
from gateway.simulator.wire import Wire


@dataclass(slots=True)
class Settings:
    """What a modem forgets when it restarts."""

    echo: bool = True
    verbose: bool = True
    cmee: int = 0
    text_mode: bool = False
    csms: int = 0
    cmms: int = 0
    cnmi: tuple[int, ...] = (0, 0, 0, 0, 0)
    notify: dict[str, int] = field(default_factory=dict)  # +CREG and relatives -> n
    cops_format: int = 0
    charset: str = "GSM"
    csmp: tuple[int, ...] = (17, 167, 0, 0)


class VirtualModem:
    """One modem of the network, behind its own pty."""

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
    ) -> None:
        self.name: str = name
        self.number: str = number
        self.timing: Timing = timing
        self.persona: Persona = persona
        self.ledger: Ledger = ledger
        self.imei: str = luhn(f"35000000{serial:06d}")
        self.signal = 20
        self.functional = 1  # +CFUN
        self.settings = Settings()
        self.sim = SimCard(serial, pin=pin)
        self.storage = Storage(persona.memories, persona.first_index, persona.cpms_uses)
        self.faults: list[Fault] = []
        self.radio = Radio(self, air)
        self.inbox = Inbox(self)
        self.wire = Wire(link, self, byte_time=timing.byte_time)
        self._interpreter: Interpreter | None = None
        self._task: asyncio.Task[None] | None = None
        self._booting: asyncio.TimerHandle | None = None
        self._crash: BaseException | None = None
        self._sim_ready_at = 0.0

    def __repr__(self) -> str:
        return f"<VirtualModem {self.name} {self.number} {self.persona.name} at {self.path}>"

    @property
    def path(self) -> Path:
        """Return the path to open; it survives unplugging."""
        return self.wire.link

    # -- power ---------------------------------------------------------------------------------------

    @property
    def awake(self) -> bool:
        """Say whether the modem has power and has booted."""
        return self._interpreter is not None

    def power_on(self) -> None:
        """Plug in a modem that has long since booted and, if its SIM lets it, registered."""
        self.wire.plug()
        self._start()

    def reset(self) -> None:
        """Restart: everything that is not on the SIM or in a memory is forgotten."""
        self._stop()
        self._booting = asyncio.get_running_loop().call_later(self.timing.boot, self._boot)

    def unplug(self) -> None:
        """Cut the power and take the port away."""
        self._stop()
        self.wire.unplug()
        self.ledger.note(Kind.UNPLUGGED, self.name)

    def plug(self) -> None:
        """Put it back: a new port, then a boot."""
        self.wire.plug()
        self.ledger.note(Kind.PLUGGED, self.name, path=str(self.path))
        self.reset()

    async def close(self) -> None:
        """Take the modem away for good; raise what its interpreter died of."""
        self.clear_faults()
        task = self._task
        self._stop()
        self.wire.unplug()
        if task is not None:
            await asyncio.gather(task, return_exceptions=True)
        if self._crash is not None:
            raise self._crash

    def forget_settings(self) -> None:
        """Fall back to the settings of power-up (ATZ, AT&F)."""
        self.settings = Settings()

    def _stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
        if self._booting is not None:
            self._booting.cancel()
        self._interpreter = self._task = self._booting = None
        self.forget_settings()
        self.storage.forget_selection()
        self.sim.power_up()
        self.radio.power_down()
        self.inbox.power_down()

    def _boot(self) -> None:
        self._booting = None
        self.functional = 1
        self.ledger.note(Kind.BOOTED, self.name)
        self._start()
        for line in self.persona.boot_lines:
            self.urc(line)
        self.radio.search()

    def _start(self) -> None:
        self._interpreter = Interpreter(self)
        self._task = asyncio.create_task(self._interpreter.run(), name=f"interpreter of {self.name}")
        self._task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            self._crash = error
            task.get_loop().call_exception_handler({"message": f"{self!r} died", "exception": error})

    # -- the SIM -------------------------------------------------------------------------------------

    @property
    def sim_busy(self) -> bool:
        """Say whether the SIM still reads itself after its PIN."""
        return self.ledger.clock() < self._sim_ready_at

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

    def hear(self, data: bytes) -> None:
        """Take bytes that the client wrote."""
        for fault in tuple(self.faults):
            data = fault.heard(self, data)
        self.listen(data)

    def listen(self, data: bytes) -> None:
        """Take bytes that got through."""
        if data and self._interpreter is not None:
            self._interpreter.type(data)

    def port_opened(self) -> None:
        """Take note of a client."""
        self.ledger.note(Kind.PORT_OPENED, self.name)

    def port_closed(self) -> None:
        """Take note that the client left."""
        self.ledger.note(Kind.PORT_CLOSED, self.name)

    def say(self, text: str) -> None:
        """Write a line of an answer."""
        self.write(f"\r\n{text}\r\n".encode("latin-1"))

    def urc(self, text: str) -> None:
        """Write an unsolicited line."""
        self.write(f"\r\n{text}\r\n".encode("latin-1"), urc=True)

    def write(self, data: bytes, *, urc: bool = False) -> None:
        """Write bytes, as far as faults let them through."""
        for fault in tuple(self.faults):
            data = fault.said(self, data, urc=urc)
        if data:
            self.wire.write(data)

    async def ask(self) -> Body:
        """Prompt, and return what was typed; only for the command that is being executed."""
        assert self._interpreter is not None  # noqa: S101 - for the type checker: it is executing one
        return await self._interpreter.ask()
