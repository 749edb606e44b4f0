"""A SIM that has sent its share pauses, the other carries on; one with little credit is told of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gateway.simulator import Kind
from tests.system.site import Site, eventually, furnish, number, revived

CAP = 2
EVERYBODY = [number(index) for index in range(12)]


async def modem(made: Site, name: str) -> Any:
    status, body = await made.call("GET", "/v1/modems", who="head")
    assert status == 200, body
    return next(each for each in body["items"] if each["name"] == name)


async def is_ready(made: Site, name: str) -> bool:
    return bool((await modem(made, name))["phase"] == "ready")


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
        assert (await modem(made, "sim1"))["paused_until"] is None


async def test_after_a_restart_it_still_pauses_and_what_waits_is_kept(tmp_path: Path) -> None:
    await furnish(tmp_path, modems=1, numbers=EVERYBODY[:4])
    config = tmp_path / "schoolgate.toml"
    config.write_text(config.read_text().replace("parts_per_hour = 0", f"parts_per_hour = {CAP}", 1))
    async with revived(tmp_path) as made:
        for each in EVERYBODY[:CAP]:
            await made.reaches(await made.post(each), "sent", "delivered")
    async with revived(tmp_path) as made:
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


async def test_the_credit_of_a_sim_is_asked_for_and_told_below_its_floor(tmp_path: Path) -> None:
    """It is asked for a minute after the link is up, when nothing was sent for a while."""
    await furnish(tmp_path, modems=1, numbers=EVERYBODY, each='credit_ussd = "*100#"\ncredit_floor = 20.0\n')
    async with revived(tmp_path, modems=1) as made:
        await eventually(lambda: is_ready(made, "sim0"), what="sim0 to be ready")

        async def known() -> Any:
            found = await modem(made, "sim0")
            return found if found["credit"] is not None else None

        found = await eventually(known, within=100, what="the credit")
        assert (found["credit"], found["credit_low"], found["credit_error"]) == (10.0, True, "")
        await made.reaches(await made.post(EVERYBODY[0]), "delivered")  # it may be low: parts go on
