"""The whole gateway calls for a person: by event, by letter, and by a text from the modem that is well."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import aiohttp
import pytest

from gateway.alerts import Alerts, AlertView, post
from gateway.clock import utc_now
from gateway.config import load
from gateway.daemon import Daemon, started
from gateway.model import ModemPhase
from gateway.simulator import Network
from gateway.store import events
from tests.alerts.smtp import mail_server
from tests.api.conftest import WEBHOOKS
from tests.api.test_webhooks import receiver
from tests.system.site import eventually, furnish, number

pytestmark = pytest.mark.system

TECHNICIAN = number(700)
TWO = [f"sim{index}" for index in range(2)]


def section(port: int) -> str:
    return (
        f'[alerts]\nmail_to = ["it@school.example"]\nsmtp_host = "localhost"\nsmtp_port = {port}\n'
        f'smtp_security = "none"\nsms_to = ["{TECHNICIAN}"]\nafter_minutes = 0.001\n'
    )


async def phases(daemon: Daemon, *wanted: ModemPhase) -> None:
    await eventually(
        lambda: all(m.state.phase is w for m, w in zip(daemon.modems, wanted, strict=True)),
        what=f"modems that are {wanted}",
    )


async def looked(alerts: Alerts) -> tuple[AlertView, ...]:
    await alerts.look(utc_now())
    return alerts.standing()


async def test_a_lost_modem_is_told_in_every_way_once_and_so_is_its_return(tmp_path: Path) -> None:
    async with mail_server() as server, Network(directory=tmp_path) as network:
        await furnish(tmp_path, modems=2, numbers=[], extra=section(server.port))
        first, _ = (network.add_modem(name, number=number(990 + i)) for i, name in enumerate(TWO))
        async with started(load(tmp_path / "schoolgate.toml")) as daemon:
            alerts = daemon.use_cases.alerts
            await phases(daemon, ModemPhase.READY, ModemPhase.READY)
            await alerts.look(utc_now())
            assert alerts.standing() == ()
            first.fault("unplug", seconds=3600)
            await phases(daemon, ModemPhase.SEARCHING, ModemPhase.READY)
            (view,) = await eventually(lambda: looked(alerts), what="an alert")
            for _ in range(3):
                await alerts.look(utc_now())
            assert (view.kind, view.about) == ("modem-lost", "sim0")
            texts = network.handset(TECHNICIAN).received
            await eventually(lambda: server.letters and texts, what="a letter and a text")
            first.plug()
            await phases(daemon, ModemPhase.READY, ModemPhase.READY)
            await alerts.look(utc_now())
            await eventually(lambda: len(server.letters) == 2 and len(texts) == 2, what="the all-clear")
            rows = await daemon.store.database.read(lambda c: events.after(c, 0, 500))
    told = [(row["type"], row["subject"], row["detail"]) for row in rows if row["type"].startswith("alert")]
    assert told == [("alert.raised", "modem-lost", "sim0"), ("alert.ended", "modem-lost", "sim0")]
    assert "sim0: it does not come back" in texts[0].text
    assert "over: sim0 modem-lost" in texts[1].text
    assert [letter.recipients for letter in server.letters] == [["it@school.example"]] * 2
    assert all(TECHNICIAN not in letter.message.as_string() for letter in server.letters)


async def test_a_modem_that_is_there_and_takes_no_part_is_as_good_as_lost(tmp_path: Path) -> None:
    async with Network(directory=tmp_path) as network:
        await furnish(tmp_path, modems=1, numbers=[], extra="[alerts]\nafter_minutes = 0.001\n")
        network.add_modem("sim0", number=number(990))
        async with started(load(tmp_path / "schoolgate.toml")) as daemon:
            alerts, (modem,) = daemon.use_cases.alerts, daemon.modems
            await phases(daemon, ModemPhase.READY)
            modem.report(takes_nothing=True)
            (view,) = await eventually(lambda: looked(alerts), what="an alert")
            assert (view.kind, "takes no part" in view.what) == ("modem-lost", True)
            modem.report(takes_nothing=False)
            assert await looked(alerts) == ()


async def test_a_letter_waits_for_a_server_that_is_down_also_through_a_restart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(post, "_AGAIN", timedelta(seconds=0.05))
    async with mail_server(refuse={"MAIL": "451 later"}) as server:
        await furnish(tmp_path, modems=1, numbers=[], extra=section(server.port))
        async with started(load(tmp_path / "schoolgate.toml")) as daemon:
            alerts, now = daemon.use_cases.alerts, utc_now()
            await alerts.look(now)
            await alerts.look(now + alerts.patience)
            await eventually(lambda: server.heard.count("MAIL") >= 3, what="three tries")
            waits = "alerts by letter wait (1): the mail server localhost answered 451"
            assert waits in (await daemon.use_cases.health.ready()).notices
        assert server.letters == []
        server.refuse.clear()
        kept = tmp_path / "schoolgate.letters.json"
        assert len(json.loads(kept.read_text())) == 1
        async with started(load(tmp_path / "schoolgate.toml")) as daemon:
            await eventually(lambda: json.loads(kept.read_text()) == [], what="the letter to be gone")
            assert waits not in (await daemon.use_cases.health.ready()).notices
    assert len(server.letters) == 1


async def test_webhooks_are_told(tmp_path: Path) -> None:
    await furnish(tmp_path, modems=1, numbers=[], extra=WEBHOOKS)
    tokens = json.loads((tmp_path / "tokens.json").read_text())
    async with (
        receiver() as seen,
        started(load(tmp_path / "schoolgate.toml")) as daemon,
        aiohttp.ClientSession(headers={"Authorization": f"Bearer {tokens['head']}"}) as session,
    ):
        body = {"url": seen.url, "types": ["alert.*"]}
        async with session.post(daemon.api_url + "/v1/webhooks", json=body) as answer:
            assert answer.status == 201, await answer.text()
        alerts, now = daemon.use_cases.alerts, utc_now()
        await alerts.look(now)
        await alerts.look(now + alerts.patience)
        await eventually(lambda: seen.got, what="the webhook")
    (told,) = seen.bodies()
    assert told["type"] == "alert.raised"
    assert (told["data"]["id"], told["data"]["detail"]) == ("modem-lost", "sim0")


async def test_a_technician_who_says_stop_gets_no_more_texts(tmp_path: Path) -> None:
    async with Network(directory=tmp_path) as network:
        await furnish(tmp_path, modems=1, numbers=[], extra=f'[alerts]\nsms_to = ["{TECHNICIAN}"]\n')
        network.add_modem("sim0", number=number(990))
        async with started(load(tmp_path / "schoolgate.toml")) as daemon:
            await phases(daemon, ModemPhase.READY)
            texting = daemon.use_cases.alerts.texting
            assert texting is not None
            texts = network.handset(TECHNICIAN).received
            await texting.send("one")
            await eventually(lambda: len(texts) == 1, what="the first")
            network.text(TECHNICIAN, "sim0", "STOP")
            await eventually(lambda: len(texts) == 2, what="the confirmation of STOP")
            await texting.send("two")
            statuses = await eventually(lambda: cancelled(daemon), what="a decision on the second")
    assert statuses == ["cancelled"]
    assert texts[0].text == "one"
    assert len(texts) == 2


async def cancelled(daemon: Daemon) -> list[str]:
    """Return the statuses of what was queued last, once that is over."""
    query = "SELECT status FROM message WHERE kind = 'alert' ORDER BY id DESC LIMIT 1"
    rows = await daemon.store.database.read(lambda c: c.exec_driver_sql(query).all())
    return [row[0] for row in rows if row[0] not in {"queued", "sending", "sent", "delivered"}]


async def test_no_more_than_ten_rounds_of_texts_in_a_day(tmp_path: Path) -> None:
    await furnish(tmp_path, modems=0, numbers=[], extra=f'[alerts]\nsms_to = ["{TECHNICIAN}"]\n')
    async with started(load(tmp_path / "schoolgate.toml")) as daemon:
        texting = daemon.use_cases.alerts.texting
        assert texting is not None
        sent = [await texting.send(f"number {index}") for index in range(12)]
        rows = await daemon.store.database.read(
            lambda c: c.exec_driver_sql("SELECT count(*) FROM message WHERE kind = 'alert'").scalar()
        )
    assert sent == [True] * 10 + [False] * 2
    assert rows == 10
