from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from gateway.simulator import Network, VirtualModem
from gateway.sms import Address, submits, tpdu_length

FINALS = ("OK", "ERROR", "NO CARRIER", "COMMAND NOT SUPPORT", "+CME ERROR", "+CMS ERROR")


class Client:
    """A bare client of a tty: writes bytes, waits for bytes."""

    def __init__(self, path: Path) -> None:
        self.fd = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        self.heard = b""
        self.gone = False
        self._news = asyncio.Event()
        asyncio.get_running_loop().add_reader(self.fd, self._readable)

    def _readable(self) -> None:
        try:
            data = os.read(self.fd, 4096)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        self.heard += data
        if not data:
            self.gone = True
            asyncio.get_running_loop().remove_reader(self.fd)
        self._news.set()

    def write(self, data: bytes | str) -> None:
        os.write(self.fd, data.encode() if isinstance(data, str) else data)

    async def wait(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(20):
            while not condition():
                self._news.clear()
                await self._news.wait()

    async def until(self, mark: bytes | str) -> bytes:
        """Return what came up to and with `mark`; the rest stays."""
        wanted = mark.encode() if isinstance(mark, str) else mark
        await self.wait(lambda: wanted in self.heard)
        end = self.heard.index(wanted) + len(wanted)
        taken, self.heard = self.heard[:end], self.heard[end:]
        return taken

    def lines(self) -> list[str]:
        return [line for line in self.heard.decode("latin-1").replace("\r", "").split("\n") if line]

    async def ask(self, command: str) -> list[str]:
        """Write a command; return its answer's lines, the final result last (echo must be off)."""
        self.heard = b""
        self.write(command + "\r")
        await self.wait(lambda: any(line.startswith(FINALS) for line in self.lines()))
        answer, self.heard = self.lines(), b""
        return answer

    async def send(self, pdu: bytes) -> list[str]:
        """Send a PDU; return the answer's lines."""
        self.write(f"AT+CMGS={tpdu_length(pdu)}\r")
        await self.until("\r\n> ")
        self.write(pdu.hex().upper().encode() + b"\x1a")
        await self.wait(lambda: any(line.startswith(FINALS) for line in self.lines()))
        answer, self.heard = self.lines(), b""
        return answer

    async def text(self, to: str, text: str, **how: object) -> list[list[str]]:
        """Send a text, part by part; return the answers."""
        parts = submits(text, Address.parse(to), reference=7, **how)
        return [await self.send(part.encode()) for part in parts]

    def close(self) -> None:
        if not self.gone:
            asyncio.get_running_loop().remove_reader(self.fd)
            self.gone = True
        os.close(self.fd)


@pytest.fixture
async def network(tmp_path: Path) -> AsyncIterator[Network]:
    async with Network(directory=tmp_path) as network:
        yield network


@pytest.fixture
async def modem(network: Network) -> VirtualModem:
    return network.add_modem("sim0", number="+447700900001")


@pytest.fixture
async def connect() -> AsyncIterator[Callable[[VirtualModem], Client]]:
    """Open a modem's port; with echo off, as after ATE0, unless the test turns it on."""
    clients: list[Client] = []

    def opened(modem: VirtualModem, *, echo: bool = False) -> Client:
        modem.settings.echo = echo
        clients.append(Client(modem.path))
        return clients[-1]

    yield opened
    for client in clients:
        client.close()


@pytest.fixture
async def client(modem: VirtualModem, connect: Callable[[VirtualModem], Client]) -> Client:
    return connect(modem)
