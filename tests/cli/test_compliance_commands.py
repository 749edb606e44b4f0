"""`compliance`, `report` and `incident` where something is wrong, and for programs (1.2, 8.1)."""

from __future__ import annotations

import asyncio
import sqlite3
import stat
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path
from zoneinfo import ZoneInfo

from gateway.clock import utc_now
from gateway.store import Database, audit
from tests.cli.conftest import Ended, command
from tests.system.site import Site, eventually, number, site

Ask = Callable[..., Awaitable[Ended]]
PARENT = number(101)
LONDON = ZoneInfo("Europe/London")


async def test_what_answers_for_the_policy_from_the_command_line(tmp_path: Path) -> None:
    async def ask(*words: str) -> Ended:
        return await asyncio.to_thread(command, *words)

    async with site(tmp_path, numbers=[PARENT], extra='[cli]\nkey_file = "office.key"\n') as made:
        (tmp_path / "office.key").touch(0o600)
        (tmp_path / "office.key").write_text(made.tokens["office"])
        await reports(ask, tmp_path)
        await incidents(ask)
        await after_a_stop(ask, made)


async def reports(ask: Ask, home: Path) -> None:
    report = (await ask("report")).json
    assert (report["complete"], report["messages"], len(report["clauses"])) == (True, 0, 22)
    table = await ask("report", "--format", "csv", "--month", report["month"])
    assert table.out.startswith("section,item,figure,value")
    assert (await ask("report", "--format", "html", "--out", "page.html")).code == 0
    assert stat.S_IMODE((home / "page.html").stat().st_mode) == 0o600
    again = await ask("report", "--format", "html", "--out", "page.html")
    assert (again.code, "not overwritten" in again.err) == (1, True)
    for month, said in (("2026-13", "such as 2026-09"), ("2999-01", "not begun"), ("May", "month")):
        wrong = await ask("report", "--month", month)
        assert (wrong.code, said in wrong.err) == (2, True), wrong.err


async def incidents(ask: Ask) -> None:
    known = ("--known", "2025-01-31T10:00")
    opened = (await ask("incident", "open", "breach", "a lost phone", *known, "--json")).json
    assert (opened["kind"], opened["overdue"]) == ("breach", True)
    assert "OVERDUE" in (await ask("incident", "list")).out
    status = await ask("compliance", "--json")
    assert (status.code, status.json["state"]) == (1, "breach")
    assert "whose time is over: 1" in (await ask("compliance")).out
    closed = await ask("incident", "close", opened["id"], "reported")
    assert "after its time" in closed.out
    assert (await ask("incident", "close", opened["id"], "again")).code == 1
    assert (await ask("incident", "list", "--json")).json["items"] == []
    assert "closed late" in (await ask("incident", "list", "--closed")).out
    assert (await ask("incident", "open", "breach", "x", "--known", "yesterday")).code == 2
    assert (await ask("incident", "open", "flood", "x")).code == 2
    assert (await ask("compliance")).code == 0


async def after_a_stop(ask: Ask, made: Site) -> None:
    """What was handed over before a STOP is no breach, even if the clocks say so; what is after it, is."""
    await made.reaches(await made.post(PARENT), "delivered")
    made.network.text(PARENT, "sim0", "STOP")
    await eventually(lambda: len(made.texts(PARENT)) == 2, what="the confirmation")
    report = ("report", "--month", f"{utc_now().astimezone(LONDON):%Y-%m}")
    count = "UPDATE part SET claimed_at = claimed_at + ? WHERE sent_at IS NOT NULL"
    for microseconds, breaches in ((0, 0), (20_000_000, 0)):
        write(made.directory, count, microseconds)
        assert (await ask(*report)).json["opt_outs"]["handed_over_after"] == breaches
    message = (await made.call("GET", "/v1/messages"))[1]["items"][0]["id"]
    await noted(made.directory, message)
    assert (await ask(*report)).json["opt_outs"]["handed_over_after"] == 1


async def noted(home: Path, message: str) -> None:
    """Put into the log what must never be there: that the message was handed over now."""
    async with Database.open(f"sqlite:///{home / 'schoolgate.db'}") as database:
        entry = audit.row(
            utc_now(), actor="test", action="hand-off", target=message, outcome="ALLOW", detail={"part": 1}
        )
        await database.write(lambda c: audit.append(c, [entry]))


def write(home: Path, statement: str, *values: object) -> None:
    with closing(sqlite3.connect(home / "schoolgate.db")) as database:
        database.execute(statement, values)
        database.commit()
