"""A link, a modem or a SIM that misbehaves: HTTP in, handset out, and the verdict."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import serial

from gateway.cards import Card
from gateway.simulator import Kind, Network, Timing
from gateway.simulator.card import SimCard
from gateway.simulator.ledger import Entry
from tests.system.heard import AT_ONCE, hears, waited
from tests.system.site import Site, eventually
from tests.system.story import ANNA, BEN, CARA, EVERYBODY, MODEM, NEVER, posted, stage
from tests.system.verdict import verdict

pytestmark = [pytest.mark.system, pytest.mark.timeout(60)]

RUN = EVERYBODY[:20]
AIR = Timing(radio_first=0.1, radio_kept=0.1, report_after=0.05)
SLOW_REPORTS = replace(AIR, report_after=4)  # they come when the modem is back, and is told to pass them on

BACK = 3.0  # seconds from a modem that is back to the next part on the air
AWAKE = 5.0  # the same from the end of a silence


async def state(made: Site) -> dict[str, Any]:
    """Return what the gateway says of its modem."""
    _, page = await made.call("GET", "/v1/modems")
    found: dict[str, Any] = page["items"][0]
    return found


async def blocked(made: Site, because: str) -> None:
    """Wait until the modem waits for a person, for the reason given."""

    async def said() -> bool:
        found = await state(made)
        return found["phase"] == "blocked" and because in found["detail"]

    await eventually(said, 20, what=because)


async def in_the_middle(made: Site, do: Callable[[], object]) -> None:
    """Post a run and, when a few of it are sent and one is on the air, do something."""
    await posted(made, RUN)
    await made.network.ledger.until(Kind.SUBMITTED, 6, timeout=20)
    do()


def gap_after(made: Site, over: Entry) -> float:
    """Return the seconds from an entry to the next part on the air."""
    return min(entry.at for entry in made.network.ledger.of(Kind.SUBMITTED) if entry.at > over.at) - over.at


@pytest.mark.parametrize("sent", [True, False])
async def test_unplugged_in_the_middle_of_a_run(furnished_stage: Path, tmp_path: Path, sent: bool) -> None:
    async with stage(furnished_stage, tmp_path, timing=SLOW_REPORTS) as made:
        await in_the_middle(made, lambda: made.modems[0].fault("unplug", seconds=1.5, sent=sent))
        ends = await verdict(made)
        # The part that was on the air: a report proves it where it left, and nothing does where it did not.
        assert ends["uncertain"] == (0 if sent else 1)
        assert gap_after(made, *made.network.ledger.of(Kind.PLUGGED)) <= BACK


async def test_unplugged_before_it_took_the_whole_part_nothing_has_left(
    furnished_stage: Path, tmp_path: Path
) -> None:
    async with stage(furnished_stage, tmp_path) as made:
        made.modems[0].fault("stall")
        await posted(made, [ANNA, BEN])
        await made.network.ledger.until(Kind.PROMPT, 2, timeout=20)
        made.modems[0].fault("unplug", seconds=1)
        assert await verdict(made) == {"delivered": 2}
        assert len(made.network.ledger.of(Kind.SUBMITTED)) == 3


@pytest.mark.parametrize(
    "silence",
    [
        {"seconds": 3, "lose": True},
        {"seconds": 2, "lose": False},
        {"seconds": 8, "lose": True, "urcs": True},
    ],
    ids=["bytes lost", "bytes held back", "unsolicited lines go on"],
)
async def test_silence_in_the_middle_of_a_run(
    furnished_stage: Path, tmp_path: Path, silence: dict[str, Any]
) -> None:
    async with stage(furnished_stage, tmp_path, timing=AIR) as made:
        await in_the_middle(made, lambda: made.modems[0].fault("hang", **silence))
        made.network.text(CARA, "sim0", "Thank you")
        ends = await verdict(made, within=50)
        assert ends["delivered"] + ends["uncertain"] == 20
        assert ends["uncertain"] <= 1
        assert gap_after(made, *made.network.ledger.of(Kind.FAULT_OVER)) <= AWAKE


@pytest.mark.parametrize("persona", ["generic", "huawei-e173"])
async def test_a_restart_in_the_middle_of_a_run(furnished_stage: Path, tmp_path: Path, persona: str) -> None:
    how = {"timing": SLOW_REPORTS, "persona": persona, "sweep": NEVER}
    async with stage(furnished_stage, tmp_path, **how) as made:
        await in_the_middle(made, lambda: made.modems[0].fault("reset"))
        assert await verdict(made) == {"delivered": 20}
        await hears(made, BEN)  # texts are announced as before


@pytest.mark.parametrize("kind", ["urc", "bytes", "chop"])
async def test_noise_changes_nothing(furnished_stage: Path, tmp_path: Path, kind: str) -> None:
    async with stage(furnished_stage, tmp_path, sweep=NEVER) as made:
        made.modems[0].fault("noise", kind=kind)
        await posted(made, RUN)
        made.network.text(CARA, "sim0", "OK")
        made.network.text(BEN, "sim0", "ERROR in the bill > ")
        assert await verdict(made) == {"delivered": 20}
        assert max(waited(made)) <= AT_ONCE
        await hears(made, BEN)


@pytest.mark.parametrize(
    ("line", "code", "ends"),
    [
        ('+CUSD: 0,"OK BOOK NOW",15', 1, {"failed": 1, "delivered": 1}),
        ("^MODE:5,4", 38, {"delivered": 2}),
        ("OK BOOK NOW", 38, {"delivered": 2}),
    ],
)
async def test_words_of_success_between_the_lines_are_no_success(
    furnished_stage: Path, tmp_path: Path, line: str, code: int, ends: dict[str, int]
) -> None:
    async with stage(furnished_stage, tmp_path) as made:
        made.modems[0].fault("noise", kind="urc", line=line)
        made.modems[0].fault("cms", code=code, count=1)
        await posted(made, [ANNA, BEN])
        assert await verdict(made) == ends
        refused = made.network.ledger.of(Kind.REFUSED)
        assert [entry["code"] for entry in refused] == [code]  # and it went on by that, not by the words


async def test_echo_that_comes_on_by_itself_changes_nothing(furnished_stage: Path, tmp_path: Path) -> None:
    async with stage(furnished_stage, tmp_path) as made:
        made.modems[0].fault("echo")
        made.network.text(CARA, "sim0", "Hello")
        await posted(made, [ANNA, BEN])
        assert await verdict(made) == {"delivered": 2}


async def test_a_modem_left_at_its_prompt_sends_nothing_of_what_is_written_then(
    furnished_stage: Path, tmp_path: Path
) -> None:
    def leave_at_prompt(network: Network) -> None:
        network.modems["sim0"].listen(b"AT+CMGS=20\r0011000B91")

    async with stage(furnished_stage, tmp_path, before=leave_at_prompt) as made:
        await posted(made, [ANNA, BEN])
        assert await verdict(made) == {"delivered": 2}
        assert not made.network.ledger.of(Kind.REFUSED)


async def test_a_port_in_other_hands_is_named_and_taken_up_when_it_is_free(
    furnished_stage: Path, tmp_path: Path
) -> None:
    held: list[serial.Serial] = []

    def hold(network: Network) -> None:
        held.append(serial.Serial(str(network.modems["sim0"].path), exclusive=True))

    async with stage(furnished_stage, tmp_path, before=hold, ready=False, first=False) as made:
        ident = await made.post(ANNA)
        await blocked(made, "is held by")
        assert (await made.message(ident))["status"] == "queued"
        held[0].close()
        assert await verdict(made) == {"delivered": 1}


@pytest.mark.parametrize("seconds", [1.5])
async def test_a_sim_that_was_out_for_a_while(furnished_stage: Path, tmp_path: Path, seconds: float) -> None:
    async with stage(furnished_stage, tmp_path, timing=AIR) as made:
        await in_the_middle(made, lambda: made.modems[0].fault("no_sim", seconds=seconds))
        made.network.text(CARA, "sim0", "Hello")
        assert await verdict(made) == {"delivered": 20}


async def test_another_subscriber_on_the_same_card_waits_for_a_person(
    furnished_stage: Path, tmp_path: Path
) -> None:
    async with stage(furnished_stage, tmp_path) as made:
        made.modems[0].fault("swap_sim", only_imsi=True)
        await blocked(made, "subscriber was changed")
        ident = await made.post(ANNA)
        assert (await made.message(ident))["status"] == "queued"
        await verdict(made, stopped=True)
        assert Card.of(tmp_path / "schoolgate.db", "sim0").forget()
        await made.reaches(ident, "delivered")


async def test_another_sim_sends_nothing_until_a_person_confirms(
    furnished_stage: Path, tmp_path: Path
) -> None:
    async with stage(furnished_stage, tmp_path) as made:
        made.modems[0].fault("swap_sim")
        await blocked(made, "the SIM was changed")
        ident = await made.post(ANNA)
        await asyncio.sleep(2.5)  # longer than the supervisor waits before it looks again
        assert (await made.message(ident))["status"] == "queued"
        await verdict(made, stopped=True)
    # Nor does a restart make it right; a person's word does.
    swapped = {"before": lambda network: setattr(network.modems["sim0"], "sim", SimCard(900))}
    async with stage(furnished_stage, tmp_path, ready=False, first=False, **swapped) as made:
        await blocked(made, "schoolgate modem confirm sim0")
        assert (await made.message(ident))["status"] == "queued"
        assert Card.of(tmp_path / "schoolgate.db", "sim0").forget()
        await made.reaches(ident, "delivered")


def with_pin(directory: Path, pin: str) -> None:
    """Configure a PIN."""
    (directory / "sim0.pin").write_text(pin)
    config = directory / "schoolgate.toml"
    config.write_text(config.read_text().replace(MODEM, f'{MODEM}pin_file = "sim0.pin"\n'))


def locked(network: Network) -> None:
    network.modems["sim0"].fault("sim_pin", pin="1234")


def pins_tried(made: Site) -> list[str]:
    lines = [str(entry["line"]) for entry in made.network.ledger.of(Kind.COMMAND)]
    return [line for line in lines if line.startswith("+CPIN=")]


@pytest.mark.parametrize(
    ("before", "tries"), [(locked, 1), (lambda _: None, 0)], ids=["asked for", "not asked for"]
)
async def test_the_right_pin_opens_the_sim_that_asks_for_it(
    furnished_stage: Path, tmp_path: Path, before: Callable[[Network], None], tries: int
) -> None:
    async with stage(furnished_stage, tmp_path, running=False, first=False):
        with_pin(tmp_path, "1234")
    async with stage(furnished_stage, tmp_path, before=before) as made:
        await posted(made, [ANNA])
        assert await verdict(made) == {"delivered": 1}
        assert len(pins_tried(made)) == tries


async def told_of(made: Site, what: str) -> bool:
    """Return whether an alert says that a SIM waits for a person, and why."""
    return what in (await made.alarms()).get("modem-blocked", "")


async def test_a_wrong_pin_is_tried_once_ever_and_a_puk_never(furnished_stage: Path, tmp_path: Path) -> None:
    async with stage(furnished_stage, tmp_path, running=False, first=False):
        with_pin(tmp_path, "9999")
    tries = []
    for why in ("refused the PIN", "tried on this SIM before", "tried on this SIM before"):
        async with stage(furnished_stage, tmp_path, before=locked, ready=False, first=False) as made:
            await blocked(made, why)
            assert await told_of(made, why)
            tries += pins_tried(made)
            await verdict(made, stopped=True)
    assert len(tries) == 1


async def test_a_blocked_sim_is_left_to_people(furnished_stage: Path, tmp_path: Path) -> None:
    """Though its PIN is known: it was entered once, before somebody blocked the SIM, and never again."""
    async with stage(furnished_stage, tmp_path, running=False, first=False):
        with_pin(tmp_path, "1234")
    async with stage(furnished_stage, tmp_path, before=locked) as made:
        made.modems[0].fault("puk")
        made.modems[0].reset()
        await blocked(made, "PUK")
        assert await told_of(made, "PUK")
        looks = len(made.network.ledger.of(Kind.PORT_OPENED))
        await made.network.ledger.until(Kind.PORT_OPENED, looks + 2, timeout=20)
        assert len(pins_tried(made)) == 1
