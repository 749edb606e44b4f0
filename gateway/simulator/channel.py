"""One serial port of a modem: its wire, the settings that each port has for itself, and what reads it.

Most modems offer two ports that speak AT. They share the SIM, the memories and the radio; echo, the error
level, the mode and `+CNMI` belong to the port on which they were set.
"""

from __future__ import annotations

import asyncio
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gateway.simulator.at import Body
from gateway.simulator.interpreter import Interpreter
from gateway.simulator.ledger import Kind
from gateway.simulator.wire import Wire

if TYPE_CHECKING:
    from gateway.simulator.modem import VirtualModem


@dataclass(slots=True)
class Settings:
    """What a port forgets when its modem restarts."""

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


SPEAKING: Final[ContextVar[Channel]] = ContextVar("SPEAKING")
"""The port on which the command that is being executed was typed."""


class Channel:
    """A port of `modem` at `link`."""

    def __init__(self, modem: VirtualModem, link: Path) -> None:
        self.settings = Settings()
        self.buffered: list[str] = []  # indications under mode 0 of +CNMI
        self.wire = Wire(link, self, byte_time=modem.timing.byte_time)
        self._modem = modem
        self._interpreter: Interpreter | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def awake(self) -> bool:
        """Say whether somebody reads what is typed."""
        return self._interpreter is not None

    @property
    def first(self) -> bool:
        """Say whether this is the modem's first port: faults of the line strike there."""
        return self._modem.first is self

    def start(self) -> asyncio.Task[None]:
        """Begin to read; return the task."""
        self._interpreter = Interpreter(self._modem, self)
        self._task = asyncio.create_task(self._run(self._interpreter), name=f"port {self.wire.link.name}")
        return self._task

    def stop(self) -> asyncio.Task[None] | None:
        """Forget the settings and everything that was typed; return the task that ends."""
        task, self._task, self._interpreter = self._task, None, None
        if task is not None:
            task.cancel()
        self.settings = Settings()
        self.buffered.clear()
        return task

    async def _run(self, interpreter: Interpreter) -> None:
        SPEAKING.set(self)
        await interpreter.run()

    # -- the wire ------------------------------------------------------------------------------------

    def hear(self, data: bytes) -> None:
        """Take bytes that the client wrote."""
        for fault in tuple(self._modem.faults):
            data = fault.heard(self._modem, data) if self.first else fault.heard_aside(data)
        self.listen(data)

    def listen(self, data: bytes) -> None:
        """Take bytes that got through."""
        if data and self._interpreter is not None:
            self._interpreter.type(data)

    def port_opened(self) -> None:
        """Take note of a client."""
        self._modem.ledger.note(Kind.PORT_OPENED, self._modem.name, port=self.wire.link.name)

    def port_closed(self) -> None:
        """Take note that the client left."""
        self._modem.ledger.note(Kind.PORT_CLOSED, self._modem.name, port=self.wire.link.name)

    def say(self, text: str, *, urc: bool = False) -> None:
        """Write a line."""
        self.write(f"\r\n{text}\r\n".encode("latin-1"), urc=urc)

    def write(self, data: bytes, *, urc: bool = False) -> None:
        """Write bytes, as far as faults let them through."""
        for fault in tuple(self._modem.faults):
            data = fault.said(self._modem, data, urc=urc) if self.first else fault.said_aside(data)
        if data:
            self.wire.write(data)

    async def ask(self) -> Body:
        """Prompt, and return what was typed; only for the command that is being executed."""
        assert self._interpreter is not None  # noqa: S101 - for the type checker: it is executing one
        return await self._interpreter.ask()
