"""Parts that go by way of the modem's memory (`store_first`): what the copy tells where no result does."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import pytest

from gateway.simulator import Kind
from tests.system.story import ANNA, BEN, MODEM, changed, posted, stage
from tests.system.test_faults_sending import submissions
from tests.system.verdict import verdict

pytestmark = [pytest.mark.system, pytest.mark.timeout(60)]

Story = tuple[str, dict[str, Any], dict[str, int], int]  # fault, its parameters, ends, Anna's submissions
STORIES: Final[dict[str, Story]] = {
    "sent, and the copy says so": ("lose_result", {}, {"sent": 1, "delivered": 1}, 1),
    "not sent, and the copy says so": ("lose_result", {"sent": False}, {"sent": 1, "delivered": 1}, 2),
    "a restart before it was stored": ("reset_at", {"command": "AT+CMGW"}, {"sent": 1, "delivered": 1}, 1),
    "a restart before it was sent": ("reset_at", {"command": "AT+CMSS"}, {"uncertain": 1, "delivered": 1}, 0),
}


@pytest.mark.parametrize("story", STORIES.values(), ids=STORIES.keys())
async def test_the_stored_copy_tells_what_it_can(furnished_stage: Path, tmp_path: Path, story: Story) -> None:
    """Anna's handset reports nothing, so that nothing else can tell."""
    fault, how, ends, times = story
    changed(furnished_stage, tmp_path, {MODEM: f"{MODEM}store_first = true\n"})
    async with stage(furnished_stage, tmp_path) as made:
        made.network.handset(ANNA).reports("silent")
        made.modems[0].fault(fault, **how)
        first, _ = await posted(made, [ANNA, BEN])
        assert await verdict(made) == ends
        assert submissions(made, ANNA) == times
        assert (await made.message(first))["parts"][0]["attempts"] == 1
        lines = [str(entry["line"]) for entry in made.network.ledger.of(Kind.COMMAND)]
        assert [line for line in lines if line.startswith("+CMSS=")]
        assert not [line for line in lines if line.startswith("+CMGS=")]
