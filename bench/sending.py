"""How well the radio is used, and what sending costs."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

from bench.rig import EVERYBODY, Rig, rig
from gateway.simulator import Kind, Ledger, Timing
from tests.system.site import SLOTS, Site, eventually, message


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table; `runs` are the raw figures."""

    measure: str
    must: str
    got: str
    met: bool
    runs: tuple[float, ...] = ()


def utilisation(ledger: Ledger) -> float:
    """Return the share of time, from the first hand-off to the last result, in which the radio was busy."""
    busy = ledger.busy()
    return sum(end - start for start, end in busy) / (busy[-1][1] - busy[0][0])


async def bulk(site: Site, count: int) -> str:
    """Post a batch to `count` recipients (some twice, where there are too few) and approve it."""
    recipients = [{"to": EVERYBODY[index % len(EVERYBODY)]} for index in range(count)]
    body = {"template": "trip", "slots": SLOTS, "recipients": recipients}
    status, answer = await site.call("POST", "/v1/batches", body)
    assert status == 202, answer
    assert answer["refused"] == 0, answer
    return str(answer["id"])


async def let_go(site: Site, batch: str) -> None:
    """Have the second person approve a batch."""
    status, answer = await site.call("POST", f"/v1/batches/{batch}/approve", who="head")
    assert status == 200, answer


async def short_radio() -> list[Row]:
    """50 ms of radio a message: overhead shows. The same run gives processor time and memory."""
    timing = Timing(radio_first=0.05, radio_kept=0.05, report_after=0.2)
    async with rig(timing) as r:
        batch = await bulk(r.site, 1000)
        before = r.cpu()
        await let_go(r.site, batch)
        await r.drained(1000, 180)
        await eventually(lambda: len(r.site.network.ledger.of(Kind.REPORT)) >= 1000, 30)
        await asyncio.sleep(1)
        cpu, share, rss = r.cpu() - before, utilisation(r.site.network.ledger), r.peak_rss_mb()
    return [
        Row("modem utilisation, 50 ms of radio", ">= 95 %", f"{share:.1%}", share >= 0.95, (share,)),
        Row("CPU per 1,000 messages sent and reported", "<= 6 s", f"{cpu:.2f} s", cpu <= 6, (cpu,)),
        Row("peak RSS, one modem", "<= 110 MB", f"{rss:.0f} MB", rss <= 110, (rss,)),
    ]


async def stored_first() -> list[Row]:
    """What it costs to write each part to the modem's memory first, where that takes 100 ms a command."""
    timing = Timing(radio_first=1.5, radio_kept=1.5, report_after=0.2, storage=0.1)
    rows = []
    for name, each in (("AT+CMGS", ""), ("AT+CMGW, AT+CMSS", "store_first = true\n")):
        async with rig(timing, each=each) as r:
            batch = await bulk(r.site, 40)
            before = r.cpu()
            await let_go(r.site, batch)
            await r.drained(40, 120)
            share, cpu = utilisation(r.site.network.ledger), (r.cpu() - before) / 40
            stored = sum(str(e["line"]).startswith("+CMSS=") for e in r.site.network.ledger.of(Kind.COMMAND))
            assert stored == (40 if each else 0), stored
        got = f"{share:.1%}, {cpu * 1e3:.1f} ms of CPU each"
        rows.append(Row(f"modem utilisation, 1.5 s of radio, {name}", "-", got, True, (share, cpu)))
    return rows


async def long_radio() -> list[Row]:
    """3 s for the first part, 1.2 s while the link is kept."""
    async with rig(Timing(radio_first=3, radio_kept=1.2, link_hold=3, report_after=4)) as r:
        batch = await bulk(r.site, 40)
        await let_go(r.site, batch)
        await r.drained(40, 120)
        busy = r.site.network.ledger.busy()
        share = utilisation(r.site.network.ledger)
        kept = sum(end - start < 2 for start, end in busy)
    got = f"{share:.1%}, link kept {kept} of {len(busy) - 1}"
    return [
        Row(
            "modem utilisation, 3 s then 1.2 s", ">= 99 %, kept", got, share >= 0.99 and kept == len(busy) - 1
        )
    ]


async def first_byte() -> list[Row]:
    """From the POST's first byte out to the PDU's first byte at the modem, idle."""
    runs = []
    async with rig(Timing(radio_first=0.05, radio_kept=0.05), numbers=EVERYBODY[:40]) as r:
        for index in range(30):
            seen = len(r.site.network.ledger.of(Kind.PDU_STARTED))
            began = time.monotonic()
            status, answer = await r.site.call("POST", "/v1/messages", message(EVERYBODY[index]))
            assert status == 202, answer
            await r.drained(index + 1, 10)
            runs.append(r.site.network.ledger.of(Kind.PDU_STARTED)[seen].at - began)
            await asyncio.sleep(0.1)
    worst = max(runs)
    got = f"p50 {sorted(runs)[15] * 1e3:.1f}, max {worst * 1e3:.1f} ms"
    return [Row("POST to first byte of the PDU, idle", "<= 100 ms", got, worst <= 0.1, tuple(runs))]


async def at_rest() -> list[Row]:
    """Processor time while nothing happens; time from start to ready."""
    async with rig(Timing(), numbers=EVERYBODY[:1]) as r:
        started = start_of(r)
        await asyncio.sleep(2)
        before, began = r.cpu(), time.monotonic()
        await asyncio.sleep(30)
        idle = (r.cpu() - before) / (time.monotonic() - began)
    return [Row("idle CPU", "<= 0.5 %", f"{idle:.2%}", idle <= 0.005, (idle,)), started]


def start_of(r: Rig, with_what: str = "") -> Row:
    """Return how long the start took that is over just now."""
    ready = time.monotonic()
    answers, whole = ready - r.site.network.ledger.of(Kind.PORT_OPENED)[0].at, ready - r.began
    got = f"{answers:.2f} s (process start to ready {whole:.2f} s)"
    measure = f"start to ready after the modem answers{with_what}"
    return Row(measure, "<= 2 s", got, answers <= 2, (answers, whole))
