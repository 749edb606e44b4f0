"""Promises 2 and 3: the daemon is killed at random moments; nothing is lost and nothing is doubled."""

from __future__ import annotations

import asyncio
import random
import shutil
from collections import Counter
from pathlib import Path

import pytest

from gateway.simulator import Timing
from gateway.store import load_key_file
from tests.system.site import Site, eventually, furnish, number, own_port, revived, spawned
from tests.system.view import count, read, settled

SEEDS = range(20)
MESSAGES, STOPS, KILLS = 200, 5, 3
PACE = Timing(radio_first=0.01, radio_kept=0.006, report_after=0.05)
EVERYBODY = [number(index) for index in range(MESSAGES)]
TRIP = "The trip to the museum is on Friday."
TRUE_OF = {"sent": {1}, "delivered": {1}, "cancelled": {0}, "uncertain": {0, 1}}
"""How often a handset may have got a message that the gateway says this of."""

pytestmark = [pytest.mark.system, pytest.mark.timeout(120)]


@pytest.fixture(scope="module")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the files of a site with consents for everybody; copied for each run."""
    directory = tmp_path_factory.mktemp("furnished")
    asyncio.run(furnish(directory, modems=2, numbers=EVERYBODY))
    return directory


@pytest.mark.parametrize("seed", SEEDS)
async def test_killed_at_random_nothing_is_lost_or_doubled(
    furnished: Path, tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)
    shutil.copytree(furnished, tmp_path, dirs_exist_ok=True, symlinks=True)
    stopping = chance.sample(EVERYBODY, STOPS)
    async with revived(tmp_path, modems=2, timing=PACE, running=False) as made:
        port = own_port(tmp_path)
        async with spawned(made, port):
            await made.ready()
            await made.release(EVERYBODY)
            await kill(made, chance, stopping[:1])
        for index in range(1, KILLS):
            async with spawned(made, port):
                await made.ready()
                await kill(made, chance, stopping[index : index + 1])
        async with spawned(made, port):
            await made.ready()
            for sender in stopping[KILLS:]:
                made.network.text(sender, "sim0", "STOP")
            await eventually(lambda: settled(tmp_path) and suppressed(tmp_path) == STOPS, 60)
        received = {each: Counter(made.texts(each)) for each in EVERYBODY}
    for to, status in statuses(tmp_path).items():
        trips = sum(times for text, times in received[to].items() if TRIP in text)
        assert trips in TRUE_OF[status], (to, status, received[to])


async def kill(made: Site, chance: random.Random, stopping: list[str]) -> None:
    """Kill the daemon a while from now, with a STOP on its way."""
    for sender in stopping:
        made.network.text(sender, chance.choice(("sim0", "sim1")), "STOP")
    await asyncio.sleep(chance.uniform(0.01, 0.5))
    assert made.process is not None
    made.process.kill()
    await made.process.wait()


def suppressed(directory: Path) -> int:
    return count(directory, "SELECT count(*) FROM suppression")


def statuses(directory: Path) -> dict[str, str]:
    """Return what the gateway says of the message to each number."""
    keyring = load_key_file(directory / "schoolgate.keys")
    known = {keyring.index(each): each for each in EVERYBODY}
    rows = read(directory, "SELECT number_index, status FROM message WHERE kind = 'message'")
    assert len(rows) == MESSAGES
    return {known[index]: status for index, status in rows}
