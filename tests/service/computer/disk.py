"""A disk whose cache forgets: what was not flushed when the power went may have reached it, or not.

It speaks NBD (fixed newstyle negotiation, simple replies), which QEMU takes as a block device.
"""

from __future__ import annotations

import os
import random
import socket
import struct
import subprocess
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

PIECE: Final = 4096  # bytes that are written as one; of a longer write a part may be lost
_GREETING: Final = struct.pack(">8s8sH", b"NBDMAGIC", b"IHAVEOPT", 1)
_OPTION, _ANSWER = 0x49484156454F5054, 0x3E889045565A9
_GO, _ACK, _INFO, _UNSUPPORTED = 7, 1, 3, 0x80000001
_REQUEST, _REPLY = 0x25609513, 0x67446698
_READ, _WRITE, _DISCONNECT, _FLUSH = 0, 1, 2, 3
_FUA: Final = 1  # of a request: what it writes is to be durable before the reply
_FLAGS: Final = 1 | 4 | 8  # of the disk: these flags count, and there are FLUSH and FUA


class _Written(NamedTuple):
    start: int
    data: bytes
    sure: bool  # it was promised to be durable

    def pieces(self) -> Iterator[_Written]:
        for at in range(0, len(self.data), PIECE):
            yield _Written(self.start + at, self.data[at : at + PIECE], self.sure)


class Disk:
    """A disk in `folder`, at first as `image` has it, for one machine at a time at `address`."""

    def __init__(self, folder: Path, image: Path) -> None:
        """Make it; nothing is served yet."""
        folder.mkdir()
        self.address: Final = folder / "disk.sock"
        self._durable, self._seen = folder / "durable.img", folder / "seen.img"
        self._fresh: list[_Written] = []  # since the last flush
        self._writes, self._stall_at = 0, 0  # how many there were, and at which it stalls; 0: at none
        self._stalled = threading.Event()
        self._served: threading.Thread | None = None
        _copy(image, self._durable)
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(self.address))
        self._listener.listen(1)

    def serve(self) -> None:
        """Wait for one machine; it finds what is durable."""
        _copy(self._durable, self._seen)
        self._stall_at = 0
        self._stalled.clear()
        self._served = threading.Thread(target=self._serve, name="disk", daemon=True)
        self._served.start()

    def close(self) -> None:
        """Be gone."""
        self._listener.close()

    def stall(self, writes: int, within: float) -> None:
        """Answer nothing any more once so many more writes have come: the power then goes among them."""
        self._stall_at = self._writes + writes
        assert self._stalled.wait(within), f"no {writes} writes within {within} s"

    def lose_power(self, chance: random.Random) -> tuple[int, int]:
        """Forget what was not flushed but for what chance keeps, when the machine is dead.

        Return how many pieces were kept, and of how many that nobody had promised to be durable.
        """
        assert self._served is not None
        self._served.join(10)
        assert not self._served.is_alive(), "the machine still holds the disk"
        pieces = [piece for each in self._fresh for piece in each.pieces()]
        self._fresh = [piece for piece in pieces if piece.sure or chance.random() < 0.5]
        kept, all_of_them = (sum(not piece.sure for piece in these) for these in (self._fresh, pieces))
        with self._durable.open("r+b", buffering=0) as durable:
            self._settle(durable.fileno())
        return kept, all_of_them

    def _serve(self) -> None:
        machine, _ = self._listener.accept()
        with (
            machine,
            self._durable.open("r+b", buffering=0) as durable,
            self._seen.open("r+b", buffering=0) as seen,
            suppress(EOFError, ConnectionError),
        ):
            _negotiate(machine, self._seen.stat().st_size)
            while self._do(machine, durable.fileno(), seen.fileno()):
                pass

    def _do(self, machine: socket.socket, durable: int, seen: int) -> bool:
        """Do one request; return whether more may come."""
        magic, flags, kind, cookie, start, size = struct.unpack(">IHHQQI", _exactly(machine, 28))
        assert magic == _REQUEST
        answer = b""
        if kind == _DISCONNECT:
            return False
        if kind == _READ:
            answer = os.pread(seen, size, start)
        elif kind == _WRITE:
            data = _exactly(machine, size)
            os.pwrite(seen, data, start)
            self._fresh.append(_Written(start, data, bool(flags & _FUA)))
            self._writes += 1
            if 0 < self._stall_at <= self._writes:
                self._stalled.set()
                while machine.recv(1 << 16):
                    pass
                return False
        elif kind == _FLUSH:
            self._settle(durable)
        machine.sendall(struct.pack(">IIQ", _REPLY, 0, cookie) + answer)
        return True

    def _settle(self, durable: int) -> None:
        for each in self._fresh:
            os.pwrite(durable, each.data, each.start)
        self._fresh.clear()


def _negotiate(machine: socket.socket, size: int) -> None:
    """Agree on this one disk, whatever the name that is asked for."""
    machine.sendall(_GREETING)
    _exactly(machine, 4)
    option = 0
    while option != _GO:
        _, option, length = struct.unpack(">QII", _exactly(machine, 16))
        _exactly(machine, length)
        if option == _GO:
            export = struct.pack(">HQH", 0, size, _FLAGS)
            machine.sendall(struct.pack(">QIII", _ANSWER, option, _INFO, len(export)) + export)
        kind = _ACK if option == _GO else _UNSUPPORTED
        machine.sendall(struct.pack(">QIII", _ANSWER, option, kind, 0))


def _exactly(machine: socket.socket, size: int) -> bytes:
    found = bytearray()
    while len(found) < size:
        more = machine.recv(size - len(found))
        if not more:
            raise EOFError
        found += more
    return bytes(found)


def _copy(image: Path, to: Path) -> None:
    subprocess.run(["cp", "--sparse=always", image, to], check=True)
