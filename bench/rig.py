"""A site for measuring: the daemon as a process of its own, everything else in this one."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from gateway.simulator import Kind, Timing
from tests.system.site import Site, eventually, number, own_port, site, spawned

EVERYBODY = [number(index) for index in range(900)]
_TICK = os.sysconf("SC_CLK_TCK")


@dataclass(slots=True)
class Rig:
    """A running daemon and what can be read off it from outside."""

    site: Site
    pid: int
    began: float

    def cpu(self) -> float:
        """Return the seconds of processor time that the daemon has used."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICK

    def peak_rss_mb(self) -> float:
        """Return the daemon's peak resident memory in MB (10^6 bytes)."""
        lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) * 1024 / 1e6

    def store(self) -> sqlite3.Connection:
        """Return a reading connection of our own to the daemon's database."""
        path = self.site.directory / "schoolgate.db"
        return sqlite3.connect(f"file:{path}?mode=ro", uri=True, isolation_level=None)

    async def drained(self, parts: int, within: float) -> None:
        """Wait until the network has accepted so many parts."""
        ledger = self.site.network.ledger
        await eventually(lambda: len(ledger.of(Kind.ACCEPTED)) >= parts, within, what=f"{parts} parts")


@asynccontextmanager
async def rig(
    timing: Timing,
    *,
    modems: int = 1,
    numbers: Sequence[str] = EVERYBODY,
    extra: str = "",
    each: str = "",
    before: Callable[[Path], Awaitable[None]] | None = None,
) -> AsyncIterator[Rig]:
    """Start a site of its own in a temporary directory; `before` fills it before the daemon starts."""
    with tempfile.TemporaryDirectory(prefix="bench-") as directory:
        path = Path(directory)
        async with site(
            path, modems=modems, timing=timing, numbers=numbers, extra=extra, each=each, running=False
        ) as made:
            port = own_port(path)
            if before is not None:
                await before(path)
            began = time.monotonic()
            async with spawned(made, port) as process:
                await made.ready()
                yield Rig(made, process.pid, began)
                await asyncio.sleep(0)
