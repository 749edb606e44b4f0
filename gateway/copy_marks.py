"""Which copies in a modem's memory are ours, in a file beside the database: a crash leaves no slot taken.

What is written goes to memory that the kernel shares with the file: it outlives the process, not the machine.
What is lost then is a slot of the SIM, at most; no message.
"""

from __future__ import annotations

import mmap
import os
import re
from collections.abc import Collection
from pathlib import Path
from typing import Final

from gateway.modem.copies import MOST, Copies

_MARK: Final = re.compile(rb"[0-9a-f]{16}")
_SIZE: Final = 17 * MOST


def copies_of(database: Path, modem: str) -> Copies:
    """Return the copies of `modem` in the gateway whose database this is. Raises `OSError`."""
    file = os.open(
        database.with_name(f"{database.stem}.{modem}.copies"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600
    )
    try:
        os.posix_fallocate(file, 0, _SIZE)
        memory = mmap.mmap(file, _SIZE)
    finally:
        os.close(file)

    def save(marks: Collection[str]) -> None:
        memory[:] = b"".join(mark.encode() + b"\n" for mark in marks).ljust(_SIZE, b"\0")

    return Copies([mark.decode() for mark in _MARK.findall(memory[:])], save)
