"""docs/policy-walkthrough.md is walked, command by command, against a real gateway on the virtual network."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest

from gateway.simulator.control import serve
from policy.clauses import register
from tests.cli.conftest import give_keys
from tests.cli.walking import Step, Walk, steps
from tests.system.site import number, site

PAGE = (Path(__file__).parents[2] / "docs" / "policy-walkthrough.md").read_text(encoding="utf-8")
FILES = re.findall(r"^File `([\w.-]+)`:\n\n```\w+\n(.*?)```", PAGE, re.DOTALL | re.MULTILINE)
LOOKS = {
    "list",
    "show",
    "received",
    "holds",
    "suspects",
    "why",
    "compliance",
}  # and changes nothing: may look again
PATIENCE = 15.0  # seconds


def test_the_page_has_every_clause_in_order() -> None:
    assert re.findall(r"^## (\d\.\d) ", PAGE, re.MULTILINE) == [clause.number for clause in register()]


def test_a_command_that_says_something_else_is_noticed() -> None:
    (step,) = steps("```console\n$ schoolgate policy try 'Hello.'\nDENY: …\n```")
    assert not step.fits(Walk().run(step))
    (step,) = steps("```console\n$ schoolgate policy try 'Hello.' # refused\nALLOW: …\n```")
    assert not step.fits(Walk().run(step))


@pytest.mark.system
@pytest.mark.timeout(300)
async def test_every_command_of_the_page_does_what_it_shows(tmp_path: Path) -> None:
    numbers = [number(index) for index in (101, 102, 103)]
    (tmp_path / ".demo").mkdir()
    for name, text in FILES:
        (tmp_path / name).write_text(text, encoding="utf-8")
    walk = Walk()
    async with (
        site(tmp_path, numbers=numbers, extra='[cli]\nkey_file = "office.key"\n') as running,
        serve(running.network, tmp_path / ".demo" / "sim.sock"),
    ):
        give_keys(running)
        for step in steps(PAGE):
            await walked(walk, step)


async def walked(walk: Walk, step: Step) -> None:
    """Do a step; one that only looks is done again until what it waits for is there."""
    ended = await asyncio.to_thread(walk.run, step)
    deadline = asyncio.get_running_loop().time() + PATIENCE
    while LOOKS & set(step.words) and not step.fits(ended):
        if asyncio.get_running_loop().time() > deadline:
            break
        await asyncio.sleep(0.05)
        ended = await asyncio.to_thread(walk.run, step)
    assert step.fits(ended), f"$ {step.line}\n{ended.out}{ended.err}\n--- the page says:\n{step.said}"
