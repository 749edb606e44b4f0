"""Several modems: each sends what is its own, takes over from one that is away, and nothing twice."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from gateway.simulator import Kind, Network, Timing
from tests.system.site import Site, eventually
from tests.system.story import ANNA, BEN, CARA, EVERYBODY, MODEM, posted, stage
from tests.system.verdict import verdict

pytestmark = [pytest.mark.system, pytest.mark.timeout(60)]

AIR = Timing(radio_first=0.1, radio_kept=0.1, report_after=0.05)


def modems(directory: Path, first: str, second: str) -> None:
    """Configure two modems with these rules."""
    config = directory / "schoolgate.toml"
    text = config.read_text().replace(MODEM, f"{MODEM}{first}\n")
    config.write_text(f'{text}[[modem]]\nname = "sim1"\nport = "sim1"\n{MODEM}{second}\n')


def sent_by(made: Site, to: str) -> list[str]:
    """Return the modems that put something on the air to that number, in order."""
    return [entry.modem for entry in made.network.ledger.of(Kind.ACCEPTED) if entry["to"] == to]


async def test_a_number_goes_through_its_modem_and_through_another_while_that_is_away(
    furnished_stage: Path, tmp_path: Path
) -> None:
    mine = f'prefixes = ["{ANNA}", "{BEN}"]'
    async with stage(furnished_stage, tmp_path, running=False, first=False):
        modems(tmp_path, "", mine)
    async with stage(furnished_stage, tmp_path, modems=2, timing=AIR) as made:
        await made.network.ledger.until(Kind.PORT_OPENED, 2, timeout=20)
        await both_ready(made)
        await posted(made, [ANNA, BEN, ANNA, BEN])
        assert (await verdict(made))["delivered"] == 4
        assert {*sent_by(made, ANNA), *sent_by(made, BEN)} == {"sim1"}
        made.modems[1].fault("unplug", seconds=None)
        await made.reaches(await made.post(ANNA), "sent", "delivered")
        assert sent_by(made, ANNA)[-1] == "sim0"
        made.modems[1].clear_faults()
        await both_ready(made)
        await made.reaches(await made.post(BEN), "sent", "delivered")
        assert sent_by(made, BEN)[-1] == "sim1"
        await verdict(made)


async def test_what_may_have_left_is_sent_by_no_other_modem(furnished_stage: Path, tmp_path: Path) -> None:
    async with stage(furnished_stage, tmp_path, running=False, first=False):
        modems(tmp_path, f'prefixes = ["{ANNA}"]', "")
    async with stage(furnished_stage, tmp_path, modems=2, timing=AIR) as made:
        await both_ready(made)
        made.network.handset(ANNA).reports("silent")
        made.modems[0].fault("lose_result")
        doubtful = await made.post(ANNA)
        await made.reaches(doubtful, "uncertain")
        made.modems[0].fault("unplug", seconds=None)
        await posted(made, [BEN, CARA])
        assert (await verdict(made)) == {"uncertain": 1, "delivered": 2}
        assert sent_by(made, ANNA) == ["sim0"]


async def test_a_modem_that_is_kept_for_urgent_messages_is_free_when_one_comes(
    furnished_stage: Path, tmp_path: Path
) -> None:
    async with stage(furnished_stage, tmp_path, running=False, first=False):
        modems(tmp_path, "", "reserve = 1")
    async with stage(furnished_stage, tmp_path, modems=2, timing=AIR) as made:
        await both_ready(made)
        await posted(made, EVERYBODY[:12])
        urgent = await made.post(EVERYBODY[30], priority="high")
        await made.reaches(urgent, "sent", "delivered")
        assert len(made.network.ledger.of(Kind.ACCEPTED, modem="sim0")) < 13  # it went before the queue
        assert (await verdict(made))["delivered"] == 13
        others = {entry["to"] for entry in made.network.ledger.of(Kind.ACCEPTED, modem="sim1")}
        assert others <= {EVERYBODY[30]}


async def test_the_modem_that_is_soonest_idle_takes_most(furnished_stage: Path, tmp_path: Path) -> None:
    def slow(network: Network) -> None:
        network.modems["sim1"].timing = replace(AIR, radio_first=2.0, radio_kept=2.0)

    async with stage(furnished_stage, tmp_path, running=False, first=False):
        modems(tmp_path, "", "")
    async with stage(furnished_stage, tmp_path, modems=2, timing=AIR, before=slow, first=False) as made:
        await both_ready(made)
        await posted(made, EVERYBODY[:16])
        assert (await verdict(made))["delivered"] == 16
        quick, late = (len(made.network.ledger.of(Kind.ACCEPTED, modem=name)) for name in ("sim0", "sim1"))
        assert late >= 1  # it is idle at the start
        assert quick >= 3 * late


async def both_ready(made: Site) -> None:
    """Wait until both modems are ready."""

    async def there() -> bool:
        _, page = await made.call("GET", "/v1/modems")
        return [modem["phase"] for modem in page["items"]] == ["ready", "ready"]

    await eventually(there, 20, what="both modems to be ready")
