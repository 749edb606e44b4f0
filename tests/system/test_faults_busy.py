"""A network or a SIM that says "not now", again and again: it is asked with pauses, and no message pays."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import pytest

from gateway.simulator import Kind, Timing
from tests.system.site import Site, eventually
from tests.system.story import ANNA, BEN, EVERYBODY, NEVER, SENDING, changed, posted, stage
from tests.system.test_faults_link import locked, state, with_pin
from tests.system.test_faults_sending import submissions
from tests.system.verdict import verdict

pytestmark = [pytest.mark.system, pytest.mark.timeout(90)]

TICK: Final = 1.0  # seconds; after a pause the queue is looked at once in so many
LATE: Final = 1.0  # more, on a machine that does other things as well
SOON: Final = 10.0
STORM: Final = 10  # refusals, of which the last few come one in a tick
BUSY = {"pin": False, "before": lambda network: network.modems["sim0"].fault("sim_busy", seconds=3)}
WAVECOM = {
    "pin": False,
    "before": lambda network: network.modems["sim0"].fault("sim_busy", seconds=6, code=515),
}
BUSY_AFTER_PIN = {"pin": True, "before": locked, "timing": Timing(sim_busy=3)}


@pytest.mark.parametrize(
    "how", [BUSY, WAVECOM, BUSY_AFTER_PIN], ids=["at the start", "longer", "after its PIN"]
)
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


def retrying(furnished: Path, directory: Path, pauses: list[float], device_pause: float) -> None:
    """Furnish a stage with pauses of its own."""
    rule = f"[sending]\nretry_seconds = {pauses}\ndevice_pause_seconds = {device_pause}\n"
    changed(furnished, directory, {SENDING: rule})


async def attempts(made: Site, idents: list[str]) -> list[int]:
    return [(await made.message(ident))["parts"][0]["attempts"] for ident in idents]


async def test_a_number_in_trouble_is_tried_after_longer_and_longer_pauses_up_to_the_last(
    furnished_stage: Path, tmp_path: Path
) -> None:
    retrying(furnished_stage, tmp_path, [0.1, 0.7, 1.4], 0.5)
    async with stage(furnished_stage, tmp_path) as made:
        made.modems[0].fault("cms", code=38, number=ANNA, count=4)
        idents = await posted(made, [ANNA])
        assert await verdict(made) == {"delivered": 1}
        assert await attempts(made, idents) == [5]
        tries = [entry.at for entry in made.network.ledger.of(Kind.SUBMITTED) if entry["to"] == ANNA]
        gaps = [after - before for before, after in pairwise(tries)]
        for gap, pause in zip(gaps, [0.1, 0.7, 1.4, 1.4], strict=True):
            assert pause <= gap < pause + TICK + LATE, gaps


async def test_a_network_in_trouble_is_asked_with_pauses_until_it_is_over(
    furnished_stage: Path, tmp_path: Path
) -> None:
    """Where it refuses one after the other it refuses everybody: no message has used up a try of its own.

    A second try would be a minute away. How much the modem was asked is counted: as much as it was refused.
    """
    everybody, pause = EVERYBODY[:4], 0.3
    retrying(furnished_stage, tmp_path, [0.2, 60], pause)
    async with stage(furnished_stage, tmp_path, sweep=NEVER) as made:
        made.modems[0].fault("cms", code=38, count=STORM)
        before = len(made.network.ledger.of(Kind.COMMAND))
        idents = await posted(made, everybody)
        assert await verdict(made) == {"delivered": len(everybody)}
        assert submissions(made) == 1 + STORM + len(everybody)
        assert max(await attempts(made, idents)) <= 2
        refused = [entry.at for entry in made.network.ledger.of(Kind.REFUSED)][3:]  # from then on, everybody
        assert min(after - before for before, after in pairwise(refused)) >= pause
        asked = [str(entry["line"]) for entry in made.network.ledger.of(Kind.COMMAND)[before:]]
        assert sum(line.startswith("+CMGS=") for line in asked) == STORM + len(everybody)
        assert len(asked) < 2 * (STORM + len(everybody)) + 40, asked


@pytest.mark.parametrize("code", [None, 515])
async def test_a_sim_that_turns_busy_costs_no_message_a_try(
    furnished_stage: Path, tmp_path: Path, code: int | None
) -> None:
    """515 is "please wait" of Wavecom, something else of others; in place of the prompt nothing has left."""
    async with stage(furnished_stage, tmp_path) as made:
        made.modems[0].fault("sim_busy", seconds=3, code=code)
        before = len(made.network.ledger.of(Kind.COMMAND))
        idents = await posted(made, [ANNA, BEN])
        assert await verdict(made) == {"delivered": 2}
        assert await attempts(made, idents) == [1, 1]
        assert submissions(made) == 1 + 2
        asked = [str(entry["line"]) for entry in made.network.ledger.of(Kind.COMMAND)[before:]]
        assert sum(line.startswith("+CMGS=") for line in asked) <= 2 + 1 + 3 / 0.5  # the pause of a stage


async def test_while_what_was_announced_cannot_be_read_nothing_is_sent(
    furnished_stage: Path, tmp_path: Path
) -> None:
    """It may be an opt-out, and here it is one; it is read soon after the SIM can be."""
    async with stage(furnished_stage, tmp_path, sweep=NEVER) as made:
        made.modems[0].fault("sim_busy", code=515)
        made.network.text(BEN, "sim0", "STOP")

        async def told() -> bool:
            return "so nothing is sent" in (await state(made))["detail"]

        await eventually(told)
        await posted(made, [BEN, ANNA])
        made.modems[0].clear_faults()
        assert await verdict(made, within=SOON) == {"cancelled": 1, "delivered": 2}  # with the confirmation
        assert not any("trip" in text for text in made.texts(BEN))
