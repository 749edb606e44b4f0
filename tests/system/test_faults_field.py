"""What was met in the field, each case of it once: HTTP in, handset out, and the verdict."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gateway.simulator import Timing
from tests.system.story import ANNA, BEN, EVERYBODY, posted, stage
from tests.system.test_faults_link import locked, state, with_pin
from tests.system.verdict import verdict

pytestmark = [pytest.mark.system, pytest.mark.timeout(60)]

BUSY = {"pin": False, "before": lambda network: network.modems["sim0"].fault("sim_busy", seconds=3)}
BUSY_AFTER_PIN = {"pin": True, "before": locked, "timing": Timing(sim_busy=3)}


@pytest.mark.parametrize("how", [BUSY, BUSY_AFTER_PIN], ids=["at the start", "after its PIN"])
async def test_a_sim_that_is_busy_for_long_is_waited_for(
    furnished_stage: Path, tmp_path: Path, how: dict[str, Any]
) -> None:
    """And nothing is agreed before: whose SIM it is, where messages are, how they are announced."""
    how = dict(how)
    if how.pop("pin"):
        async with stage(furnished_stage, tmp_path, running=False, first=False):
            with_pin(tmp_path, "1234")
    async with stage(furnished_stage, tmp_path, **how) as made:
        found = await state(made)
        assert found["imsi"].endswith(made.modems[0].sim.imsi[-4:])
        assert found["notifications"] == "2,1,0,2,0"
        assert found["recoveries"] == {}
        await posted(made, [ANNA, BEN])
        made.network.text(EVERYBODY[5], "sim0", "STOP")
        assert await verdict(made) == {"delivered": 3}
