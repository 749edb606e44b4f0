"""The watchdog eats only while everything moves: a real socket, a real store, a real supervisor."""

from __future__ import annotations

import asyncio
import socket
import sqlite3
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from gateway.clock import utc_now
from gateway.modem import Modem, ModemSettings
from gateway.store import Database
from gateway.watchdog import Watchdog, interval
from tests.blank import fresh
from tests.system.site import eventually


@dataclass(slots=True)
class Systemd:
    """The other end of NOTIFY_SOCKET."""

    ear: socket.socket

    def heard(self) -> list[str]:
        """Return the lines that came since the last time."""
        lines = []
        while True:
            try:
                lines += self.ear.recv(4096).decode().split("\n")
            except BlockingIOError:
                return lines


@pytest.fixture
def systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Systemd]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
        ear.bind(str(tmp_path / "notify"))
        ear.setblocking(False)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        yield Systemd(ear)


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with fresh(tmp_path / "store.db") as opened:
        yield opened


class Nobody:
    """A PIN memory and sink for a modem that is not there."""

    async def received(self, messages: object) -> None: ...

    async def tried(self, *_: str) -> bool:
        return False

    async def trying(self, sim: str, pin_hash: str) -> None: ...

    async def worked(self, sim: str, pin_hash: str) -> None: ...


def absent(tmp_path: Path) -> Modem:
    settings = ModemSettings(name="modem0", port=str(tmp_path / "nothing"))
    return Modem(settings, sink=Nobody(), clock=utc_now, remember_pin=Nobody())


def now() -> float:
    return asyncio.get_running_loop().time()


async def test_it_is_fed_while_all_is_well_and_the_status_is_told_once(
    systemd: Systemd, database: Database
) -> None:
    watchdog = Watchdog(database, (), utc_now, 0.01)
    watchdog.serving = "http://127.0.0.1:1"
    task = asyncio.create_task(watchdog.run())
    lines: list[str] = []
    while lines.count("WATCHDOG=1") < 3:
        await asyncio.sleep(0.01)
        lines += systemd.heard()
    task.cancel()
    assert [each for each in lines if each.startswith("STATUS")] == [
        "STATUS=serving on http://127.0.0.1:1; no modem is configured"
    ]


async def test_a_blocked_event_loop_feeds_nothing(systemd: Systemd, database: Database) -> None:
    task = asyncio.create_task(Watchdog(database, (), utc_now, 0.01).run())
    await asyncio.sleep(0.05)
    assert "WATCHDOG=1" in systemd.heard()
    time.sleep(0.3)  # noqa: ASYNC251 - that is the fault
    assert "WATCHDOG=1" not in systemd.heard()
    task.cancel()


async def test_a_write_that_never_ends_feeds_nothing_and_is_named(
    systemd: Systemd, database: Database
) -> None:
    release = threading.Event()
    stuck = asyncio.create_task(database.write(lambda _: release.wait(30)))
    await asyncio.sleep(0)
    watchdog = Watchdog(database, (), utc_now)
    watchdog.look(now())
    assert "WATCHDOG=1" in systemd.heard()  # it may only be slow
    watchdog.look(now() + 21)
    lines = systemd.heard()
    assert "WATCHDOG=1" not in lines
    assert "HANGING: the store, for 21 s" in "".join(lines)
    release.set()
    await stuck
    await eventually(lambda: watchdog.beating)
    watchdog.look(now())
    assert "WATCHDOG=1" in systemd.heard()


async def test_a_store_that_refuses_is_told_and_does_not_starve_the_watchdog(
    systemd: Systemd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.store.dialect._BUSY_MS", 50)
    path = tmp_path / "store.db"
    async with Database.open(f"sqlite:///{path}") as database:
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            watchdog = Watchdog(database, (), utc_now)
            watchdog.look(now())
            await eventually(lambda: watchdog.beating)
            systemd.heard()
            watchdog.look(now())
            lines = systemd.heard()
            assert "WATCHDOG=1" in lines
            assert "nothing is accepted: the database says: database is locked" in "".join(lines)
            other.execute("ROLLBACK")
        await eventually(lambda: watchdog.beating)
        watchdog.look(now())
        await eventually(lambda: watchdog.beating)
        assert watchdog.status() == "starting; no modem is configured"


async def test_a_modem_that_is_away_moves_and_a_supervisor_that_stands_still_is_named(
    systemd: Systemd, database: Database, tmp_path: Path
) -> None:
    modem = absent(tmp_path)
    watchdog = Watchdog(database, (modem,), utc_now)
    task = asyncio.create_task(modem.run())
    began = modem.moved_at
    await eventually(lambda: modem.moved_at > began)
    watchdog.look(now())
    lines = systemd.heard()
    assert "WATCHDOG=1" in lines
    assert "modem0 searching" in "".join(lines)
    task.cancel()
    watchdog.look(modem.moved_at + modem.still_at_most + 1)
    lines = systemd.heard()
    assert "WATCHDOG=1" not in lines
    assert "HANGING: the supervisor of modem modem0" in "".join(lines)


@pytest.mark.parametrize(
    ("usec", "whose", "every"),
    [
        ("", None, 5.0),
        ("8000000", None, 2.0),
        ("30000000", None, 5.0),
        ("8000000", "1", 5.0),
        ("x", None, 5.0),
    ],
)
def test_the_pause_follows_systemd(
    monkeypatch: pytest.MonkeyPatch, usec: str, whose: str | None, every: float
) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", usec)
    monkeypatch.delenv("WATCHDOG_PID", raising=False)
    if whose is not None:
        monkeypatch.setenv("WATCHDOG_PID", whose)
    assert interval() == every
