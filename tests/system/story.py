"""A stage for stories about a modem that misbehaves: the whole daemon, a quick network, short patience."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from gateway.simulator import Timing
from tests.system.site import Site, furnish, number, revived

EVERYBODY = [number(index) for index in range(60)]
FIRST = EVERYBODY[-1]  # is texted before a story begins: an idle modem is the exception, not the rule
ANNA, BEN, CARA, DAN, EVE = EVERYBODY[:5]
RESULT = 1.0  # seconds that the daemon waits for a final result
PACE = Timing(radio_first=0.03, radio_kept=0.02, report_after=0.05)
SENDING = "[sending]\nretry_seconds = [0.2, 0.4]\ndevice_pause_seconds = 0.5\n"
MODEM = f"result_seconds = {RESULT}\nsweep_seconds = 2\n"
LONG = "The trip to {place} is on {day}. " + "Please send a packed lunch and a coat. " * 4


async def furnish_stage(directory: Path) -> None:
    """Write what every story starts with; copied for each."""
    await furnish(directory, modems=1, numbers=EVERYBODY, extra=SENDING, each=MODEM)


@asynccontextmanager
async def stage(furnished: Path, directory: Path, **how: Any) -> AsyncIterator[Site]:
    """Run a fresh copy of the furnished site, or in the same directory what an earlier run left.

    With `first` a part goes and is reported before the story begins.
    """
    if not (directory / "schoolgate.toml").exists():
        shutil.copytree(furnished, directory, dirs_exist_ok=True, symlinks=True)
    first = how.pop("first", True)
    async with revived(directory, **({"timing": PACE} | how)) as made:
        if first:
            await made.reaches(await made.post(FIRST), "delivered")
        yield made


async def posted(made: Site, recipients: Sequence[str], **more: object) -> list[str]:
    """Post a message to each of `recipients`; return their ids."""
    return [await made.post(each, **more) for each in recipients]


async def long_template(made: Site) -> None:
    """Add an approved template, "long", whose text takes two parts."""
    slots = {
        "place": {"type": "choice", "choices": ["the museum", "the farm"]},
        "day": {"type": "choice", "choices": ["Friday", "Monday"]},
    }
    body = {"name": "long", "purpose": "event_notice", "body": LONG.strip(), "slots": slots}
    status, drafted = await made.call("POST", "/v1/templates", body, who="author")
    assert status == 201, drafted
    status, answer = await made.call("POST", f"/v1/templates/{drafted['id']}/approve", who="head")
    assert status == 200, answer
