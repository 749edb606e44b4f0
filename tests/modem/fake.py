"""A scripted modem on a real pseudo-terminal: dialogue as data, every answer can be replaced by a test.

It is not the virtual network: it knows no radio. It says what a test tells it to say, and keeps the bytes.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import pty
import re
import tty
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from gateway.model import RawSms
from gateway.modem import Modem, ModemSettings, Timeouts

DIALOGUE = """
AT                -> OK
ATE0              -> OK
AT+CMEE=1         -> OK
AT+CGMI           -> SIMCOM_Ltd | OK
AT+CGMM           -> SIMCOM_SIM7600E | OK
AT+CGMR           -> LE11B12 | OK
AT+CGSN           -> 490154203237518 | OK
AT+CCID           -> +CCID: 8944110068000000017 | OK
AT+CIMI           -> 234100000000001 | OK
AT+CPIN?          -> +CPIN: READY | OK
AT+CMGF=0         -> OK
AT+CMGF?          -> +CMGF: 0 | OK
AT+CSMS?          -> +CSMS: 0,1,1,1 | OK
AT+CPMS=?         -> +CPMS: ("SM","SR"),("SM"),("SM") | OK
AT+CNMI=?         -> +CNMI: (0-2),(0-3),(0,2),(0-2),(0,1) | OK
AT+CSCA?          -> +CSCA: "+447785016005",145 | OK
AT+CREG=1         -> OK
AT+CGREG=1        -> OK
AT+CEREG=1        -> OK
AT+CREG?          -> +CREG: 1,1 | OK
AT+CGREG?         -> +CGREG: 1,1 | OK
AT+CEREG?         -> +CEREG: 1,1 | OK
AT+COPS?          -> +COPS: 0,0,"Test Net",2 | OK
AT+CSQ            -> +CSQ: 20,99 | OK
AT+CMGD=?         -> +CMGD: (1-20),(0-4) | OK
AT+CMMS=2         -> OK
AT+CMMS=0         -> OK
AT+CNMA           -> OK
"""

QUICK = Timeouts(
    command=0.4, prompt=0.4, submit=0.6, read=0.4, read_each=0.0, delete=0.4, wake=0.15, hush=0.01,
    quiet=0.02, late=0.3, open=2.0, stall=0.5,
)  # fmt: skip

STOP = "0791447758100650040C914477000910320000629010800300400453EA130A"
HELLO = "0791447758100650040C9144770009103200006290108003004005E8329BFD06"
REPORT = "079144775810065006070C914477000910326290108003004062901080130040" + "00"
SUBMIT = bytes.fromhex("0011000B916407281553F80000AA0AE8329BFD4697D9EC37")

Reply = str | Callable[[str], str | None] | None


class FakeModem:
    """Answers by `replies`; a reply may be text, a function of the command, or None for silence."""

    def __init__(self, directory: Path, name: str = "modem") -> None:
        self.path = str(directory / name)
        self.replies: dict[str, Reply] = {}
        for line in filter(None, DIALOGUE.splitlines()):
            command, _, answer = line.partition("->")
            self.replies[command.strip()] = framed(*answer.split(" | "))
        self.echo = False
        self.prompt: Reply = "\r\n> "
        self.result: Reply = None  # None: +CMGS with the next reference
        self.mute = False
        self.text_mode_bytes = b""
        self.commands: list[str] = []
        self.wire = b""  # all that was written to us
        self.submitted: list[str] = []
        self.stores: dict[str, dict[int, str]] = {"SM": {}, "SR": {}}
        self.selected = "SM"
        self.notifications = "0,0,0,0,0"
        self.mr = 0
        self._pending = b""
        self._at_prompt = False
        self._master = -1
        self.plug()

    def plug(self) -> None:
        """Appear as a new device behind the same name."""
        self._master, slave = pty.openpty()
        tty.setraw(slave)
        os.set_blocking(self._master, False)
        link = Path(self.path)
        link.unlink(missing_ok=True)
        link.symlink_to(os.ttyname(slave))
        # Our own descriptor keeps the pair alive while nobody has it open.
        self._slave = slave
        self._pending, self._at_prompt, self._unsent = b"", False, bytearray()
        asyncio.get_running_loop().add_reader(self._master, self._readable)

    def unplug(self) -> None:
        """Vanish, with the name."""
        if self._master >= 0:
            asyncio.get_running_loop().remove_reader(self._master)
            asyncio.get_running_loop().remove_writer(self._master)
            os.close(self._slave)
            os.close(self._master)
            self._master = -1
            Path(self.path).unlink(missing_ok=True)

    def say(self, text: str | bytes) -> None:
        """Put bytes on the line; what its buffer cannot take follows when the driver has read."""
        self._unsent += text if isinstance(text, bytes) else text.encode("latin-1")
        self._flush()

    def _flush(self) -> None:
        with contextlib.suppress(BlockingIOError):
            del self._unsent[: os.write(self._master, self._unsent)]
        if self._unsent:
            asyncio.get_running_loop().add_writer(self._master, self._flush)
        else:
            asyncio.get_running_loop().remove_writer(self._master)

    def urc(self, *lines: str) -> None:
        self.say(framed(*lines))

    def store(self, pdu: str, index: int = 1, memory: str = "SM", *, tell: bool = True) -> None:
        self.stores.setdefault(memory, {})[index] = pdu
        if tell:
            self.urc(f'+CMTI: "{memory}",{index}' if memory != "SR" else f'+CDSI: "SR",{index}')

    def _readable(self) -> None:
        with contextlib.suppress(BlockingIOError, OSError):
            data = os.read(self._master, 65536)
            self.wire += data
            if not self.mute:
                self._pending += data
                self._take()

    def _take(self) -> None:
        while True:
            ends = rb"[\x1a\x1b]" if self._at_prompt else rb"[\r\x1b]"
            match = re.search(ends, self._pending)
            if match is None:
                return
            text = self._pending[: match.start()].decode("latin-1")
            self._pending = self._pending[match.end() :]
            if match[0] == b"\x1b":
                self._at_prompt = False
                continue
            if self.echo:
                self.say(text + match[0].decode())
            if self._at_prompt:
                self._at_prompt = False
                self._submit(text)
            elif text:
                self.commands.append(text)
                self._answer(text)

    def _answer(self, command: str) -> None:
        reply = self.replies[command] if command in self.replies else self._standard(command)
        text = reply(command) if callable(reply) else reply
        if text is not None:
            self.say(text)

    def _submit(self, text: str) -> None:
        self.submitted.append(text)
        self.mr += 1
        reply = self.result(text) if callable(self.result) else self.result
        self.say(framed(f"+CMGS: {self.mr}", "OK") if reply is None else reply)

    def _standard(self, command: str) -> Reply:
        name, _, value = command.partition("=")
        method = _STATEFUL.get(name)
        return framed("ERROR") if method is None else method(self, value)

    def _send(self, _: str) -> str | None:
        self._at_prompt = True
        return self.prompt(_) if callable(self.prompt) else self.prompt

    def _memory(self, value: str) -> str:
        if value:
            self.selected = value.split(",")[0].strip('"')
        counts = (
            f"{len(self.stores[self.selected])},20,{len(self.stores['SM'])},20,{len(self.stores['SM'])},20"
        )
        return framed(f"+CPMS: {counts}", "OK")

    def _memory_now(self, _: str) -> str:
        used = [f'"{m}",{len(self.stores[m])},20' for m in (self.selected, "SM", "SM")]
        return framed("+CPMS: " + ",".join(used), "OK")

    def _notify(self, value: str) -> str:
        self.notifications = value
        return framed("OK")

    def _notifications(self, _: str) -> str:
        return framed(f"+CNMI: {self.notifications}", "OK")

    def _list(self, _: str) -> str:
        found = sorted(self.stores[self.selected].items())
        lines = [line for index, pdu in found for line in (f"+CMGL: {index},0,,{octets(pdu)}", pdu)]
        return framed(*lines, "OK")

    def _read(self, value: str) -> str:
        pdu = self.stores[self.selected].get(int(value))
        return framed("+CMS ERROR: 321") if pdu is None else framed(f"+CMGR: 0,,{octets(pdu)}", pdu, "OK")

    def _delete(self, value: str) -> str:
        self.stores[self.selected].pop(int(value), None)
        return framed("OK")


_STATEFUL: dict[str, Callable[[FakeModem, str], str | None]] = {
    "AT+CMGS": FakeModem._send,
    "AT+CPMS": FakeModem._memory,
    "AT+CPMS?": FakeModem._memory_now,
    "AT+CNMI": FakeModem._notify,
    "AT+CNMI?": FakeModem._notifications,
    "AT+CMGL": FakeModem._list,
    "AT+CMGR": FakeModem._read,
    "AT+CMGD": FakeModem._delete,
}


def framed(*lines: str) -> str:
    return "".join(f"\r\n{line.strip()}\r\n" for line in lines)


def octets(pdu: str) -> int:
    return len(pdu) // 2 - 1 - int(pdu[:2], 16)


class Store:
    """A sink in memory; it can refuse, and it can be slow."""

    def __init__(self) -> None:
        self.messages: list[RawSms] = []
        self.broken = False
        self.gate = asyncio.Event()
        self.gate.set()
        self.arrived = asyncio.Event()

    async def received(self, messages: Sequence[RawSms]) -> None:
        await self.gate.wait()
        if self.broken:
            raise OSError("disk full")
        self.messages += messages
        self.arrived.set()

    @property
    def pdus(self) -> list[str]:
        return [message.pdu for message in self.messages]

    async def until(self, count: int) -> None:
        async with asyncio.timeout(5):
            while len(self.messages) < count:
                self.arrived.clear()
                await self.arrived.wait()


class Pins:
    """A PIN memory that a restart does not erase."""

    def __init__(self) -> None:
        self.attempts: set[tuple[str, str]] = set()

    async def tried(self, sim: str, pin_hash: str) -> bool:
        return (sim, pin_hash) in self.attempts

    async def trying(self, sim: str, pin_hash: str) -> None:
        self.attempts.add((sim, pin_hash))

    async def worked(self, sim: str, pin_hash: str) -> None:
        self.attempts.discard((sim, pin_hash))


def now() -> datetime:
    return datetime(2026, 11, 24, 12, tzinfo=UTC)


async def nap(_: float) -> None:
    """The driver's `sleep` in tests: let others run, do not wait."""
    await asyncio.sleep(0.01)


def driver(path: str, sink: Store, **changes: object) -> Modem:
    pins = changes.pop("pins", None) or Pins()
    values: dict[str, object] = {"name": "sim0", "port": path, "timeouts": QUICK, "registration_poll": 0.05}
    return Modem(ModemSettings(**(values | changes)), sink=sink, clock=now, sleep=nap, remember_pin=pins)


@contextlib.asynccontextmanager
async def running(modem: Modem):
    task = asyncio.create_task(modem.run())
    try:
        yield modem
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def until(condition: Callable[[], bool], seconds: float = 5.0) -> None:
    """Wait for a condition that no event tells of; fails the test by its time-out."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - what it waits for is not ours and tells nobody
            await asyncio.sleep(0.005)
