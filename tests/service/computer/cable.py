"""The cable between a virtual modem's terminal and the USB adapter of a computer in QEMU."""

from __future__ import annotations

import os
import select
import socket
import threading
from contextlib import suppress
from pathlib import Path
from typing import Final

_CHUNK: Final = 4096  # bytes


class Cable:
    """Plugged in from the beginning: the adapter is on its bus while somebody is at its socket."""

    def __init__(self, adapter: Path, modem: Path) -> None:
        """Connect the two; raises `OSError` where one of them is not there."""
        self._modem = os.open(modem, os.O_RDWR | os.O_NOCTTY)
        self._adapter = socket.socket(socket.AF_UNIX)
        self._adapter.connect(str(adapter))
        self._stop, self._stopped = os.pipe()
        self._carrier = threading.Thread(target=self._carry, name="cable", daemon=True)
        self._carrier.start()

    def pull(self) -> None:
        """Pull it out: what is on its way is lost."""
        os.close(self._stopped)
        self._carrier.join(10)
        self._adapter.close()
        os.close(self._modem)
        os.close(self._stop)

    def _carry(self) -> None:
        with suppress(OSError):
            while True:
                ready, _, _ = select.select([self._stop, self._modem, self._adapter], [], [])
                if self._stop in ready:
                    return
                if self._modem in ready:
                    self._adapter.sendall(os.read(self._modem, _CHUNK))
                if self._adapter in ready:
                    data = self._adapter.recv(_CHUNK)
                    if not data:
                        return  # the computer is gone
                    os.write(self._modem, data)
