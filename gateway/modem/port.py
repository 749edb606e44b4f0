"""The serial port: the one file that knows pyserial. Above it there are bytes and `ModemGone`."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import errno
import fcntl
import os
import termios
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import serial

from gateway.modem.errors import ModemGone, PortBusy, PortDenied, PortMissing
from gateway.modem.holders import group_of, holder_of, remedy_for

_CHUNK: Final = 4096
_BUSY: Final = {errno.EBUSY, errno.EAGAIN, errno.EWOULDBLOCK}
_MISSING: Final = {errno.ENOENT, errno.ENXIO, errno.ENODEV, errno.ENOTDIR}
_DENIED: Final = {errno.EACCES, errno.EPERM}


@contextlib.contextmanager
def port_errors(path: str) -> Iterator[None]:
    """Translate what the operating system and pyserial raise; above this line nobody knows them."""
    try:
        yield
    except (OSError, termios.error, ValueError) as exc:
        raise _translated(path, exc) from exc


def _translated(path: str, exc: Exception) -> ModemGone:
    number = getattr(exc, "errno", None)
    if number in _MISSING:
        return PortMissing(f"port {path} is not there: is the modem plugged in?")
    if number in _BUSY:
        return PortBusy(
            f"port {path} is held by {holder_of(path) or 'another process'}: stop it or choose another port"
        )
    if number in _DENIED:
        return PortDenied(f"port {path} may not be opened by this user: {remedy_for(group_of(path))}")
    inner = exc.__context__
    if number == errno.EISDIR or (isinstance(inner, termios.error) and inner.args[:1] == (errno.ENOTTY,)):
        return ModemGone(f"port {path} is not a serial port: correct port under [[modem]]")
    return ModemGone(f"port {path} cannot be used: {exc}")


class Port:
    """An open port on the event loop. Opened once; `lost` is told the reason when it dies."""

    def __init__(self, path: str, device: serial.Serial) -> None:
        """Take over `device`, which is open; see `open_port`."""
        self.path = path
        self._device = device
        self._fd: int = device.fileno()
        self._loop = asyncio.get_running_loop()
        self._unwritten = bytearray()
        self._stalled: asyncio.TimerHandle | None = None
        self._closed = False
        self._heard: Callable[[bytes], None]
        self._lost: Callable[[ModemGone], None]

    @property
    def unwritten(self) -> int:
        """How many bytes the modem has not taken yet; the last byte written is the last to go."""
        return len(self._unwritten)

    def start(self, heard: Callable[[bytes], None], lost: Callable[[ModemGone], None]) -> None:
        """Call `heard` with every chunk and, at most once, `lost` with the reason, in place of those before.

        Raises `ModemGone` where it has died meanwhile.
        """
        if self._closed:
            raise ModemGone(f"port {self.path} is closed")
        self._heard, self._lost = heard, lost
        self._loop.add_reader(self._fd, self._readable)

    def write(self, data: bytes, stall: float = 10.0) -> None:
        """Write now what the modem takes now, the rest when it takes more; raise if the port is dead."""
        if self._closed:
            raise ModemGone(f"port {self.path} is closed")
        if self._unwritten:
            self._unwritten += data
            return
        try:
            with port_errors(self.path):
                written = self._try_write(data)
        except ModemGone as exc:
            self._fail(exc)
            raise
        if written < len(data):
            self._unwritten += data[written:]
            self._loop.add_writer(self._fd, self._writable)
            self._stalled = self._loop.call_later(stall, self._stall, stall)

    def close(self) -> None:
        """Give the port back, without waiting for a modem that takes no bytes."""
        if self._closed:
            return
        self._closed = True
        self._loop.remove_reader(self._fd)
        self._stop_writing()
        _release(self._device)

    def _try_write(self, data: bytes | bytearray) -> int:
        try:
            return os.write(self._fd, data)
        except BlockingIOError:
            return 0

    def _readable(self) -> None:
        try:
            data = os.read(self._fd, _CHUNK)
        except BlockingIOError:
            return
        except OSError as exc:
            self._fail(ModemGone(f"port {self.path} was unplugged ({exc.strerror})"))
            return
        if data:
            self._heard(data)
        else:
            self._fail(ModemGone(f"port {self.path} was unplugged"))

    def _writable(self) -> None:
        try:
            with port_errors(self.path):
                del self._unwritten[: self._try_write(self._unwritten)]
        except ModemGone as exc:
            self._fail(exc)
            return
        if not self._unwritten:
            self._stop_writing()

    def _stop_writing(self) -> None:
        self._loop.remove_writer(self._fd)
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None

    def _stall(self, seconds: float) -> None:
        self._fail(ModemGone(f"port {self.path} has taken no bytes for {seconds:g} s"))

    def _fail(self, reason: ModemGone) -> None:
        if not self._closed:
            self.close()
            self._lost(reason)


Made = Callable[[str, serial.Serial], Port]


async def open_port(path: str, baud: int, timeout: float = 20.0, made: Made | None = None) -> Port:
    """Open `path` for us alone, and return what `made` makes of it. A cancelled or late open is undone."""
    opening = _in_thread(lambda: _open(path, baud))
    waiting = asyncio.wrap_future(opening)
    waiting.add_done_callback(_seen)
    try:
        async with asyncio.timeout(timeout):
            device = await asyncio.shield(waiting)
    except TimeoutError as exc:
        opening.add_done_callback(_discard)
        raise ModemGone(
            f"port {path} did not open within {timeout:g} s: unplug the modem and plug it in"
        ) from exc
    except asyncio.CancelledError:
        opening.add_done_callback(_discard)
        raise
    return (made or Port)(path, device)


def _in_thread(call: Callable[[], serial.Serial]) -> concurrent.futures.Future[serial.Serial]:
    """Run `call` in a daemon thread: an open that hangs in the kernel must not keep the process alive."""
    future: concurrent.futures.Future[serial.Serial] = concurrent.futures.Future()

    def work() -> None:
        try:
            future.set_result(call())
        except BaseException as exc:  # noqa: BLE001 - it is handed to whoever waits
            future.set_exception(exc)

    threading.Thread(target=work, name="open port", daemon=True).start()
    return future


def _seen(waiting: asyncio.Future[serial.Serial]) -> None:
    """Take note of an error that nobody waits for any more."""
    if not waiting.cancelled():
        waiting.exception()


def _discard(opening: concurrent.futures.Future[serial.Serial]) -> None:
    if opening.exception() is None:
        _release(opening.result())


def _open(path: str, baud: int) -> serial.Serial:
    with port_errors(path):
        device = serial.Serial(
            path, baud, timeout=0, write_timeout=0, exclusive=True, rtscts=False, dsrdtr=False
        )
    try:
        with port_errors(path):
            _claim(device.fileno(), path)
    except ModemGone:
        device.close()
        raise
    return device


def _claim(fd: int, path: str) -> None:
    """Make an empty read say EAGAIN (0 bytes then means gone), keep DTR up on close, shut others out."""
    settings = termios.tcgetattr(fd)
    settings[2] &= ~termios.HUPCL
    settings[6][termios.VMIN] = 1
    termios.tcsetattr(fd, termios.TCSANOW, settings)
    # On a pseudo-terminal the mark would outlive us: it stays until the other end closes too.
    if not Path(path).resolve().is_relative_to("/dev/pts"):
        fcntl.ioctl(fd, termios.TIOCEXCL)


def _release(device: serial.Serial) -> None:
    # Unsent bytes would make close() wait for a modem that may never take them.
    with contextlib.suppress(OSError, termios.error):
        termios.tcflush(device.fileno(), termios.TCOFLUSH)
    with contextlib.suppress(OSError):
        device.close()
