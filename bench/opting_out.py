"""How long a STOP takes to be in force: from the modem's +CMTI to the commit, seen in the database file."""

from __future__ import annotations

import asyncio
import random
import sqlite3
import time

from bench.rig import EVERYBODY, Rig, rig
from bench.sending import Row, bulk, let_go
from gateway.simulator import Kind, Timing
from tests.system.site import eventually

_SEED = 20260901


def _watch(store: sqlite3.Connection, before: int, deadline: float) -> float:
    """Return when the database first shows one more opt-out, with all its queue cancelled."""
    while time.monotonic() < deadline:
        if store.execute("SELECT count(*) FROM suppression").fetchone()[0] > before:
            return time.monotonic()
        time.sleep(0.0002)
    raise TimeoutError("no opt-out was committed")


async def _stop(r: Rig, sender: str) -> tuple[float, float]:
    """Text STOP; return when it was indicated and when it was in force."""
    store = r.store()
    before = store.execute("SELECT count(*) FROM suppression").fetchone()[0]
    store.close()
    seen = len(r.site.network.ledger.of(Kind.INDICATED))

    def watch() -> float:
        connection = r.store()
        try:
            return _watch(connection, before, time.monotonic() + 30)
        finally:
            connection.close()

    watching = asyncio.create_task(asyncio.to_thread(watch))
    await asyncio.sleep(0.02)
    r.site.network.text(sender, "sim0", "STOP")
    committed = await watching
    indicated = r.site.network.ledger.of(Kind.INDICATED)[seen]
    return indicated.at, committed


async def idle() -> list[Row]:
    """Nothing else happens."""
    runs = []
    async with rig(Timing(), numbers=EVERYBODY[:60]) as r:
        for sender in EVERYBODY[:40]:
            indicated, committed = await _stop(r, sender)
            runs.append(committed - indicated)
            await asyncio.sleep(0.3)
    runs.sort()
    p50, worst = runs[len(runs) // 2], runs[-1]
    got = f"p50 {p50 * 1e3:.1f}, max {worst * 1e3:.1f} ms"
    return [
        Row(
            "STOP: +CMTI to opt-out committed, idle",
            "p50 <= 15, max <= 100 ms",
            got,
            p50 <= 0.015 and worst <= 0.1,
            tuple(runs),
        )
    ]


async def under_load() -> list[Row]:
    """A bulk send runs: the bound is the part in flight and 50 ms."""
    chance = random.Random(_SEED)
    runs = []
    async with rig(Timing(radio_first=0.4, radio_kept=0.4, report_after=0.5), numbers=EVERYBODY[:300]) as r:
        batch = await bulk(r.site, 240)
        await let_go(r.site, batch)
        await eventually(lambda: len(r.site.network.ledger.of(Kind.ACCEPTED)) > 2, 30)
        for sender in EVERYBODY[240:270]:
            await asyncio.sleep(chance.uniform(0.3, 0.9))
            indicated, committed = await _stop(r, sender)
            ends = [end for start, end in r.site.network.ledger.busy() if start <= indicated <= end]
            runs.append(committed - max([indicated, *ends]))
    runs.sort()
    p50, worst = runs[len(runs) // 2], runs[-1]
    got = f"part in flight + p50 {p50 * 1e3:.1f}, max {worst * 1e3:.1f} ms (seed {_SEED})"
    return [
        Row(
            "the same while a bulk send runs", "<= part in flight + 50 ms", got, runs[-1] <= 0.05, tuple(runs)
        )
    ]
