"""What a modem that misbehaves costs: each story of the table, judged by the verdict of the fault tests."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from bench.sending import Row
from gateway.simulator import Kind, Network, Timing
from tests.system.site import Site, eventually, furnish, number, own_port, revived, spawned
from tests.system.verdict import verdict

RESULT = 5.0  # result_seconds: no part of these takes longer than a second, but for the queue of 5 s each
EVERYBODY = [number(index) for index in range(100, 180)]
PACE = Timing(radio_first=0.2, radio_kept=0.1, report_after=8)
_DRAINED = 90.0


@asynccontextmanager
async def stopped(
    timing: Timing = PACE,
    *,
    result: float = RESULT,
    each: str = "",
    before: Callable[[Network], object] = lambda _: None,
) -> AsyncIterator[tuple[Site, int]]:
    """Furnish a site whose daemon is not running yet; yield it and the port for `spawned`."""
    with tempfile.TemporaryDirectory(prefix="bench-") as directory:
        path = Path(directory)
        await furnish(path, modems=1, numbers=EVERYBODY, each=f"result_seconds = {result}\n{each}")
        port = own_port(path)
        async with revived(path, timing=timing, running=False, before=before) as made:
            yield made, port


@asynccontextmanager
async def daemon(timing: Timing = PACE, *, result: float = RESULT, each: str = "") -> AsyncIterator[Site]:
    """Run a daemon as a process of its own; `each` is more for the section of its modem."""
    async with stopped(timing, result=result, each=each) as (made, port), spawned(made, port):
        await made.ready()
        yield made


async def run_of(made: Site, count: int) -> None:
    """Post a message to each of `count` people."""
    for each in EVERYBODY[:count]:
        await made.post(each)


def first_after(made: Site, at: float, kind: Kind = Kind.SUBMITTED) -> float:
    """Return the seconds from `at` to the next entry of a kind."""
    return next(entry.at for entry in made.network.ledger.of(kind) if entry.at > at) - at


async def lost_result() -> list[Row]:
    """The message is sent, its final result never arrives."""
    async with daemon() as made:
        await run_of(made, 1)
        await made.network.ledger.until(Kind.RESULT, timeout=20)
        made.modems[0].fault("lose_result")
        await run_of(made, 4)
        ends = await verdict(made, within=_DRAINED)
        lost = made.network.ledger.of(Kind.SUBMITTED)[1].at
        gap = first_after(made, lost)
    met = gap <= RESULT + 1 and ends == {"delivered": 5}
    got = f"next after {gap:.2f} s; {_said(ends)}"
    return [
        Row("result lost: next message leaves", f"<= {RESULT + 1:g} s, settled by report", got, met, (gap,))
    ]


async def unplugged() -> list[Row]:
    """Out for 5 s in a run of 60; back on another pty behind the same name, and under another name."""
    return [await _pulled("the same name"), await _pulled("another name", back_as="sim0-again")]


async def _pulled(where: str, **back: str) -> Row:
    async with daemon(each='search = ["sim0*"]\n') as made:
        await run_of(made, 60)
        await made.network.ledger.until(Kind.SUBMITTED, 20, timeout=30)
        made.modems[0].fault("unplug", seconds=5, **back)
        again = (await made.network.ledger.until(Kind.PLUGGED, timeout=20)).at
        ends = await verdict(made, within=_DRAINED)
        gap = first_after(made, again)
    met = gap <= 3 and ends["delivered"] + ends["sent"] == 60
    what = f"unplugged 5 s in 60, {where}: sending again"
    return Row(what, "<= 3 s, none lost", f"{gap:.2f} s; {_said(ends)}", met, (gap,))


async def silence() -> list[Row]:
    """10 s without an answer, bytes lost both ways."""
    async with daemon() as made:
        await run_of(made, 30)
        await made.network.ledger.until(Kind.SUBMITTED, 10, timeout=30)
        made.modems[0].fault("hang", seconds=10, lose=True)
        over = (await made.network.ledger.until(Kind.FAULT_OVER, timeout=20)).at
        ends = await verdict(made, within=_DRAINED)
        gap = first_after(made, over)
    met = gap <= 5 and ends["delivered"] + ends["sent"] + ends["uncertain"] == 30 and ends["uncertain"] <= 1
    return [
        Row("10 s of silence: sending again", "<= 5 s, none lost", f"{gap:.2f} s; {_said(ends)}", met, (gap,))
    ]


async def killed() -> list[Row]:
    """kill -9 while a part is on the air."""
    async with stopped() as (made, port):
        async with spawned(made, port) as process:
            await made.ready()
            await run_of(made, 20)
            await made.network.ledger.until(Kind.SUBMITTED, 6, timeout=30)
            process.kill()
            await process.wait()
        began = time.monotonic()
        async with spawned(made, port):
            await made.network.ledger.until(Kind.SUBMITTED, 7, timeout=30)
            gap = first_after(made, began)
            await made.ready()
            ends = await verdict(made, within=_DRAINED)
    met = gap <= 3 and ends["delivered"] + ends["sent"] == 20
    return [
        Row(
            "kill -9 on the air: first message after",
            "<= 3 s, none doubled",
            f"{gap:.2f} s; {_said(ends)}",
            met,
            (gap,),
        )
    ]


async def stop_in_queue() -> list[Row]:
    """STOP from whom the next ten of a queue of 20 are for; its parts take 5 s each."""
    slow = Timing(radio_first=5, radio_kept=5, report_after=0.1)
    async with daemon(slow, result=30) as made:
        stopper, ledger = EVERYBODY[19], made.network.ledger
        for to in (EVERYBODY[0], *(stopper,) * 10, *EVERYBODY[1:10]):
            await made.post(to)
        await ledger.until(Kind.SUBMITTED, timeout=20)
        await asyncio.sleep(1)
        made.network.text(stopper, "sim0", "STOP")
        sent = time.monotonic()
        status = f"/v1/opt-outs?number=%2B{stopper[1:]}"

        async def suppressed() -> bool:
            return bool((await made.call("GET", status))[1]["items"])

        await eventually(suppressed, 30, what="the opt-out")
        took = time.monotonic() - sent
        await verdict(made, within=_DRAINED)  # the confirmation, then the rest of the queue
        read = next(entry.at for entry in ledger.of(Kind.READ) if entry["memory"] != "SR" and entry.at > sent)
        started = sum(sent < entry.at < read for entry in ledger.of(Kind.SUBMITTED))
        more = made.texts(stopper)
    met = not started and len(more) == 1 and "opted out" in more[0] and took <= slow.radio_first + 0.5
    got = f"in force after {took:.2f} s, {started} parts later; {len(more)} text: the confirmation"
    return [Row("STOP in a queue of 20, 5 s each", "before the next part, no text more", got, met, (took,))]


async def refused() -> list[Row]:
    """One number of a run is refused for good."""
    async with daemon() as made:
        made.modems[0].fault("cms", code=1, number=EVERYBODY[5], count=1000)
        await run_of(made, 20)
        ends = await verdict(made, within=_DRAINED)
        tries = sum(entry["to"] == EVERYBODY[5] for entry in made.network.ledger.of(Kind.SUBMITTED))
    met = tries == 1 and ends == {"delivered": 19, "failed": 1}
    return [Row("refused for good (CMS 1)", "1 submission, others go", f"{tries}; {_said(ends)}", met)]


async def full() -> list[Row]:
    """20 messages fill the memory when the daemon starts."""

    def fill(network: Network) -> None:
        modem = network.modems["sim0"]
        modem.storage.memories["SM"].size = 20
        for each in EVERYBODY[:20]:
            network.text(each, "sim0", "Thank you")

    async with stopped(before=fill) as (made, port), spawned(made, port):
        await made.ready()
        ready = time.monotonic()
        await made.network.ledger.until(Kind.DELETED, 20, timeout=30)
        gap = max(0.0, made.network.ledger.of(Kind.DELETED)[19].at - ready)
        await verdict(made)
    return [
        Row("memory full of 20 at the start: freed", "<= 3 s after ready", f"{gap:.2f} s", gap <= 3, (gap,))
    ]


async def noise() -> list[Row]:
    """Lines in every answer, bytes that are no text, one byte at a time."""
    rows = []
    for kind in ("urc", "bytes", "chop"):
        async with daemon() as made:
            made.modems[0].fault("noise", kind=kind)
            made.network.text(EVERYBODY[70], "sim0", "OK")
            await run_of(made, 20)
            ends = await verdict(made, within=_DRAINED)
        rows.append(Row(f"noise: {kind}", "nothing changes", _said(ends), ends == {"delivered": 20}))
    return rows


def _said(ends: dict[str, int]) -> str:
    return ", ".join(f"{count} {status}" for status, count in sorted(ends.items()))
