"""SIMs that text themselves, on the whole gateway: what fails is told, and lasts until it passes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gateway import selftest
from gateway.selftest import Pace
from gateway.simulator import Kind, Network
from tests.system.site import Site, eventually, furnish, number, revived

pytestmark = [pytest.mark.system, pytest.mark.timeout(60)]

ANNA = number(0)
OWN, NEIGHBOUR = number(990), number(991)
LONG = 600.0


def paced(monkeypatch: pytest.MonkeyPatch, *, again: float) -> None:
    monkeypatch.setattr(selftest, "PACE", Pace(first=0.1, patience=0.5, again=again))


def refusing(network: Network) -> None:
    network.modems["sim0"].fault("cms", code=38, count=1000)


def silent(network: Network) -> None:
    network.modems["sim0"].fault("lose_cmti")


async def answer(made: Site, status: int) -> Any:
    """Wait until the gateway says that it is ready, or not; return why."""
    found: Any = None

    async def said() -> bool:
        nonlocal found
        code, found = await made.call("GET", "/readyz")
        return code == status

    await eventually(said, what=f"/readyz to answer {status}")
    return found["reasons"]


async def alarm(made: Site) -> Any:
    """Return the alert of a self-test that failed, as people get to see it, None where there is none."""
    await made.alarms()
    _, page = await made.call("GET", "/v1/alerts", who="head")
    return next((each for each in page["items"] if each["kind"] == "self-test-failed"), None)


async def modem(made: Site, name: str = "sim0") -> Any:
    _, page = await made.call("GET", "/v1/modems", who="head")
    return next(each for each in page["items"] if each["name"] == name)


async def test_a_failure_outlives_a_restart_without_a_text_and_ends_with_the_test_that_passes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await furnish(tmp_path, modems=1, numbers=[], each=f'self_test_to = "{OWN}"\n')
    paced(monkeypatch, again=LONG)
    reason = "sim0: its self-test failed: the network did not take it"
    async with revived(tmp_path, before=refusing) as made:
        assert await answer(made, 503) == [reason]
        told, tested = await alarm(made), (await modem(made))["self_test_at"]
        assert told["what"] == "its self-test failed: the network did not take it"
    async with revived(tmp_path, ready=False) as made:
        await eventually(lambda: ready(made), what="the modem to be ready")
        assert await answer(made, 503) == [reason]
        assert (await modem(made))["self_test_at"] == tested
        assert (await alarm(made))["since"] == told["since"]
        assert not made.network.ledger.of(Kind.SUBMITTED)
    paced(monkeypatch, again=0.1)
    async with revived(tmp_path, before=refusing, ready=False) as made:
        await made.network.ledger.until(Kind.REFUSED, 3, timeout=20)  # tried again by itself, later each time
        made.modems[0].clear_faults()
        await answer(made, 200)
        found = await modem(made)
        assert (found["self_test"], found["self_test_error"], found["self_test_via"]) == (
            "passed",
            "",
            "sim0",
        )
        assert await alarm(made) is None


async def ready(made: Site) -> bool:
    return bool((await modem(made))["phase"] == "ready")


async def test_a_text_that_comes_late_ends_the_failure_without_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await furnish(tmp_path, modems=1, numbers=[], each=f'self_test_to = "{OWN}"\nsweep_seconds = 600\n')
    paced(monkeypatch, again=LONG)
    async with revived(tmp_path, before=silent) as made:
        assert await answer(made, 503) == ["sim0: its self-test failed: nothing came back within 0.5 s"]
        made.network.text(ANNA, "sim0", "Hello")  # is announced, and what lies beside it is found
        assert await answer(made, 200) == []
        assert len(made.network.ledger.of(Kind.SUBMITTED)) == 1
        _, page = await made.call("GET", "/v1/inbox")
        assert [each["text"] for each in page["items"]] == ["Hello"]  # the test is nobody's


async def test_a_restart_forgets_no_text_that_was_paid_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It ends between the sending and the verdict, as one does that is ended every few minutes."""
    await furnish(tmp_path, modems=1, numbers=[ANNA], each=f'self_test_to = "{OWN}"\nsweep_seconds = 600\n')
    monkeypatch.setattr(selftest, "PACE", Pace(first=0.1, patience=LONG, again=LONG))
    async with revived(tmp_path, before=silent) as made:
        await made.network.ledger.until(Kind.ACCEPTED)
        await eventually(lambda: noted(tmp_path), what="the text to be noted")
    async with revived(tmp_path) as made:
        for _ in range(2):
            await made.reaches(await made.post(ANNA), "delivered")
        assert {entry["to"] for entry in made.network.ledger.of(Kind.ACCEPTED)} == {ANNA}


async def noted(directory: Path) -> bool:
    return bool(json.loads((directory / "schoolgate.sim0.sim.json").read_text())["self_test_tries"])


async def test_while_the_neighbour_is_away_a_modem_is_not_blamed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await furnish(tmp_path, modems=2, numbers=[], each=f'self_test_to = "{NEIGHBOUR}"\n')
    paced(monkeypatch, again=0.1)
    async with revived(tmp_path, modems=2, before=lambda network: network.modems["sim1"].unplug()) as made:
        await made.network.ledger.until(Kind.ACCEPTED, 2, modem="sim0")  # so the first proved nothing
        assert await answer(made, 200) == []
        assert (await modem(made))["self_test"] == ""
        made.modems[1].plug()

        async def passed() -> bool:
            return bool((await modem(made))["self_test_via"] == "sim1")

        await eventually(passed, what="the test to pass")
