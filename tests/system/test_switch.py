"""8.1: one call suspends all sending at once, through kill -9, and keeps what waits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gateway.simulator import Timing
from tests.system.site import Site, eventually, furnish, message, number, own_port, revived, spawned

PACE = Timing(radio_first=0.05, radio_kept=0.05, report_after=0.05)
EVERYBODY = [number(index) for index in range(20)]
WHY = {"reason": "a wrong list"}

pytestmark = [pytest.mark.system, pytest.mark.timeout(90)]


async def reasons(made: Site) -> list[str]:
    """Return why the gateway is not ready, once it answers."""

    async def answer() -> Any:
        try:
            return (await made.call("GET", "/readyz"))[1]["reasons"]
        except OSError:
            return None

    return list(await eventually(answer, 30, what="an answer of /readyz with reasons"))


async def only_suspended(made: Site) -> None:
    """Wait until nothing but the switch keeps the gateway from sending: the modem is there."""

    async def there() -> bool:
        found = await reasons(made)
        return len(found) == 1 and found[0].startswith("sending is suspended since")

    await eventually(there, 30, what="a modem that could send")


def received(made: Site) -> int:
    return sum(len(made.texts(each)) for each in EVERYBODY)


async def metric(made: Site, name: str) -> float:
    assert made.session is not None
    async with made.session.get(made.url + "/metrics") as answer:
        lines = (await answer.text()).splitlines()
    return next(float(line.split()[1]) for line in lines if line.startswith(name + " "))


async def test_8_1_what_waits_is_kept_through_kill_minus_nine_and_goes_when_the_owner_says_so(
    tmp_path: Path,
) -> None:
    await furnish(tmp_path, modems=1, numbers=EVERYBODY)
    port = own_port(tmp_path)
    async with revived(tmp_path, timing=PACE, running=False) as made:
        async with spawned(made, port) as process:
            await made.ready()
            for each in EVERYBODY:
                await made.post(each)
            assert (await made.call("POST", "/v1/sending/suspend", WHY, who="author"))[0] == 403
            status, stop = await made.call("POST", "/v1/sending/suspend", WHY)
            assert (status, stop["made_by"], stop["reason"]) == (200, "office", "a wrong list")
            status, body = await made.call("POST", "/v1/messages", message(EVERYBODY[0]))
            assert (status, body["code"], body["clause"]) == (503, "SENDING_SUSPENDED", "8.1")
            process.kill()
            await process.wait()
        killed = received(made)
        assert killed < len(EVERYBODY) - 1
        async with spawned(made, port):
            await only_suspended(made)
            left = received(made)
            assert left <= killed + 1  # what was on the air: the modem finishes it without us
            assert await metric(made, "schoolgate_sending_suspended") == 1
            # What came in is still acted upon, and answered by nothing: the gateway works, and sends nothing.
            made.network.text(EVERYBODY[-1], "sim0", "STOP")

            async def opted_out() -> bool:
                return len((await made.call("GET", "/v1/opt-outs"))[1]["items"]) == 1

            await eventually(opted_out, 30, what="an opt-out")
            assert received(made) == left
            assert await metric(made, "schoolgate_queue_parts") > 0
            assert (await made.call("POST", "/v1/sending/resume", WHY))[0] == 403  # not the owner
            status, stop = await made.call("POST", "/v1/sending/resume", WHY, who="head")
            assert (status, stop["ended_by"]) == (200, "head")
            rest = EVERYBODY[:-1]
            await eventually(lambda: all(made.texts(each) for each in rest), 30, what="the rest to arrive")
            assert [len(made.texts(each)) for each in rest] == [1] * len(rest)
            status, body = await made.call("POST", "/v1/sending/resume", WHY, who="head")
            assert (status, body["code"]) == (409, "NOT_SUSPENDED")
