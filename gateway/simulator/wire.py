"""A pseudo-terminal that behaves like the tty of a USB modem: opened, closed, unplugged, paced."""

from __future__ import annotations

import asyncio
import errno
import os
import select
import termios
import tty
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Final, Protocol

_LOOK_EVERY: Final = 0.01  # a closed pty cannot tell that it was opened: look
_CHUNK: Final = 8  # bytes handed on at once when the wire is paced
_MAX_UNREAD: Final = 1 << 16


class WireUser(Protocol):
    """Who sits at the modem's end of the wire."""

    def hear(self, data: bytes) -> None:
        """Take bytes that the client wrote."""

    def port_opened(self) -> None:
        """Take note of a client."""

    def port_closed(self) -> None:
        """Take note that the client left."""


class Pacer:
    """Hands bytes on in order, no faster than `byte_time` seconds each."""

    def __init__(self, deliver: Callable[[bytes], None], byte_time: float) -> None:
        self.byte_time = byte_time
        self.chop = False  # one byte at a time, each in its own turn of the loop
        self._deliver = deliver
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[bytes] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._due = 0.0

    def push(self, data: bytes) -> None:
        """Hand `data` on now or when its turn comes."""
        if not (self.byte_time or self.chop or self._waiting):
            self._deliver(data)
            return
        size = 1 if self.chop else _CHUNK
        self._waiting.extend(data[i : i + size] for i in range(0, len(data), size))
        if self._timer is None and self._waiting:
            self._due = self._loop.time()
            self._schedule()

    def clear(self) -> None:
        """Lose what is still on its way."""
        self._waiting.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _schedule(self) -> None:
        self._due += len(self._waiting[0]) * self.byte_time
        self._timer = self._loop.call_at(self._due, self._fire)

    def _fire(self) -> None:
        self._timer = None
        self._deliver(self._waiting.popleft())
        if self._waiting and self._timer is None:
            self._schedule()


class Wire:
    """One pty with a stable name: `link` points at it while it is plugged in."""

    def __init__(self, link: Path, user: WireUser, *, byte_time: float = 0.0) -> None:
        self.link = link
        self._user = user
        self._loop = asyncio.get_running_loop()
        self._master: int | None = None
        self._open = False
        self._look: asyncio.TimerHandle | None = None
        self._unread = bytearray()
        self.incoming = Pacer(user.hear, byte_time)
        self.outgoing = Pacer(self._put, byte_time)

    @property
    def plugged(self) -> bool:
        """Say whether the device is there."""
        return self._master is not None

    def plug(self) -> None:
        """Make a fresh pty and point the link at it."""
        self._take_away()
        master, slave = os.openpty()
        tty.setraw(slave)  # it stays raw as long as the master lives
        target = os.ttyname(slave)
        os.close(slave)
        os.set_blocking(master, False)
        self._master, self._open = master, False
        fresh = self.link.with_name(f".{self.link.name}.new")
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(target)
        fresh.replace(self.link)
        self._await_client()

    def unplug(self) -> None:
        """Pull it: the client gets EIO or an end of file, the link is gone, bytes on the way are lost."""
        self.link.unlink(missing_ok=True)
        self._take_away()

    def stop_taking(self) -> None:
        """Have the tty take no more bytes from the client that has it open: to the client, a full buffer."""
        tty_of_client = os.open(self.link, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        try:
            termios.tcflow(tty_of_client, termios.TCOOFF)
        finally:
            os.close(tty_of_client)

    def write(self, data: bytes) -> None:
        """Send bytes to the client; with no client they are lost, as on hardware."""
        if not self._open:
            self._await_client()
        if self._open:
            self.outgoing.push(data)

    def _await_client(self) -> None:
        if self._look is not None:
            self._look.cancel()
        if self._master is None:
            return
        poll = select.poll()
        poll.register(self._master, select.POLLIN)
        events = poll.poll(0)
        if events and events[0][1] & select.POLLHUP and not events[0][1] & select.POLLIN:
            self._look = self._loop.call_later(_LOOK_EVERY, self._await_client)
            return
        self._look = None
        self._open = True
        self._loop.add_reader(self._master, self._readable, self._master)
        self._user.port_opened()

    def _readable(self, master: int) -> None:
        try:
            data = os.read(master, 4096)
        except BlockingIOError:
            return
        except OSError as error:
            if error.errno != errno.EIO:
                raise
            data = b""
        if data:
            self.incoming.push(data)
            return
        # A fresh pty, since TIOCEXCL outlives the client on this one and would lock the next one out.
        self._take_away()
        self._user.port_closed()
        self.plug()

    def _take_away(self) -> None:
        if self._master is None:
            return
        if self._open:
            self._loop.remove_reader(self._master)
            self._loop.remove_writer(self._master)
        if self._look is not None:
            self._look.cancel()
        os.close(self._master)
        self._master, self._open, self._look = None, False, None
        self._unread.clear()
        self.incoming.clear()
        self.outgoing.clear()

    def _put(self, data: bytes) -> None:
        if self._unread:
            self._unread += data[: _MAX_UNREAD - len(self._unread)]
            return
        rest = data[self._write_some(data) :]
        if rest and self._master is not None:
            self._unread += rest
            self._loop.add_writer(self._master, self._drain)

    def _drain(self) -> None:
        del self._unread[: self._write_some(bytes(self._unread))]
        if not self._unread and self._master is not None:
            self._loop.remove_writer(self._master)

    def _write_some(self, data: bytes) -> int:
        assert self._master is not None  # noqa: S101 - for the type checker: only called while plugged
        try:
            return os.write(self._master, data)
        except BlockingIOError:
            return 0
        except OSError:  # the client has just gone; the reader will notice
            return len(data)
