"""A modem that only stronger means bring back: each rung is climbed, counted and shown."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path

import aiohttp
import pytest
from structlog.testing import capture_logs
from structlog.types import EventDict

from gateway import building
from gateway.modem import Modem, ModemSettings, Timeouts
from gateway.simulator import Kind, Network
from tests.system.site import Site, eventually
from tests.system.story import ANNA, BEN, MODEM, changed, posted, stage
from tests.system.test_faults_link import AIR, BACK, RUN, blocked, gap_after, in_the_middle, state
from tests.system.verdict import verdict

pytestmark = [pytest.mark.system, pytest.mark.timeout(90)]


FASTER = 5  # than a modem's time-outs and heartbeat
HURRY = 50  # by so much the pauses between two attempts are shorter
DETECTED = 30 / FASTER  # seconds: a modem that hangs is noticed within 30 s


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compress time: an outage of minutes passes in seconds. Forces still need a quarter of an hour."""
    short = {name: value / FASTER for name, value in asdict(Timeouts()).items() if name != "submit"}
    short["restart"] /= HURRY / FASTER
    monkeypatch.setattr(building, "Timeouts", partial(Timeouts, **short))
    plain = asdict(ModemSettings(name="", port=""))
    every = {name: plain[name] / FASTER for name in ("heartbeat_every", "registration_poll")}
    monkeypatch.setattr(building, "ModemSettings", partial(ModemSettings, **every))
    monkeypatch.setattr(
        building, "Modem", partial(Modem, sleep=lambda seconds: asyncio.sleep(seconds / HURRY))
    )


def searching(directory: Path) -> None:
    """Have the modem looked for under other names."""
    config = directory / "schoolgate.toml"
    config.write_text(config.read_text().replace(MODEM, f'{MODEM}search = ["sim0*", "strange*"]\n'))


async def metrics(made: Site) -> str:
    async with aiohttp.ClientSession() as session, session.get(made.url + "/metrics") as answer:
        return await answer.text()


async def test_a_modem_that_comes_back_under_another_name_is_found_by_its_sim(
    furnished_stage: Path, tmp_path: Path
) -> None:
    async with stage(furnished_stage, tmp_path, running=False, first=False):
        searching(tmp_path)
    # At this speed a PDU takes long enough to be cut in two.
    async with stage(furnished_stage, tmp_path, timing=replace(AIR, baud=115200)) as made:
        modem, ledger = made.modems[0], made.network.ledger
        stranger = made.network.add_modem("strange", number="+447700900980")
        await in_the_middle(made, lambda: modem.fault("unplug", seconds=1, back_as="sim0-again"))
        await ledger.until(Kind.PLUGGED, 1, timeout=20)
        await ledger.until(Kind.PDU_STARTED, len(ledger.of(Kind.PDU_STARTED)) + 3, timeout=20)
        begun = len(ledger.of(Kind.SUBMITTED))
        modem.fault("unplug", seconds=1, back_as="sim0-elsewhere")
        await ledger.until(Kind.PLUGGED, 2, timeout=20)
        assert len(ledger.of(Kind.SUBMITTED)) == begun  # the PDU that had begun went no further
        ends = await verdict(made)
        assert ends["delivered"] + ends["sent"] + ends["uncertain"] == len(RUN)
        assert ends["uncertain"] <= 2  # what was on its way, each time
        # The better of the two, for a machine that is busy: it is a bench that holds each to the mark.
        assert min(gap_after(made, back) for back in ledger.of(Kind.PLUGGED)) <= BACK
        found = await state(made)
        assert found["port"] == str(tmp_path / "sim0-elsewhere")
        assert found["recoveries"]["search"] >= 1
        assert not made.network.ledger.of(Kind.SUBMITTED, modem=stranger.name)


def shy(network: Network) -> None:
    """Have the modem tell no number of its SIM: it is known by its own."""
    modem = network.modems["sim0"]
    modem.persona = replace(modem.persona, iccid_command="")


@pytest.mark.parametrize("before", [lambda _: None, shy], ids=["by its SIM", "by its IMEI"])
async def test_a_modem_whose_port_has_another_sim_now_is_found_elsewhere(
    furnished_stage: Path, tmp_path: Path, before: Callable[[Network], None]
) -> None:
    async with stage(furnished_stage, tmp_path, running=False, first=False):
        searching(tmp_path)
    async with stage(furnished_stage, tmp_path, before=before) as made:
        made.modems[0].fault("unplug", seconds=4, back_as="sim0-again")
        stranger = made.network.add_modem("strange", number="+447700900980")
        (tmp_path / "sim0").symlink_to(stranger.path)
        await posted(made, [ANNA])
        assert await verdict(made) == {"delivered": 1}
        assert (await state(made))["port"] == str(tmp_path / "sim0-again")
        assert not made.network.ledger.of(Kind.SUBMITTED, modem=stranger.name)


@pytest.mark.usefixtures("hurried")
async def test_a_modem_that_hears_nothing_else_is_restarted(furnished_stage: Path, tmp_path: Path) -> None:
    with capture_logs() as logs:
        async with stage(furnished_stage, tmp_path) as made:
            made.modems[0].fault("deaf")
            await posted(made, [ANNA, BEN])
            ends = await verdict(made, within=60)
            assert ends["delivered"] == 2
            recoveries = (await state(made))["recoveries"]
            assert recoveries["restart"] == 1
            assert recoveries["reopen"] >= 2
            assert recoveries["resynchronise"] >= 1
            told = await metrics(made)
            assert 'schoolgate_modem_recoveries_total{modem="sim0",rung="restart"} 1.0' in told
    reasons = {log["rung"]: log["why"] for log in reversed(events(logs, "modem.recovery"))}  # the first
    assert reasons.keys() == recoveries.keys()
    assert reasons["resynchronise"] == "the modem gave no prompt"
    assert all("does not answer" in reasons[rung] for rung in ("reopen", "restart"))


@pytest.mark.usefixtures("hurried")
async def test_a_modem_that_hangs_for_ever_is_noticed_forced_once_and_told_of_and_its_queue_waits(
    furnished_stage: Path, tmp_path: Path
) -> None:
    changed(furnished_stage, tmp_path, {"[sending]": "[alerts]\nafter_minutes = 0.001\n[sending]"})
    with capture_logs() as logs:
        async with stage(furnished_stage, tmp_path, first=False, sweep=60 / FASTER) as made:
            made.modems[0].fault("hang", seconds=3600, lose=True, urcs=True)
            (began,) = made.network.ledger.of(Kind.FAULT)
            await eventually(lambda: climbed(made, "resynchronise"), what="a rung")
            assert time.monotonic() - began.at <= DETECTED  # though there was nothing to send
            idents = await posted(made, [ANNA, BEN])
            await eventually(lambda: events(logs, "modem.needs_a_person"), 40, what="a call for a person")
            forced = {"restart": 1, "usb_reset": 1, "alert": 1}
            assert forced.items() <= (await state(made))["recoveries"].items()
            assert (await state(made))["phase"] == "lost"
            await eventually(lambda: told_of(made), what="the alert")
            assert "does not answer" in (await state(made))["detail"]
            opened = len(made.network.ledger.of(Kind.PORT_OPENED))
            await made.network.ledger.until(Kind.PORT_OPENED, opened + 2, timeout=30)
            assert forced.items() <= (await state(made))["recoveries"].items()  # it goes on without force
            assert [(await made.message(ident))["status"] for ident in idents] == ["queued"] * 2
            made.modems[0].clear_faults()
            assert await verdict(made) == {"delivered": 2}
            assert "modem-lost" not in await made.alarms()
    assert {log["rung"] for log in events(logs, "modem.recovery")} >= forced.keys()
    assert all(log["why"] for log in events(logs, "modem.recovery"))


async def told_of(made: Site) -> bool:
    return "does not come back" in (await made.alarms()).get("modem-lost", "")


async def climbed(made: Site, rung: str) -> bool:
    return rung in (await state(made))["recoveries"]


def events(logs: list[EventDict], name: str) -> list[EventDict]:
    return [log for log in logs if log["event"] == name]


async def test_another_sim_is_never_cured_by_force(furnished_stage: Path, tmp_path: Path) -> None:
    async with stage(furnished_stage, tmp_path) as made:
        made.modems[0].fault("swap_sim")
        await blocked(made, "the SIM was changed")
        await eventually(lambda: len(made.network.ledger.of(Kind.PORT_OPENED)) >= 4, 30)
        assert not {"restart", "usb_reset"} & (await state(made))["recoveries"].keys()
