"""What befalls a modem that has nothing to send: it is noticed all the same, and somebody is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gateway.simulator import Kind
from tests.system.site import Site, eventually
from tests.system.story import NEVER, SWEEP, stage
from tests.system.test_faults_link import blocked, pins_tried

pytestmark = [pytest.mark.system, pytest.mark.timeout(60)]


async def alarms(made: Site, kind: str) -> list[dict[str, Any]]:
    """Return the alerts of a kind that are on."""
    _, page = await made.call("GET", "/v1/alerts", who="head")
    return [each for each in page["items"] if each["kind"] == kind]


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
        (alarm,) = await eventually(lambda: alarms(made, "modem-blocked"), 40, what="the alert")
        assert "PUK" in alarm["what"]
        assert not pins_tried(made)
        assert not made.network.ledger.of(Kind.SUBMITTED)
