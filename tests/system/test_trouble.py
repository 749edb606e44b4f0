"""What befalls machines: a full disk, a damaged file, a clock that jumps, no descriptors; nothing is lost."""

from __future__ import annotations

import asyncio
import json
import random
import resource
import shutil
import sqlite3
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from gateway.cli.exits import Exit
from gateway.simulator import Kind, Timing
from tests.system.site import Site, eventually, furnish, number, own_port, revived, spawned
from tests.system.view import count, settled

PACE = Timing(radio_first=0.05, radio_kept=0.05, report_after=0.05)
EVERYBODY = [number(index) for index in range(30)]
DAY = 24 * 3600
GONE = {"sent", "delivered"}
"""A report of a network whose clock is a day away proves nothing: then it stays with `sent`."""
FULL = 16 * 1024  # bytes; no file grows beyond: every commit needs more, the log does not
TRIP = "The trip to the museum is on Friday."

pytestmark = [pytest.mark.system, pytest.mark.timeout(120)]


@pytest.fixture(scope="module")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("furnished")
    asyncio.run(furnish(directory, modems=1, numbers=EVERYBODY))
    key = directory / "office.key"
    key.write_text(json.loads((directory / "tokens.json").read_text())["office"])
    key.chmod(0o600)
    return directory


@asynccontextmanager
async def running(furnished: Path, directory: Path, *program: str) -> AsyncIterator[Site]:
    """Run a copy of a furnished site as a process of its own."""
    shutil.copytree(furnished, directory, dirs_exist_ok=True, symlinks=True)
    port = own_port(directory)
    async with (
        revived(directory, timing=PACE, running=False) as made,
        spawned(made, port, program or ("-m", "gateway.cli")),
    ):
        await made.ready(60)
        yield made


def pid(made: Site) -> int:
    assert made.process is not None
    return made.process.pid


async def unready(made: Site) -> Any:
    """Return what /readyz says if the gateway is not."""
    status, told = await made.call("GET", "/readyz")
    return told if status == 503 else None


def descriptors(made: Site) -> int:
    return sum(1 for _ in Path(f"/proc/{pid(made)}/fd").iterdir())


async def accepted_until_refused(made: Site) -> tuple[list[str], str]:
    """Post until the gateway takes no more; return whom it took a message for, and why it stopped."""
    taken: list[str] = []
    while True:
        to = EVERYBODY[len(taken) % len(EVERYBODY)]
        body = {"to": to, "template": "trip", "slots": {"place": "the museum", "day": "Friday"}}
        status, answer = await made.call("POST", "/v1/messages", body)
        if status != 202:
            assert status == 503, answer
            assert answer["code"] == "STORE_UNAVAILABLE"
            return taken, answer["detail"]
        taken.append(to)
        assert len(taken) < 5000, "the disk never filled up"


async def test_a_full_disk_stops_acceptance_and_loses_nothing(furnished: Path, tmp_path: Path) -> None:
    """What comes in stays on the SIM, and all goes on by itself when there is room."""
    async with running(furnished, tmp_path) as made:
        log, ledger = tmp_path / "daemon.log", made.network.ledger
        _, hard = resource.prlimit(pid(made), resource.RLIMIT_FSIZE)
        journal = (tmp_path / "schoolgate.db-wal").stat().st_size  # what every commit makes longer
        resource.prlimit(pid(made), resource.RLIMIT_FSIZE, (journal + 500_000, hard))
        taken, why = await accepted_until_refused(made)
        assert taken
        assert "nothing was changed" in why
        told = await eventually(lambda: unready(made), what="the last gap in the journal to be filled")
        assert any("disk" in reason or "database" in reason for reason in told["reasons"])
        resource.prlimit(pid(made), resource.RLIMIT_FSIZE, (FULL, hard))
        idle = made.modems[0].number
        await eventually(lambda: not made.network.centre.waiting(idle), what="every report to have come")
        freed, asked = len(ledger.of(Kind.DELETED)), log.read_text().count("modem.not_committed")
        made.network.text(EVERYBODY[0], "sim0", "STOP")
        await eventually(
            lambda: log.read_text().count("modem.not_committed") > asked + 1, what="tries to keep it"
        )
        assert len(ledger.of(Kind.DELETED)) == freed
        assert await line(made, "status", "--key-file", str(tmp_path / "office.key")) == Exit.FAILED
        assert told["reasons"][0] in (tmp_path / "line.log").read_text()
        resource.prlimit(pid(made), resource.RLIMIT_FSIZE, (hard, hard))
        await made.ready()
        await eventually(lambda: settled(tmp_path), 60, what="everything to be sent")
        opted_out = "SELECT count(*) FROM suppression WHERE source = 'sms'"
        await eventually(lambda: count(tmp_path, opted_out) == 1, 30, what="the opt-out")
        assert count(tmp_path, "SELECT count(*) FROM message WHERE kind = 'message'") == len(taken)
        for to in EVERYBODY[1:]:
            assert sum(TRIP in text for text in made.texts(to)) == taken.count(to)
        assert "Traceback" not in log.read_text()


async def test_a_damaged_database_is_refused_with_the_way_out(furnished: Path, tmp_path: Path) -> None:
    """And what the backup holds comes back."""
    async with running(furnished, tmp_path) as made:
        ident = await made.post(EVERYBODY[0])
        await made.reaches(ident, "delivered")
        assert await line(made, "backup") == 0
    database = tmp_path / "schoolgate.db"
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")
    content = bytearray(database.read_bytes())
    content[4096 : len(content) // 2] = random.Random(4).randbytes(len(content) // 2 - 4096)
    database.write_bytes(content)
    assert await line(made, "run", within=60) == Exit.CONFIGURATION
    assert "schoolgate restore" in (tmp_path / "line.log").read_text()
    assert await line(made, "restore", "--yes") == 0
    port = int(made.url.rpartition(":")[2])
    async with revived(tmp_path, timing=PACE, running=False) as again, spawned(again, port):
        await again.ready(60)
        assert (await again.message(ident))["status"] == "delivered"


async def line(made: Site, *words: str, within: float = 60) -> int:
    """Run a command on the site; return how it ended."""
    with (made.directory / "line.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *(
                sys.executable,
                "-m",
                "gateway.cli",
                *words,
                "--config",
                str(made.directory / "schoolgate.toml"),
            ),
            stdout=log,
            stderr=log,
        )
        async with asyncio.timeout(within):
            return await process.wait()


@pytest.mark.parametrize("jump", [DAY, -DAY], ids=["on", "back"])
async def test_a_clock_that_jumps_loses_and_doubles_nothing(
    furnished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, jump: int
) -> None:
    """What was accepted before is sent, or has expired by the clock of now; what comes after is sent."""
    clock = tmp_path / "clock"
    clock.write_text("0")
    monkeypatch.setenv("SHIFTED_CLOCK", str(clock))
    async with running(furnished, tmp_path, "-m", "tests.system.shifted") as made:
        short = [await made.post(to) for to in EVERYBODY[:10]]
        long = [await made.post(to, validity=3 * DAY) for to in EVERYBODY[10:20]]
        fresh = tmp_path / "clock.new"
        fresh.write_text(str(jump))
        fresh.replace(clock)
        later = [await made.post(to) for to in EVERYBODY[20:25]]
        await eventually(lambda: settled(tmp_path), 60, what="everything to end")
        for ident in (*long, *later):
            await made.reaches(ident, *GONE)
        outcomes = {(await made.message(ident))["status"] for ident in short}
        assert outcomes <= GONE | ({"expired"} if jump > 0 else set())
        made.network.text(EVERYBODY[25], "sim0", "STOP")
        opted_out = "SELECT count(*) FROM suppression WHERE source = 'sms'"
        await eventually(lambda: count(tmp_path, opted_out) == 1, 30, what="the opt-out")
        for ident, to in zip((*short, *long, *later), EVERYBODY, strict=False):
            gone = (await made.message(ident))["status"] in GONE
            assert sum(TRIP in text for text in made.texts(to)) == gone
        told = (await made.call("GET", "/readyz"))[1]["notices"]
        assert any(
            note.startswith("the clock " + ("jumped ahead" if jump > 0 else "was set back")) for note in told
        )
        assert ("the clock was set back" in (tmp_path / "daemon.log").read_text()) is (jump < 0)


async def test_without_descriptors_callers_wait_and_nothing_is_lost(furnished: Path, tmp_path: Path) -> None:
    """Who is connected is served, and is told what is wrong; who comes waits until others have left."""
    async with running(furnished, tmp_path) as made:
        log = tmp_path / "daemon.log"
        first = await made.post(EVERYBODY[0])  # by a connection that is kept
        used = descriptors(made)
        _, hard = resource.prlimit(pid(made), resource.RLIMIT_NOFILE)
        resource.prlimit(pid(made), resource.RLIMIT_NOFILE, (used + 8, hard))
        host, port = made.url.removeprefix("http://").split(":")
        held = [await asyncio.open_connection(host, int(port)) for _ in range(40)]
        second = await made.post(EVERYBODY[1])
        made.network.text(EVERYBODY[2], "sim0", "STOP")
        status, told = await made.call("GET", "/readyz")
        assert status == 503
        assert any("out of file descriptors" in reason for reason in told["reasons"]), told
        for ident in (first, second):
            await made.reaches(ident, "delivered")
        for _, writer in held:
            writer.close()
        async with asyncio.timeout(60), aiohttp.ClientSession() as fresh:
            async with fresh.get(f"{made.url}/healthz") as answer:
                assert answer.status == 200
            resource.prlimit(pid(made), resource.RLIMIT_NOFILE, (hard, hard))
        await made.ready(60)
        opted_out = "SELECT count(*) FROM suppression WHERE source = 'sms'"
        await eventually(lambda: count(tmp_path, opted_out) == 1, 30, what="the opt-out")
        written = log.read_text()
        assert written.count("no caller is let in") == 1
        assert "Traceback" not in written
