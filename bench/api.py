"""What callers of the API wait for, while a modem sends and parents write."""

from __future__ import annotations

import asyncio
import json
import random
import sqlite3
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

from aiohttp import web

from bench.million import COUNT, fill, settled
from bench.rig import EVERYBODY, Rig, rig
from bench.sending import Row, bulk, let_go, start_of
from gateway.clock import utc_now
from gateway.ids import first_id
from gateway.simulator import Timing
from tests.system.site import Site, eventually, message

_SEED = 20261126
_BUSY = Timing(radio_first=0.3, radio_kept=0.2, report_after=1)


@dataclass(slots=True)
class Wire:
    """One kept connection that says as little as HTTP allows: the client must not be what is measured."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    head: str

    @classmethod
    async def open(cls, site: Site, who: str = "office") -> Wire:
        """Connect as one of the people."""
        host, _, port = site.url.removeprefix("http://").partition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        head = f"Host: x\r\nAuthorization: Bearer {site.tokens[who]}\r\nContent-Type: application/json\r\n"
        return cls(reader, writer, head)

    async def ask(self, method: str, path: str, body: bytes = b"") -> tuple[int, bytes]:
        """Make one request; return status and body."""
        head = f"{method} {path} HTTP/1.1\r\n{self.head}Content-Length: {len(body)}\r\n\r\n"
        self.writer.write(head.encode() + body)
        answer = await self.reader.readuntil(b"\r\n\r\n")
        length = int(answer.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        return int(answer[9:12]), await self.reader.readexactly(length)

    async def send(self, number: str) -> None:
        """Post a message that must be accepted."""
        status, body = await self.ask("POST", "/v1/messages", json.dumps(message(number)).encode())
        assert status == 202, body


@asynccontextmanager
async def busy() -> AsyncIterator[Rig]:
    """A site whose modem sends a batch without an end in sight, and to which parents write."""
    chance = random.Random(_SEED)
    async with rig(_BUSY) as r:
        await let_go(r.site, await bulk(r.site, 3000))

        async def parents() -> None:
            while True:
                await asyncio.sleep(chance.uniform(0.5, 1.5))
                r.site.network.text(chance.choice(EVERYBODY), "sim0", "Thank you, see you on Friday")

        writing = asyncio.create_task(parents())
        try:
            yield r
        finally:
            writing.cancel()


def quantile(runs: Sequence[float], share: float) -> float:
    """Return the value that so large a share of the runs does not exceed."""
    return sorted(runs)[min(len(runs) - 1, int(len(runs) * share))]


async def posts() -> list[Row]:
    """A hundred POSTs a second, begun on time whatever the answers take."""
    runs: list[float] = []
    async with busy() as r:
        idle = [await Wire.open(r.site) for _ in range(30)]
        free: asyncio.Queue[Wire] = asyncio.Queue()
        for each in idle:
            free.put_nowait(each)

        async def one(due: float, number: str) -> None:
            wire = await free.get()
            await wire.send(number)
            free.put_nowait(wire)
            runs.append(time.monotonic() - due)

        start = time.monotonic() + 0.1
        async with asyncio.TaskGroup() as group:
            for index in range(2000):
                due = start + index / 100
                await asyncio.sleep(max(0.0, due - time.monotonic()))
                group.create_task(one(due, EVERYBODY[index % 900]))
    p50, p99 = quantile(runs, 0.5), quantile(runs, 0.99)
    got = f"p50 {p50 * 1e3:.1f}, p99 {p99 * 1e3:.1f}, max {max(runs) * 1e3:.0f} ms"
    met = p50 <= 0.015 and p99 <= 0.06
    return [Row("POST at 100/s, bulk and inbound running", "p50 <= 15, p99 <= 60 ms", got, met)]


async def accepted() -> list[Row]:
    """As many as 32 connections can have accepted."""
    rates = []
    async with busy() as r:
        wires = [await Wire.open(r.site) for _ in range(32)]
        for _ in range(3):
            left = iter(range(3200))

            async def client(wire: Wire, left: object = left) -> None:
                for index in left:  # type: ignore[attr-defined]
                    await wire.send(EVERYBODY[index % 900])

            began = time.monotonic()
            async with asyncio.TaskGroup() as group:
                for wire in wires:
                    group.create_task(client(wire))
            rates.append(3200 / (time.monotonic() - began))
    got, met = f"{min(rates):.0f}/s", min(rates) >= 600
    return [Row("POSTs accepted, 32 connections, modem busy", ">= 600/s", got, met, tuple(rates))]


async def get() -> list[Row]:
    """One message after the other, looked at while the modem sends."""
    async with busy() as r:
        wire = await Wire.open(r.site)
        _, listed = await wire.ask("GET", "/v1/messages?limit=200")
        idents = [each["id"] for each in json.loads(listed)["items"]]
        runs = [
            await _timed(lambda i=i: wire.ask("GET", f"/v1/messages/{idents[i % 200]}")) for i in range(1000)
        ]
    p99 = quantile(runs, 0.99)
    got = f"p50 {quantile(runs, 0.5) * 1e3:.1f}, p99 {p99 * 1e3:.1f} ms"
    return [Row("GET of a message, modem busy", "p99 <= 10 ms", got, p99 <= 0.01)]


async def _timed(ask: Callable[[], Awaitable[tuple[int, bytes]]]) -> float:
    began = time.monotonic()
    status, body = await ask()
    assert status == 200, body
    return time.monotonic() - began


async def listing() -> list[Row]:
    """Fifty of a million messages, by every filter and from pages far back."""
    async with rig(_BUSY, before=fill) as r:
        started = start_of(r, f", {COUNT:,} messages")
        await settled(r)
        wire = await Wire.open(r.site)
        month = utc_now() - timedelta(days=30)
        since = month.isoformat(timespec="seconds").replace("+00:00", "Z")
        middle = f"/v1/messages?limit=50&cursor={first_id('msg', month)}"
        asked = [
            "/v1/messages?limit=50",
            middle,
            "/v1/messages?limit=50&status=delivered",
            "/v1/messages?limit=50&purpose=event_notice",
            "/v1/messages?limit=50&purpose=emergency",
            "/v1/messages?reference=r500000",
            f"/v1/messages?limit=50&since={since}",
        ]
        runs = [await _timed(lambda p=p: wire.ask("GET", p)) for p in asked * 50]
    p99 = quantile(runs, 0.99)
    got = f"p50 {quantile(runs, 0.5) * 1e3:.1f}, p99 {p99 * 1e3:.1f} ms"
    each = tuple(quantile(runs[nth :: len(asked)], 0.5) for nth in range(len(asked)))
    return [
        started,
        Row("list of 50 out of 1,000,000 messages", "p99 <= 25 ms", got, p99 <= 0.025, each),
    ]


async def listeners() -> list[Row]:
    """A hundred who listen, while the modem sends: what they add to the gateway's processor time."""
    async with busy() as r:
        without = await _share(r)
        wires = [await Wire.open(r.site) for _ in range(100)]
        for wire in wires:
            wire.writer.write(f"GET /v1/events HTTP/1.1\r\n{wire.head}\r\n".encode())
        heard = [asyncio.create_task(wire.reader.readuntil(b"event: message.sent")) for wire in wires]
        async with asyncio.timeout(20):
            await asyncio.gather(*heard)
        drains = [asyncio.create_task(_drain(wire.reader)) for wire in wires]
        share = await _share(r)
        told = sum(drain.cancel() for drain in drains)
        assert told == len(wires)
    cost = share - without
    got = f"{cost * 100:.1f} % ({without * 100:.1f} % without)"
    return [Row("100 SSE listeners, modem busy", "<= 5 % CPU", got, cost <= 0.05)]


async def _drain(reader: asyncio.StreamReader) -> None:
    while await reader.read(65536):
        pass


async def _share(r: Rig, seconds: float = 15) -> float:
    """Return the share of one core that the gateway uses."""
    before, began = r.cpu(), time.monotonic()
    await asyncio.sleep(seconds)
    return (r.cpu() - before) / (time.monotonic() - began)


async def webhook() -> list[Row]:
    """From the commit of a reply, seen in the database file, to the first octet of its webhook."""
    arrived: dict[str, float] = {}

    async def hook(request: web.Request) -> web.Response:
        at = time.monotonic()
        arrived[(await request.json())["data"]["id"]] = at
        return web.Response()

    app = web.Application()
    app.router.add_post("/", hook)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    runs = []
    async with rig(Timing(), extra='[webhooks]\nallow = ["127.0.0.0/8"]\n') as r:
        url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
        body = {"url": url, "types": ["inbound.received"]}
        assert (await r.site.call("POST", "/v1/webhooks", body))[0] == 201
        for sender in EVERYBODY[:40]:
            watching = asyncio.create_task(asyncio.to_thread(_next_reply, r))
            await asyncio.sleep(0.05)
            r.site.network.text(sender, "sim0", "Thank you")
            ident, committed = await watching
            await eventually(lambda i=ident: i in arrived, 10, what="the webhook")
            runs.append(arrived[ident] - committed)
    await runner.cleanup()
    got = f"p50 {quantile(runs, 0.5) * 1e3:.1f}, max {max(runs) * 1e3:.1f} ms"
    return [Row("webhook of an inbound after its commit", "<= 50 ms", got, max(runs) <= 0.05, tuple(runs))]


def _next_reply(r: Rig) -> tuple[str, float]:
    """Wait for the next message in the inbox; return it and when it was seen."""
    store: sqlite3.Connection = r.store()
    try:
        before = store.execute("SELECT count(*) FROM inbox").fetchone()[0]
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            if store.execute("SELECT count(*) FROM inbox").fetchone()[0] > before:
                at = time.monotonic()
                return str(store.execute("SELECT max(id) FROM inbox").fetchone()[0]), at
            time.sleep(0.0002)
    finally:
        store.close()
    raise TimeoutError("no reply was committed")


async def opting_out() -> list[Row]:
    """Opt-outs by staff, one after the other, while a batch of 10,000 is accepted, let go and cancelled."""
    runs: list[float] = []
    async with rig(_BUSY) as r:
        wire, done = await Wire.open(r.site), asyncio.Event()

        async def opt_outs() -> None:
            for number in EVERYBODY * 100:
                began = time.monotonic()
                status, body = await wire.ask("POST", "/v1/opt-outs", json.dumps({"number": number}).encode())
                assert status == 201, body
                runs.append(time.monotonic() - began)
                if done.is_set():
                    return
                await asyncio.sleep(0.05)

        async def large() -> None:
            recipients = [{"to": EVERYBODY[899 - index % 500]} for index in range(10_000)]
            body = {"template": "trip", "slots": message("")["slots"], "recipients": recipients}
            _, made = await r.site.call("POST", "/v1/batches", body)
            await let_go(r.site, made["id"])
            await r.site.call("DELETE", f"/v1/batches/{made['id']}")
            done.set()

        async with asyncio.TaskGroup() as group:
            group.create_task(large())
            group.create_task(opt_outs())
    p99 = quantile(runs, 0.99)
    got = f"p50 {quantile(runs, 0.5) * 1e3:.1f}, p99 {p99 * 1e3:.1f}, max {max(runs) * 1e3:.0f} ms"
    return [Row("opt-out while a batch of 10,000 comes and goes", "p99 <= 60 ms", got, p99 <= 0.06)]
