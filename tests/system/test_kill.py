"""Promises 2 and 3: the daemon is killed at random moments; nothing is lost and nothing is doubled."""

from __future__ import annotations

import asyncio
import random
import shutil
from pathlib import Path

import pytest

from gateway import sms
from gateway.clock import utc_now
from gateway.simulator import Kind, Timing
from gateway.simulator.network import canonical
from gateway.simulator.relay import address_field, report
from gateway.store import load_key_file
from tests.system.site import Site, furnish, number, own_port, revived, spawned
from tests.system.story import ANNA, BEN, MODEM, posted, stage
from tests.system.verdict import Content, stored_parts, verdict
from tests.system.view import count, read

SEEDS = range(20)
MESSAGES, STOPS, KILLS = 200, 5, 3
QUICK = Timing(radio_first=0.01, radio_kept=0.006, report_after=0.05)
EVERYBODY = [number(index) for index in range(MESSAGES)]
LONG_WAIT = 60  # seconds for a result that does not come before the kill

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
    async with revived(tmp_path, modems=2, timing=QUICK, running=False) as made:
        port = own_port(tmp_path)
        async with spawned(made, port):
            await made.ready()
            await made.release(EVERYBODY)
            await kill(made, chance, stopping[:1])
        for index in range(1, KILLS):
            async with spawned(made, port):
                await taken_up(made)
                await kill(made, chance, stopping[index : index + 1])
        async with spawned(made, port):
            await taken_up(made)
            for sender in stopping[KILLS:]:
                made.network.text(sender, "sim0", "STOP")
            await verdict(made, within=60)
    assert count(tmp_path, "SELECT count(*) FROM message WHERE kind = 'message'") == MESSAGES


async def kill(made: Site, chance: random.Random, stopping: list[str]) -> None:
    """Kill the daemon a while from now, with a STOP on its way."""
    for sender in stopping:
        made.network.text(sender, chance.choice(("sim0", "sim1")), "STOP")
    await asyncio.sleep(chance.uniform(0.01, 0.5))
    assert made.process is not None
    made.process.kill()
    await made.process.wait()


async def taken_up(made: Site) -> None:
    """Wait until the daemon has started again: what had been on the air is not in its queue."""
    gone = on_the_air(made)
    await made.ready()
    keyring = load_key_file(made.directory / "schoolgate.keys")
    queued = {(part.to, part.text) for part in stored_parts(made.directory, keyring, "queued")}
    assert not queued & gone


def on_the_air(made: Site) -> set[Content]:
    """Return the parts of which a modem has had the whole PDU."""
    submits = [sms.decode_submit(str(entry["pdu"])) for entry in made.network.ledger.of(Kind.SUBMITTED)]
    return {(canonical(each.recipient.number), each.text or "") for each in submits}


async def test_killed_before_it_heard_that_a_part_was_taken_the_part_is_in_doubt(
    furnished_stage: Path, tmp_path: Path
) -> None:
    async with stage(furnished_stage, tmp_path, running=False, first=False) as made:
        port = own_port(tmp_path)
        config = tmp_path / "schoolgate.toml"
        config.write_text(config.read_text().replace(MODEM, f"result_seconds = {LONG_WAIT}\n"))
        made.network.handset(ANNA).reports("silent")  # until the daemon has started again
        made.modems[0].fault("late_result", seconds=LONG_WAIT)
        async with spawned(made, port) as process:
            await made.ready(60)
            held, waiting = await posted(made, [ANNA, BEN])
            taken = await made.network.ledger.until(Kind.ACCEPTED, timeout=20)
            process.kill()
            await process.wait()
        assert parts(tmp_path)[held] == "sending"
        made.modems[0].clear_faults()
        made.modems[0].reset()
        async with spawned(made, port):
            await taken_up(made)
            await made.reaches(waiting, "delivered")  # the queue goes on
            assert parts(tmp_path)[held] == "uncertain"
            at = utc_now()
            made.network.deliver("sim0", report(int(str(taken["mr"])), address_field(ANNA), at, at, 0))
            await made.reaches(held, "delivered")
            assert await verdict(made) == {"delivered": 2}


def parts(directory: Path) -> dict[str, str]:
    """Return the status of the only part of each message."""
    return {
        str(ident): str(status) for ident, status in read(directory, "SELECT message_id, status FROM part")
    }
