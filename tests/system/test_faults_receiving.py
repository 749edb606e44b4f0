"""What comes in while things go wrong: handset in, HTTP out, and the verdict."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Final

import pytest

from gateway.clock import utc_now
from gateway.simulator import Kind, Timing
from gateway.simulator.personas import PERSONAS
from gateway.simulator.relay import compose
from tests.system.heard import AT_ONCE, hears, waited
from tests.system.site import Site, eventually, message
from tests.system.story import ANNA, BEN, CARA, MODEM, SWEEP, posted, stage
from tests.system.verdict import verdict
from tests.system.view import count, read

pytestmark = [pytest.mark.system, pytest.mark.timeout(60)]

LONG = "We are on holiday until the end of the month and cannot answer. " * 4


def stored(made: Site, what: str) -> int:
    """Return how many PDUs of a kind were journalled."""
    return count(made.directory, f"SELECT count(*) FROM inbound WHERE kind = '{what}'")  # noqa: S608


async def test_messages_that_are_not_announced_are_found(furnished_stage: Path, tmp_path: Path) -> None:
    async with stage(furnished_stage, tmp_path, first=False) as made:
        made.modems[0].fault("lose_cmti", count=3)
        for sender in (ANNA, BEN):
            made.network.text(sender, "sim0", "Hello")
        made.network.text(CARA, "sim0", "STOP")
        await verdict(made)
        assert len(made.network.ledger.of(Kind.INDICATION_LOST)) == 3
        assert max(waited(made)) <= SWEEP + AT_ONCE


async def test_a_modem_that_announces_nothing_any_more_is_told_again(
    furnished_stage: Path, tmp_path: Path
) -> None:
    async with stage(furnished_stage, tmp_path, first=False) as made:
        made.modems[0].settings.cnmi = (0, 0, 0, 0, 0)
        made.network.text(ANNA, "sim0", "Is anybody there?")
        await verdict(made)
        assert max(waited(made)) <= SWEEP + AT_ONCE
        await eventually(lambda: made.modems[0].settings.cnmi[1] == 1, what="notifications again")
        await hears(made, BEN)


async def test_parts_in_any_order_once_or_twice_make_one_text(furnished_stage: Path, tmp_path: Path) -> None:
    async with stage(furnished_stage, tmp_path) as made:
        made.network.text(ANNA, "sim0", LONG, order=[2, 1])
        made.network.text(BEN, "sim0", LONG, wide=True, order=[1, 1, 2, 2])
        made.network.text(CARA, "sim0", f"One: {LONG}", order=[1])
        made.network.text(CARA, "sim0", f"Two: {LONG}")
        await verdict(made)
        assert stored(made, "part") == 1  # the one whose rest never came


@pytest.mark.parametrize("order", [[1, 2], [2, 1], [1]])
async def test_stop_in_one_part_of_a_long_text_counts_at_once(
    furnished_stage: Path, tmp_path: Path, order: list[int]
) -> None:
    text = "Stop texting me. " + "Ж" * 60  # 67 characters that are not in the GSM alphabet fill a part
    async with stage(furnished_stage, tmp_path, timing=Timing(radio_first=0.3, radio_kept=0.3)) as made:
        await posted(made, [ANNA, BEN, BEN])
        await made.network.ledger.until(Kind.SUBMITTED, 2)
        made.network.text(BEN, "sim0", text, order=order)
        await verdict(made)
        assert sum("trip" in each for each in made.texts(BEN)) == 0


async def test_stop_twice_and_from_a_number_in_national_form(furnished_stage: Path, tmp_path: Path) -> None:
    async with stage(furnished_stage, tmp_path) as made:
        for _ in range(2):
            made.network.text(ANNA.replace("+44", "0"), "sim0", "STOP", at=utc_now())
            await asyncio.sleep(1.1)  # another time stamp: a genuine repeat
        await verdict(made)
        status, answer = await made.call("POST", "/v1/messages", message(ANNA))
        assert (status, answer["code"]) == (409, "RECIPIENT_OPTED_OUT")
        assert sum("opted out" in text for text in made.texts(ANNA)) == 1


STRANGE = {
    "silent": "0791447758100650040C9144770009103240006290108003004000",
    "binary": "0791447758100650040C91447700091032000462901080030040040102FFFE",
}
UNDECODABLE = ("000ABF00", "001C011C", "004100010100014B00002E", "00F101010C0000000000")


async def test_what_is_no_text_is_kept_and_frees_its_slot(furnished_stage: Path, tmp_path: Path) -> None:
    async with stage(furnished_stage, tmp_path) as made:
        for pdu in (*STRANGE.values(), *UNDECODABLE):
            made.network.deliver("sim0", pdu)
        made.network.text("Head", "sim0", "A sender that is a name")
        made.network.text(BEN, "sim0", "")
        made.network.text(CARA, "sim0", "Flash", message_class=0)
        made.network.text(ANNA, "sim0", "STOP")
        await posted(made, [BEN])
        await verdict(made)
        assert (stored(made, "silent"), stored(made, "binary")) == (1, 1)
        assert stored(made, "quarantine") == len(UNDECODABLE)


async def test_what_the_network_repeats_is_one_and_what_a_person_repeats_is_two(
    furnished_stage: Path, tmp_path: Path
) -> None:
    async with stage(furnished_stage, tmp_path) as made:
        (pdu,) = compose(ANNA, "Yes", utc_now())
        made.network.ledger.note(Kind.HANDSET_SENT, sender=ANNA, text="Yes", parts=1, whole=True)
        for _ in range(3):
            made.network.deliver("sim0", pdu)
        for _ in range(2):
            made.network.text(BEN, "sim0", "Yes")
            await asyncio.sleep(1.1)  # another time stamp
        await verdict(made)


async def test_equal_messages_to_two_modems_are_two(furnished_stage: Path, tmp_path: Path) -> None:
    async with stage(furnished_stage, tmp_path, running=False, first=False):
        config = tmp_path / "schoolgate.toml"
        config.write_text(config.read_text() + f'[[modem]]\nname = "sim1"\nport = "sim1"\n{MODEM}')
    async with stage(furnished_stage, tmp_path, modems=2) as made:
        moment = utc_now()
        for modem in made.modems:
            made.network.text(ANNA, modem, "Yes", at=moment)
        await verdict(made)


STAMPS: Final = {  # what the network stamps: what it says in UTC
    "00000000000000": None,
    "62130180030040": None,  # a 13th month
    "FFFFFFFFFFFFFF": None,
    "6290108003003A": "2026-09-01T14:15:00+00:00",  # 5 h 45 min behind
    "62901080030032": "2026-09-01T02:45:00+00:00",  # 5 h 45 min ahead
    "62902280030023": "2026-09-22T00:30:00+00:00",  # 8 h ahead
    "62922080030023": None,  # a 29th month
}


async def test_a_time_stamp_that_is_none_or_odd_loses_no_stop(furnished_stage: Path, tmp_path: Path) -> None:
    async with stage(furnished_stage, tmp_path) as made:
        for index, stamp in enumerate(STAMPS):
            made.network.deliver("sim0", f"0791447758100650040C9144770009{index}0030000{stamp}0453EA130A")
        suppressed = "SELECT count(*) FROM suppression"
        await eventually(lambda: count(tmp_path, suppressed) == len(STAMPS), what="opt-outs")
        stamped = Counter(at for (at,) in read(tmp_path, "SELECT scts FROM inbound WHERE kind = 'text'"))
        assert stamped == Counter(
            at and datetime.fromisoformat(at).timestamp() * 1e6 for at in STAMPS.values()
        )


@pytest.mark.parametrize("persona", sorted(PERSONAS))
async def test_every_kind_of_modem_sends_receives_and_stops(
    furnished_stage: Path, tmp_path: Path, persona: str
) -> None:
    async with stage(furnished_stage, tmp_path, persona=persona) as made:
        made.modems[0].fault("noise", kind="urc")
        await posted(made, [ANNA, BEN])
        made.network.text(CARA, "sim0", "STOP")
        made.network.text(BEN, "sim0", LONG, order=[2, 1])
        ends = await verdict(made)
        assert ends["delivered"] == 3  # the confirmation of the STOP too
