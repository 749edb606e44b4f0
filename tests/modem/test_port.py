"""The port on real pseudo-terminals: what an unplugged, busy, forbidden or deaf port does and says."""

from __future__ import annotations

import asyncio
import os
import pty
import threading
import tty
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import serial

from gateway.model import ModemPhase
from gateway.modem import port as port_module
from gateway.modem.errors import ModemGone, PortBusy, PortDenied, PortMissing
from gateway.modem.holders import group_of, remedy_for
from gateway.modem.port import Port, open_port, port_errors


@pytest.fixture
def line() -> Iterator[tuple[int, str]]:
    master, slave = pty.openpty()
    tty.setraw(slave)
    yield master, os.ttyname(slave)
    os.close(slave)
    with suppress(OSError):
        os.close(master)


class Ear:
    """Keeps what a port hears."""

    def __init__(self, port: Port) -> None:
        self.data = b""
        self.reasons: list[ModemGone] = []
        self.news = asyncio.Event()
        port.start(self.heard, self.lost)

    def heard(self, data: bytes) -> None:
        self.data += data
        self.news.set()

    def lost(self, reason: ModemGone) -> None:
        self.reasons.append(reason)
        self.news.set()

    async def next(self) -> None:
        async with asyncio.timeout(5):
            await self.news.wait()
        self.news.clear()


def open_descriptors() -> set[str]:
    return {str(fd.readlink()) for fd in Path("/proc/self/fd").iterdir() if fd.is_symlink()}


async def test_bytes_go_both_ways(line: tuple[int, str]) -> None:
    master, path = line
    port = await open_port(path, 115200)
    ear = Ear(port)
    port.write(b"AT\r")
    assert os.read(master, 10) == b"AT\r"
    os.write(master, b"\r\nOK\r\n")
    await ear.next()
    assert ear.data == b"\r\nOK\r\n"
    port.close()


async def test_an_unplugged_port_is_lost_once_and_refuses_bytes(line: tuple[int, str]) -> None:
    master, path = line
    slave_copy = await open_port(path, 115200)
    ear = Ear(slave_copy)
    os.close(master)
    await ear.next()
    assert [str(reason) for reason in ear.reasons] == [f"port {path} was unplugged"]
    with pytest.raises(ModemGone):
        slave_copy.write(b"AT\r")
    assert len(ear.reasons) == 1


async def test_a_missing_port_is_named_and_is_waited_for(tmp_path: Path) -> None:
    with pytest.raises(PortMissing, match="is not there: is the modem plugged in") as caught:
        await open_port(str(tmp_path / "ttyUSB0"), 115200)
    assert caught.value.phase is ModemPhase.SEARCHING


async def test_a_port_that_another_process_holds_names_that_process(line: tuple[int, str]) -> None:
    holder = await asyncio.create_subprocess_exec(
        "python3",
        "-c",
        f"import fcntl,sys; f=open({line[1]!r}); fcntl.flock(f,2); print('held', flush=True); input()",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert holder.stdout is not None
    assert await holder.stdout.readline() == b"held\n"
    with pytest.raises(PortBusy, match=rf"held by python3.* \(pid {holder.pid}\)"):
        await open_port(line[1], 115200)
    holder.terminate()
    await holder.communicate()


async def test_two_drivers_cannot_share_a_port(line: tuple[int, str]) -> None:
    first = await open_port(line[1], 115200)
    with pytest.raises(PortBusy, match=f"pid {os.getpid()}"):
        await open_port(line[1], 115200)
    first.close()
    (await open_port(line[1], 115200)).close()


@pytest.mark.parametrize(
    ("group", "said"),
    [
        ("dialout", "add it to the group dialout and restart"),
        ("root", "have a udev rule give it to the group dialout: sudo schoolgate doctor"),
        ("tty", "have a udev rule give it to the group dialout: sudo schoolgate doctor"),
    ],
)
def test_nobody_is_sent_into_a_group_that_opens_more_than_ports(group: str, said: str) -> None:
    assert remedy_for(group) == said


def test_a_forbidden_port_says_what_gives_it_to_us(tmp_path: Path) -> None:
    path = tmp_path / "ttyUSB0"
    path.touch()
    said = remedy_for(group_of(str(path)))
    with pytest.raises(PortDenied, match=f"by this user: {said}"), port_errors(str(path)):
        raise serial.SerialException(13, "could not open port")


@pytest.mark.parametrize("what", ["file", "folder", "device"])
async def test_what_is_no_port_is_refused_with_a_sentence(tmp_path: Path, what: str) -> None:
    path = Path("/dev/null") if what == "device" else tmp_path / what
    if what == "folder":
        path.mkdir()
    elif what == "file":
        path.touch()
    before = open_descriptors()
    with pytest.raises(ModemGone, match="is not a serial port: correct port under"):
        await open_port(str(path), 115200)
    assert open_descriptors() == before


async def test_a_modem_that_takes_no_bytes_keeps_them_waiting_in_order(line: tuple[int, str]) -> None:
    master, path = line
    port = await open_port(path, 115200)
    ear = Ear(port)
    sent = os.urandom(200_000)
    port.write(sent)
    port.write(b"\x1a")
    assert port.unwritten > 0
    got = b""
    loop = asyncio.get_running_loop()
    while len(got) < len(sent) + 1:
        got += await loop.run_in_executor(None, os.read, master, 65536)
    assert got == sent + b"\x1a"
    assert port.unwritten == 0
    assert not ear.reasons
    port.close()


async def test_a_modem_that_takes_no_bytes_for_too_long_is_gone(line: tuple[int, str]) -> None:
    port = await open_port(line[1], 115200)
    ear = Ear(port)
    port.write(b"x" * 100_000, stall=0.05)
    await ear.next()
    assert "has taken no bytes" in str(ear.reasons[0])
    assert port.unwritten > 0, "whoever wrote last can see that it has not gone"


async def test_a_cancelled_open_leaks_no_descriptor(
    line: tuple[int, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The open blocks as it does on a dying USB device; only the world outside is slowed."""
    started, go_on, done = threading.Event(), threading.Event(), threading.Event()
    real = serial.Serial

    def slow(*args: object, **kwargs: object) -> serial.Serial:
        device = real(*args, **kwargs)
        started.set()
        go_on.wait(5)
        return device

    monkeypatch.setattr(serial, "Serial", slow)
    real_release = port_module._release

    def release(device: serial.Serial) -> None:
        real_release(device)
        done.set()

    monkeypatch.setattr(port_module, "_release", release)
    task = asyncio.create_task(open_port(line[1], 115200))
    loop = asyncio.get_running_loop()
    await loop.run_in_executor(None, started.wait, 5)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    go_on.set()
    assert await loop.run_in_executor(None, done.wait, 5)
    monkeypatch.undo()
    (await open_port(line[1], 115200)).close()  # the lock is free: nothing holds it any more


async def test_an_open_that_hangs_is_given_up_in_time(
    line: tuple[int, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = threading.Event()

    def hang(*_: object, **__: object) -> serial.Serial:
        go_on.wait(5)
        raise serial.SerialException(5, "gone after all")

    monkeypatch.setattr(serial, "Serial", hang)
    with pytest.raises(ModemGone, match="did not open within"):
        await open_port(line[1], 115200, timeout=0.05)
    monkeypatch.undo()
    go_on.set()
