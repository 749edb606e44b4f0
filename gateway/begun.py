"""Which claim was last begun on a modem: a mark that outlives the process, though not the machine.

The mark is a page of memory that the kernel shares with a file. It keeps it whatever becomes of us, and it
costs nothing where a commit costs milliseconds. After a restart of the machine it is not believed.
"""

from __future__ import annotations

import mmap
import os
import re
from pathlib import Path
from typing import Final

_BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")
_RECORD: Final = re.compile(rb"([0-9a-f-]{36}) ([0-9]{20})\n")
_SIZE: Final = 36 + 1 + 20 + 1


class Begun:
    """The mark of one modem, in a file beside the database."""

    def __init__(self, path: Path) -> None:
        """Open or make the file. Raises `OSError`."""
        self._boot = _BOOT_ID.read_text().strip().encode()
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.posix_fallocate(file, 0, _SIZE)  # a full disk shows now, not at the prompt
            self._memory = mmap.mmap(file, _SIZE)
        finally:
            os.close(file)

    def mark(self, order: int) -> None:
        """Note that the PDU of the claim with this `order` is about to be written."""
        self._memory[:] = b"%s %020d\n" % (self._boot, order)

    def last(self) -> int | None:
        """Return the order of the claim that was begun last; None if nothing is known of this boot."""
        match = _RECORD.fullmatch(self._memory[:])
        return int(match[2]) if match is not None and match[1] == self._boot else None

    def close(self) -> None:
        """Let go of the file."""
        self._memory.close()
