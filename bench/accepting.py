"""How fast messages are accepted, durably and through the policy."""

from __future__ import annotations

import asyncio
import time

from bench.rig import EVERYBODY, rig
from bench.sending import Row, bulk
from gateway.simulator import Timing
from tests.system.site import Site, message

_CONNECTIONS = 32
_SLOW = Timing(radio_first=5, radio_kept=5)


async def batch_of_2000() -> list[Row]:
    """One POST with 2,000 recipients."""
    runs = []
    async with rig(_SLOW) as r:
        for _ in range(3):
            began = time.monotonic()
            await bulk(r.site, 2000)
            runs.append(time.monotonic() - began)
    worst = max(runs)
    return [Row("batch of 2,000 accepted", "<= 4 s", f"{worst:.2f} s", worst <= 4, tuple(runs))]


async def singles() -> list[Row]:
    """Single POSTs over 32 connections, each answered after its commit."""
    async with rig(_SLOW) as r:
        runs = [await _per_second(r.site, 1600) for _ in range(3)]
    least = min(runs)
    return [
        Row("single POSTs accepted, 32 connections", ">= 400/s", f"{least:.0f}/s", least >= 400, tuple(runs))
    ]


async def _per_second(site: Site, count: int) -> float:
    left = iter(range(count))

    async def client() -> None:
        for index in left:
            status, answer = await site.call(
                "POST", "/v1/messages", message(EVERYBODY[index % len(EVERYBODY)])
            )
            assert status == 202, answer

    began = time.monotonic()
    async with asyncio.TaskGroup() as group:
        for _ in range(_CONNECTIONS):
            group.create_task(client())
    return count / (time.monotonic() - began)
