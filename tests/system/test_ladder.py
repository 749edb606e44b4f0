"""A modem that only stronger means bring back: each rung is climbed, counted and shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest
from structlog.testing import capture_logs

from gateway.simulator import Kind, Network
from tests.system.site import Site, eventually
from tests.system.story import ANNA, BEN, MODEM, posted, stage
from tests.system.test_faults_link import AIR, BACK, RUN, blocked, gap_after, in_the_middle, state
from tests.system.verdict import verdict

pytestmark = [pytest.mark.system, pytest.mark.timeout(90)]


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
    async with stage(furnished_stage, tmp_path, timing=replace(AIR, baud=57600)) as made:
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
        assert all(gap_after(made, back) <= BACK for back in ledger.of(Kind.PLUGGED))
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
    climbed = {log["rung"]: log["why"] for log in logs if log["event"] == "modem.recovery"}
    assert climbed.keys() == recoveries.keys()
    assert climbed["resynchronise"] == "the modem gave no prompt"
    assert all("does not answer" in climbed[rung] for rung in ("reopen", "restart"))


async def test_another_sim_is_never_cured_by_force(furnished_stage: Path, tmp_path: Path) -> None:
    async with stage(furnished_stage, tmp_path) as made:
        made.modems[0].fault("swap_sim")
        await blocked(made, "the SIM was changed")
        await eventually(lambda: len(made.network.ledger.of(Kind.PORT_OPENED)) >= 4, 30)
        assert not {"restart", "usb_reset"} & (await state(made))["recoveries"].keys()
