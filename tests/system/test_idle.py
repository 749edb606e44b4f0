"""What befalls a modem that has nothing to send: it is noticed all the same, and somebody is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.simulator import Kind
from tests.system.site import Site, eventually
from tests.system.story import NEVER, SWEEP, stage
from tests.system.test_faults_link import blocked, pins_tried, state

pytestmark = [pytest.mark.system, pytest.mark.timeout(60)]


@pytest.mark.parametrize(
    ("silent", "sweep"), [(False, NEVER), (True, SWEEP)], ids=["it says so", "only a look tells"]
)
async def test_a_sim_that_blocks_while_nothing_is_sent_is_told_of(
    furnished_stage: Path, tmp_path: Path, silent: bool, sweep: float
) -> None:
    """Without its word only what is asked at every look through the memories can tell."""
    async with stage(furnished_stage, tmp_path, first=False, sweep=sweep) as made:
        made.modems[0].fault("puk", silent=silent)
        await blocked(made, "the SIM asks for its PUK: unlock it in a phone")

        async def told() -> bool:
            return "PUK" in (await made.alarms()).get("modem-blocked", "")

        await eventually(told, what="the alert")
        assert not pins_tried(made)
        assert not made.network.ledger.of(Kind.SUBMITTED)


async def test_a_network_that_comes_and_goes_is_told_of(furnished_stage: Path, tmp_path: Path) -> None:
    async with stage(furnished_stage, tmp_path, first=False) as made:
        for count in range(1, 5):
            assert "modem-flapping" not in await made.alarms()
            made.modems[0].fault("deregister")
            await eventually(lambda count=count: lost(made, count), what=f"loss {count} of the network")
            made.modems[0].clear_faults()
            await made.ready()
        assert (await made.alarms())["modem-flapping"] == "its network was lost 4 times within an hour"
        found = await state(made)
        assert found["detail"] == "the network was lost 4 times within an hour: look at the antenna"
        assert [dbm for _, dbm in found["signals"]] == [-73]  # one in five minutes


async def lost(made: Site, count: int) -> bool:
    found = await state(made)
    return bool(found["network_losses"] == count and found["phase"] == "registering")
