"""Promise 1: no hand-off is committed after its recipient's opt-out, whatever runs beside it."""

from __future__ import annotations

import asyncio
import random
import shutil
from pathlib import Path

import pytest

from gateway.simulator import Kind, Timing
from tests.system.site import eventually, furnish, number, revived
from tests.system.view import count, overtaken, read, settled

SEEDS = range(100)
MESSAGES, STOPS = 400, 10
PACE = Timing(radio_first=0.003, radio_kept=0.002, report_after=0.02)
EVERYBODY = [number(index) for index in range(MESSAGES)]

pytestmark = pytest.mark.system


@pytest.fixture(scope="module")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the files of a site with consents for everybody; copied for each run."""
    directory = tmp_path_factory.mktemp("furnished")
    asyncio.run(furnish(directory, modems=2, numbers=EVERYBODY))
    return directory


@pytest.mark.parametrize("seed", SEEDS)
async def test_no_hand_off_is_committed_after_a_stop(furnished: Path, tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    shutil.copytree(furnished, tmp_path, dirs_exist_ok=True, symlinks=True)
    async with revived(tmp_path, modems=2, timing=PACE) as made:
        await made.release(EVERYBODY)
        stopping = chance.sample(EVERYBODY, STOPS)
        for sender in stopping:
            await asyncio.sleep(chance.uniform(0, 0.08))
            made.network.text(sender, chance.choice(("sim0", "sim1")), chance.choice(("STOP", "Stop please")))
        await eventually(lambda: settled(tmp_path) and len(opted_out(tmp_path)) == STOPS, 60)
        confirmed = {sender: made.texts(sender) for sender in stopping}
    assert list(overtaken(tmp_path)) == []
    for sender, texts in confirmed.items():
        assert sum("opted out" in text for text in texts) == 1, (sender, texts)
    handed = len(made.network.ledger.of(Kind.ACCEPTED))
    assert handed == count(tmp_path, "SELECT count(*) FROM part WHERE mr IS NOT NULL")


def opted_out(directory: Path) -> list[tuple[object, ...]]:
    return read(directory, "SELECT id FROM suppression")
