"""A modem with two ports: what comes in is acted on while a part is on the air, and one port is enough."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from gateway.simulator import Kind, Timing
from tests.system.heard import AT_ONCE, waited
from tests.system.site import Site, eventually
from tests.system.story import ANNA, BEN, CARA, MODEM, NEVER, posted, stage
from tests.system.test_faults_link import AIR, state
from tests.system.verdict import verdict
from tests.system.view import count

pytestmark = [pytest.mark.system, pytest.mark.timeout(60)]

SUPPRESSED = "SELECT count(*) FROM suppression"


@asynccontextmanager
async def two_ports(furnished: Path, directory: Path, **how: Any) -> AsyncIterator[Site]:
    """Run a site whose modem has two ports and is read at the second."""
    async with stage(furnished, directory, running=False, first=False):
        config = directory / "schoolgate.toml"
        config.write_text(config.read_text().replace(MODEM, f'{MODEM}second_port = "sim0-2"\n'))
    async with stage(furnished, directory, fitted={"second": True}, **how) as made:
        await reading_at(made, "sim0-2")
        yield made


async def reading_at(made: Site, port: str) -> None:
    """Wait until messages are read at that port; empty: at the first."""

    async def there() -> bool:
        return Path((await state(made))["second_port"]).name == port

    await eventually(there, 20, what=f"reading at {port or 'the first port'}")


async def test_a_stop_during_a_part_counts_before_that_part_ends(
    furnished_stage: Path, tmp_path: Path
) -> None:
    air = Timing(radio_first=5, report_after=0.05)
    async with two_ports(furnished_stage, tmp_path, first=False, timing=air, sweep=NEVER) as made:
        await posted(made, [ANNA, CARA])
        await made.network.ledger.until(Kind.SUBMITTED)
        made.network.text(CARA, "sim0", "STOP")
        await eventually(lambda: count(tmp_path, SUPPRESSED) == 1, what="opt-out")
        assert not made.network.ledger.of(Kind.RESULT)  # the part is still on the air
        assert max(waited(made)) <= AT_ONCE
        made.modems[0].timing = Timing()
        ends = await verdict(made)
        assert (ends["delivered"], ends["cancelled"]) == (2, 1)  # the confirmation is the second
        assert sum("trip" in text for text in made.texts(CARA)) == 0


@pytest.mark.parametrize("fault", ["second_gone", "second_deaf"])
async def test_a_second_port_that_fails_is_done_without_and_taken_up_again(
    furnished_stage: Path, tmp_path: Path, fault: str
) -> None:
    """A text that comes while one port has to do it all is read before the next part, and that heeds it."""
    async with two_ports(furnished_stage, tmp_path, timing=AIR) as made:
        made.modems[0].fault(fault)
        await reading_at(made, "")
        ledger = made.network.ledger
        begun = len(ledger.of(Kind.SUBMITTED))
        await posted(made, [ANNA, CARA])
        await ledger.until(Kind.SUBMITTED, begun + 1, timeout=20)
        made.network.text(CARA, "sim0", "STOP")
        assert await verdict(made) == {"delivered": 2, "cancelled": 1}  # the confirmation is one of the two
        assert sum("trip" in text for text in made.texts(CARA)) == 0
        made.modems[0].clear_faults()
        await reading_at(made, "sim0-2")
        made.network.text(BEN, "sim0", "Hello again")
        assert (await verdict(made))["delivered"] == 2
        assert (await state(made))["failures"] == 0  # the link itself was never lost
