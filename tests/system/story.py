"""A stage for stories about a modem that misbehaves: the whole daemon, a quick network, short patience."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Mapping, Sequence
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
SWEEP = 2.0  # seconds between two looks through the memories for what was not announced
NEVER = 600.0  # as many as may be configured: within a story only what is announced is found
MODEM = f"result_seconds = {RESULT}\nsweep_seconds = {SWEEP}\n"
SHORT = "The trip to {place} is on {day}."
PACKED = "Please send a packed lunch and a coat. "
LONG = f"{SHORT} " + PACKED * 4


async def furnish_stage(directory: Path) -> None:
    """Write what every story starts with; copied for each."""
    await furnish(directory, modems=1, numbers=EVERYBODY, extra=SENDING, each=MODEM)


@asynccontextmanager
async def stage(furnished: Path, directory: Path, **how: Any) -> AsyncIterator[Site]:
    """Run a fresh copy of the furnished site, or in the same directory what an earlier run left.

    With `first` a part goes and is reported before the story begins; `sweep` is written as `sweep_seconds`.
    """
    config = directory / "schoolgate.toml"
    if not config.exists():
        shutil.copytree(furnished, directory, dirs_exist_ok=True, symlinks=True)
    if (sweep := how.pop("sweep", SWEEP)) != SWEEP:
        config.write_text(config.read_text().replace(f"sweep_seconds = {SWEEP}", f"sweep_seconds = {sweep}"))
    first = how.pop("first", True)
    async with revived(directory, **({"timing": PACE} | how)) as made:
        if first:
            await made.reaches(await made.post(FIRST), "delivered")
        yield made


def changed(furnished: Path, directory: Path, changes: Mapping[str, str]) -> None:
    """Copy the furnished site for a stage; what `changes` names is written otherwise in its configuration."""
    shutil.copytree(furnished, directory, dirs_exist_ok=True, symlinks=True)
    config = directory / "schoolgate.toml"
    text = config.read_text()
    for old, new in changes.items():
        assert old in text, old
        text = text.replace(old, new)
    config.write_text(text)


async def posted(made: Site, recipients: Sequence[str], **more: object) -> list[str]:
    """Post a message to each of `recipients`; return their ids."""
    return [await made.post(each, **more) for each in recipients]


async def long_template(made: Site, *, parts: int = 2) -> None:
    """Add an approved template, "long", whose text takes so many parts."""
    await add_template(made, "long", (LONG + PACKED * 4 * (parts - 2)).strip())


async def add_template(made: Site, name: str, body: str = SHORT, **more: object) -> None:
    """Add an approved template with the slots `place` and `day`; `more` as `POST /v1/templates` has it."""
    slots = {
        "place": {"type": "choice", "choices": ["the museum", "the farm"]},
        "day": {"type": "choice", "choices": ["Friday", "Monday"]},
    }
    asked = {"name": name, "purpose": "event_notice", "body": body, "slots": slots} | more
    status, drafted = await made.call("POST", "/v1/templates", asked, who="author")
    assert status == 201, drafted
    status, answer = await made.call("POST", f"/v1/templates/{drafted['id']}/approve", who="head")
    assert status == 200, answer
