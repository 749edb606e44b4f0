"""Clocks that are wrong, what fills up meanwhile, and a STOP in whatever form it comes."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from gateway import sms
from gateway.clock import utc_now
from gateway.simulator import Kind, Network, Timing
from gateway.simulator.relay import address_field, compose, report
from tests.system.heard import AT_ONCE, waited
from tests.system.site import Site, eventually, message, own_port, spawned
from tests.system.story import ANNA, BEN, CARA, EVERYBODY, NEVER, SWEEP, posted, stage
from tests.system.test_faults_field import wrote
from tests.system.verdict import verdict
from tests.system.view import count

pytestmark = [pytest.mark.system, pytest.mark.timeout(90)]

SUPPRESSED = "SELECT count(*) FROM suppression"
SHIFTED = ("-m", "tests.system.shifted")
UNJOINED = "SELECT count(*) FROM inbound WHERE kind = 'part'"
PARKED = "SELECT count(*) FROM inbound WHERE kind = 'parked'"


async def test_clocks_that_disagree_lose_no_stop_and_no_report(furnished_stage: Path, tmp_path: Path) -> None:
    def beginning(network: Network) -> None:
        wrong(network, timedelta(days=400))
        network.text(CARA, "sim0", "STOP")

    async with stage(furnished_stage, tmp_path, before=beginning) as made:
        await eventually(lambda: count(tmp_path, SUPPRESSED) == 1, what="opt-out")
        made.network.handset(BEN).reports("failed")
        made.modems[0].fault("lose_result")
        await posted(made, [ANNA, BEN])
        assert await verdict(made) == {"delivered": 2, "undelivered": 1}  # the confirmation is one
        assert sum("trip" in text for text in made.texts(CARA)) == 0


def wrong(network: Network, off: timedelta) -> None:
    """Have the network's clock, by which it stamps everything, be off: as much as ours would be."""

    def clock() -> datetime:
        return utc_now() + off

    network.clock = clock
    network.centre._clock = clock


async def test_a_report_that_came_before_the_result_counts_though_the_daemon_is_killed_then(
    furnished_stage: Path, tmp_path: Path
) -> None:
    pace = Timing(radio_first=0.02, report_after=0)
    direct = {"timing": pace, "persona": "simcom-sim800"}  # reports pass during a part
    async with stage(furnished_stage, tmp_path, running=False, first=False, **direct) as made:
        port = own_port(tmp_path)
        config = tmp_path / "schoolgate.toml"
        config.write_text(config.read_text().replace("result_seconds = 1.0", "result_seconds = 60"))
        async with spawned(made, port) as process:
            await made.ready(60)
            made.modems[0].fault("late_result", seconds=60)
            ident = await made.post(ANNA)
            await eventually(lambda: count(tmp_path, PARKED) == 1, what="the report")
            process.kill()
            await process.wait()
        made.modems[0].clear_faults()
        made.modems[0].reset()
        async with spawned(made, port):
            await made.ready(60)
            await made.reaches(ident, "delivered")
            assert await verdict(made) == {"delivered": 1}


async def test_what_a_killed_gateway_left_half_done_is_taken_up_three_days_later(
    furnished_stage: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A part without its report, a text without its end, a STOP that was read and is still in its slot."""
    clock = tmp_path / "clock"
    clock.write_text("0")
    monkeypatch.setenv("SHIFTED_CLOCK", str(clock))
    async with stage(furnished_stage, tmp_path, running=False, first=False) as made:
        port = own_port(tmp_path)
        made.network.handset(ANNA).reports("silent")
        async with spawned(made, port, SHIFTED) as process:
            await made.ready(60)
            ident = await made.post(ANNA)
            made.network.text(BEN, "sim0", "Not all of this arrives. " * 9, order=[1])
            await made.reaches(ident, "sent")
            await eventually(lambda: count(tmp_path, UNJOINED) == 1, what="the first part")
            await eventually(lambda: made.network.ledger.of(Kind.DELETED), what="its slot to be freed")
            made.modems[0].fault("reset_at", command="AT+CMGD")  # so that the slot is not freed
            made.network.text(CARA, "sim0", "STOP")
            await eventually(lambda: not made.modems[0].faults, what="the STOP's slot to be freed")
            process.kill()
            await process.wait()
        assert count(tmp_path, SUPPRESSED) == 1
        assert len(made.modems[0].storage.memories["SM"].slots) == 1
        clock.write_text(str(timedelta(days=3).total_seconds()))
        async with spawned(made, port, SHIFTED):
            await made.ready(60)
            (taken,) = made.network.ledger.of(Kind.ACCEPTED)[:1]
            at = utc_now()
            made.network.deliver("sim0", report(int(str(taken["mr"])), address_field(ANNA), at, at, 0))
            await made.reaches(ident, "delivered")
            await verdict(made)
            shown = "SELECT count(*) FROM inbox WHERE NOT complete"
            await eventually(lambda: count(tmp_path, shown) == 1, what="what there is of the text")


async def test_a_clock_that_is_a_year_back_at_the_start_keeps_what_comes_and_sends_nothing(
    furnished_stage: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By such a clock nobody has consented yet."""
    clock = tmp_path / "clock"
    monkeypatch.setenv("SHIFTED_CLOCK", str(clock))
    async with stage(furnished_stage, tmp_path, running=False, first=False) as made:
        clock.write_text(str(-timedelta(days=365).total_seconds()))
        async with spawned(made, own_port(tmp_path), SHIFTED):
            await made.ready(60)
            status, answer = await made.call("POST", "/v1/messages", message(ANNA))
            assert (status, answer["code"]) == (409, "CONSENT_MISSING")
            _, ready = await made.call("GET", "/readyz")
            assert "the clock was set back by 36" in str(ready["notices"])
            made.modems[0].fault("lose_cmti")  # so that only a look, by the timer, finds it
            made.network.text(BEN, "sim0", "Hello")
            assert await verdict(made) == {}
            assert max(waited(made)) <= SWEEP + AT_ONCE
            made.network.text(CARA, "sim0", "STOP")
            assert await verdict(made) == {"delivered": 1}  # the confirmation


@pytest.mark.parametrize("persona", ["simcom-sim800", "huawei-e173"])  # +SMSFULL, ^SMMEMFULL
async def test_a_memory_that_fills_while_it_sends_is_emptied_and_sending_goes_on(
    furnished_stage: Path, tmp_path: Path, persona: str
) -> None:
    slow = Timing(radio_first=0.15, radio_kept=0.15, report_after=0.05)
    async with stage(furnished_stage, tmp_path, timing=slow, persona=persona) as made:
        await posted(made, EVERYBODY[:8])
        for index, sender in enumerate(EVERYBODY[10:55]):  # more than the memory holds
            made.network.text(sender, "sim0", f"Reply {index}")
        assert await verdict(made, within=45) == {"delivered": 8}
        assert made.network.ledger.of(Kind.HELD)


STOPS = (  # from five numbers: 8-bit and 16-bit references of the only part, UCS-2, class 0 in two ways
    "0791447758100650440C914477000910320000629010800300400B050003100101A6D42714",
    "0791447758100650440C914477000910540000629010800300400C0608040010010153EA130A",
    "0791447758100650040C914477000910760008629010800300400800530054004F0050",
    "0791447758100650040C914477000910980010629010800300400453EA130A",
    "0791447758100650040C9144770009101100F1629010800300400453EA130A",
)


async def test_a_stop_counts_in_whatever_form_it_comes(furnished_stage: Path, tmp_path: Path) -> None:
    async with stage(furnished_stage, tmp_path, first=False) as made:
        for pdu in STOPS:
            made.network.deliver("sim0", pdu)
            wrote(made, sms.decode_deliver(pdu).sender.number, "STOP")
        assert await verdict(made) == {"delivered": len(STOPS)}  # the confirmations
        assert count(tmp_path, SUPPRESSED) == len(STOPS)


# A letter that is not in the GSM alphabet makes a part of 67 characters: the cut falls before "stop".
QUESTION = f"{'Ŵ hello, can you tell me when this evening the maths club will':<67}stop"
REFUSAL = f"{'Ŵ hello, we have left the school.':<67}STOP"


@pytest.mark.parametrize(
    ("text", "ends"),
    [(QUESTION, {"delivered": 2}), (REFUSAL, {"delivered": 2, "cancelled": 1})],
    ids=["a question", "a refusal"],
)
async def test_stop_in_a_later_part_that_comes_first_pauses_until_the_whole_is_there(
    furnished_stage: Path, tmp_path: Path, text: str, ends: dict[str, int]
) -> None:
    first, last = compose(BEN, text, utc_now(), reference=9)
    slow = Timing(radio_first=0.2, radio_kept=0.2)
    async with stage(furnished_stage, tmp_path, timing=slow, sweep=NEVER) as made:
        _, waiting = await posted(made, [ANNA, BEN])
        await made.network.ledger.until(Kind.SUBMITTED, 2)
        made.network.deliver("sim0", last)
        await made.reaches(waiting, "held")
        status, answer = await made.call("POST", "/v1/messages", message(BEN))
        assert (status, answer["code"]) == (409, "RECIPIENT_ON_HOLD")
        (hold,) = await holds(made)
        assert hold["kind"] == "fragment"
        made.network.deliver("sim0", first)
        wrote(made, BEN, text)
        assert await verdict(made) == ends
        assert await holds(made) == []
        assert sum("trip" in each for each in made.texts(BEN)) == ends["delivered"] - 1 - (
            "cancelled" in ends
        )


async def holds(made: Site) -> list[dict[str, object]]:
    """Return what a person is shown of numbers that are paused."""
    status, page = await made.call("GET", "/v1/opt-outs/holds")
    assert status == 200, page
    items: list[dict[str, object]] = page["items"]
    return items
