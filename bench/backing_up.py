"""A backup of a million messages while programs post: how long it takes, and how long they wait."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Coroutine
from typing import Final

from bench.api import Wire, quantile
from bench.million import COUNT, fill, settled
from bench.rig import EVERYBODY, Rig, rig
from bench.sending import Row
from gateway.simulator import Timing

_RATE: Final = 50  # POSTs a second
_BEFORE: Final = 20.0  # seconds
_BUSY: Final = Timing(radio_first=0.3, radio_kept=0.2, report_after=1)


async def million() -> list[Row]:
    """Post at an even rate, first alone, then while `schoolgate backup` runs as its unit runs it."""
    async with rig(_BUSY, before=fill) as r:
        await settled(r)
        alone = await _posting(r, asyncio.sleep(_BEFORE))
        began = time.monotonic()
        meanwhile = await _posting(r, _backup(r))
        took = time.monotonic() - began
    before, during = quantile(alone, 0.99), quantile(meanwhile, 0.99)
    ratio = f"p99 {before * 1e3:.1f} -> {during * 1e3:.1f} ms ({during / before:.1f}x)"
    times = f"{ratio}, max {max(meanwhile):.2f} s"
    return [
        Row(f"backup of {COUNT:,} messages", "<= 60 s", f"{took:.1f} s", took <= 60),
        Row(f"POST at {_RATE}/s during the backup", "p99 <= 3x", times, during <= 3 * before),
    ]


async def _backup(r: Rig) -> None:
    config = str(r.site.directory / "schoolgate.toml")
    words = ("nice", "-n", "10", sys.executable, "-m", "gateway.cli", "backup", "--config", config)
    process = await asyncio.create_subprocess_exec(*words, stdout=asyncio.subprocess.PIPE)
    await process.communicate()
    assert process.returncode == 0


async def _posting(r: Rig, meanwhile: Coroutine[None, None, None]) -> list[float]:
    """Post at an even rate until `meanwhile` is over; return how long each took, from when it was due."""
    runs: list[float] = []
    free: asyncio.Queue[Wire] = asyncio.Queue()
    for _ in range(20):
        free.put_nowait(await Wire.open(r.site))

    async def one(due: float, number: str) -> None:
        wire = await free.get()
        await wire.send(number)
        free.put_nowait(wire)
        runs.append(time.monotonic() - due)

    waiting = asyncio.create_task(meanwhile)
    start, index = time.monotonic(), 0
    async with asyncio.TaskGroup() as group:
        while not waiting.done():
            due = start + index / _RATE
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            group.create_task(one(due, EVERYBODY[index % 900]))
            index += 1
    await waiting
    return runs
