"""A SIM that has sent its share pauses, the other carries on; one with little credit is told of."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from gateway.modem import credit
from gateway.simulator import Kind, Network
from tests.system.site import Site, eventually, furnish, number, revived

CAP = 2
EVERYBODY = [number(index) for index in range(12)]


async def modem(made: Site, name: str) -> Any:
    status, body = await made.call("GET", "/v1/modems", who="head")
    assert status == 200, body
    return next(each for each in body["items"] if each["name"] == name)


async def is_ready(made: Site, name: str) -> bool:
    return bool((await modem(made, name))["phase"] == "ready")


def sent(found: Any) -> tuple[int | None, ...]:
    """Return what a SIM was given in an hour and in a day, and the most that it may be."""
    return tuple(found[name] for name in ("sent_hour", "sent_day", "cap_hour", "cap_day"))


async def exported(made: Site) -> dict[tuple[str, str], float]:
    """Return what the metrics say of SIMs: by metric and span."""
    async with aiohttp.ClientSession() as session, session.get(made.url + "/metrics") as answer:
        lines = await answer.text()
    found = re.findall(r'^(schoolgate_modem_sim_\w+){modem="sim0",span="(\w+)"} (\S+)$', lines, re.MULTILINE)
    return {(name, span): float(value) for name, span, value in found}


def accepted(made: Site, name: str) -> int:
    """Return how many parts the network took from a modem."""
    return sum(entry.modem == name for entry in made.network.ledger.of(Kind.ACCEPTED))


async def test_a_sim_pauses_at_its_cap_and_the_other_carries_on(tmp_path: Path) -> None:
    await furnish(tmp_path, modems=2, numbers=EVERYBODY)
    config = tmp_path / "schoolgate.toml"
    config.write_text(config.read_text().replace("parts_per_hour = 0", f"parts_per_hour = {CAP}", 1))  # sim0
    async with revived(tmp_path, modems=2) as made:
        for name in ("sim0", "sim1"):
            await eventually(lambda name=name: is_ready(made, name), what=f"{name} to be ready")
        idents = [await made.post(each) for each in EVERYBODY]
        for ident in idents:
            await made.reaches(ident, "sent", "delivered", within=40)
        assert accepted(made, "sim0") == CAP
        assert accepted(made, "sim1") == len(EVERYBODY) - CAP
        paused = await modem(made, "sim0")
        assert paused["paused"] == f"this SIM has sent its {CAP} parts an hour"
        assert paused["paused_until"] is not None
        assert sent(paused) == (CAP, CAP, CAP, None)
        assert sent(await modem(made, "sim1")) == (len(EVERYBODY) - CAP,) * 2 + (None, None)
        assert f" {CAP}/{CAP}, {CAP} " in await status(made, "sim0")
        assert (await modem(made, "sim1"))["paused_until"] is None


async def test_after_a_restart_it_still_pauses_and_what_waits_is_kept(tmp_path: Path) -> None:
    await furnish(tmp_path, modems=1, numbers=EVERYBODY[:4])
    config = tmp_path / "schoolgate.toml"
    config.write_text(config.read_text().replace("parts_per_hour = 0", f"parts_per_hour = {CAP}", 1))
    async with revived(tmp_path) as made:
        for each in EVERYBODY[:CAP]:
            await made.reaches(await made.post(each), "sent", "delivered")
    async with revived(tmp_path) as made:

        async def counted() -> bool:
            return sent(await modem(made, "sim0")) == (CAP, CAP, CAP, None)

        await eventually(counted, what="what was sent before the restart")  # and nothing since
        told = await exported(made)
        assert told["schoolgate_modem_sim_parts", "hour"] == told["schoolgate_modem_sim_cap", "hour"] == CAP
        assert told["schoolgate_modem_sim_parts", "day"] == CAP
        waiting = await made.post(EVERYBODY[CAP])

        async def pauses() -> Any:
            return (await modem(made, "sim0"))["paused_until"]

        await eventually(pauses, what="the pause of the SIM")
        _, forecast = await made.call("GET", "/v1/forecast")
        assert (forecast["queue"], forecast["modems"][0]["paused_until"]) == (1, await pauses())
        assert (await made.message(waiting))["status"] == "queued"
        assert accepted(made, "sim0") == 0
    config.write_text(config.read_text().replace(f"parts_per_hour = {CAP}", f"parts_per_hour = {CAP + 1}"))
    async with revived(tmp_path) as made:
        await made.reaches(waiting, "sent", "delivered")


async def status(made: Site, name: str) -> str:
    """Return what `schoolgate status` says of a modem, as a person with a wide screen sees it."""
    key = made.directory / "head.key"
    key.touch(mode=0o600)
    key.write_text(made.tokens["head"])
    config = str(made.directory / "schoolgate.toml")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "gateway.cli", "status", "--config", config, "--key-file", str(key)),
        stdout=asyncio.subprocess.PIPE,
        env=os.environ | {"COLUMNS": "400"},
    )
    said = (await process.communicate())[0].decode()
    return next(line for line in said.splitlines() if name in line and "Modem" not in line)


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the credit asked for at once, and soon after a part."""
    monkeypatch.setattr(credit, "_FIRST", 0.2)
    monkeypatch.setattr(credit, "_IDLE", 0.2)


ASKED = 'credit_ussd = "*100#"\ncredit_floor = 20.0\n'


@pytest.mark.usefixtures("soon")
@pytest.mark.parametrize("persona", ["generic", "huawei-e173"], ids=["plain", "packed"])
async def test_the_credit_of_a_sim_is_asked_for_and_told_below_its_floor(
    tmp_path: Path, persona: str
) -> None:
    await furnish(tmp_path, modems=1, numbers=EVERYBODY[:1], each=ASKED)
    async with revived(tmp_path, persona=persona) as made:
        found = await eventually(lambda: with_credit(made), what="the credit")
        assert (found["credit"], found["credit_low"], found["credit_error"]) == (10.0, True, "")
        low = "the credit of its SIM is 10.00, below the floor of 20.00"
        assert (await made.alarms())["credit-low"] == low
        assert low in await status(made, "sim0")
        lines = [entry["line"] for entry in made.network.ledger.of(Kind.COMMAND)]
        assert ('+CUSD=1,"*100#",15' in lines) == (persona == "generic")
        made.modems[0].urc('+CUSD: 0,"Top up today! Your balance is £50.00",15')  # nobody asked
        await made.reaches(await made.post(EVERYBODY[0]), "delivered")  # it may be low: parts go on
        assert (await with_credit(made))["credit"] == 10.0
        assert (await made.alarms())["credit-low"] == low


async def with_credit(made: Site) -> Any:
    found = await modem(made, "sim0")
    return found if found["credit"] is not None else None


@pytest.mark.usefixtures("soon")
async def test_a_credit_that_cannot_be_known_is_told_not_guessed(tmp_path: Path) -> None:
    """Its answer names two amounts, and leaves a menu open, in which nobody else could ask."""
    await furnish(tmp_path, modems=1, numbers=[], each=ASKED)

    def before(network: Network) -> None:
        network.modems["sim0"].ussd = '1,"Your credit of £5 was added. Your balance is £50. 1 Top up",15'

    async with revived(tmp_path, before=before) as made:

        async def told() -> Any:
            return (await made.alarms()).get("credit-unknown")

        unclear = "the credit of its SIM is not known: the answer names no amount for certain"
        assert unclear in await eventually(told, what="the alert")
        found = await modem(made, "sim0")
        assert (found["credit"], found["credit_low"]) == (None, False)
        assert unclear in await status(made, "sim0")
        lines = [entry["line"] for entry in made.network.ledger.of(Kind.COMMAND)]
        assert "+CUSD=2" in lines[lines.index('+CUSD=1,"*100#",15') :]
