"""What comes in while things go wrong: handset in, HTTP out, and the verdict."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from gateway.clock import utc_now
from gateway.simulator import Kind, Network, Timing
from gateway.simulator.personas import PERSONAS
from gateway.simulator.relay import compose
from gateway.simulator.storage import Slot, Stat
from tests.system.heard import AT_ONCE, hears, waited
from tests.system.site import Site, eventually, own_port, spawned
from tests.system.story import ANNA, BEN, CARA, EVERYBODY, MODEM, NEVER, SWEEP, posted, stage
from tests.system.test_faults_link import state
from tests.system.verdict import verdict
from tests.system.view import count

pytestmark = [pytest.mark.system, pytest.mark.timeout(60)]

LONG = "We are on holiday until the end of the month and cannot answer. " * 4


def stored(made: Site, what: str) -> int:
    """Return how many PDUs of a kind were journalled."""
    return count(made.directory, f"SELECT count(*) FROM inbound WHERE kind = '{what}'")  # noqa: S608


FREED: Final = 3.0  # seconds from the first reading on, which comes before the gateway is ready


@pytest.mark.parametrize(("persona", "slots"), [("generic", 30), ("huawei-e173", 20)])
async def test_a_full_memory_at_the_start_is_emptied_and_what_the_network_holds_follows(
    furnished_stage: Path, tmp_path: Path, persona: str, slots: int
) -> None:
    def fill(network: Network) -> None:
        network.modems["sim0"].fault("store_full")
        for index, sender in enumerate(EVERYBODY[:40]):
            network.text(sender, "sim0", "STOP" if index == 35 else f"Reply {index}")

    async with stage(furnished_stage, tmp_path, before=fill, persona=persona, first=False) as made:
        ledger = made.network.ledger
        assert ledger.of(Kind.HELD)
        freed = await ledger.until(Kind.DELETED, slots, timeout=30)
        assert freed.at - ledger.of(Kind.READ)[0].at <= FREED
        await verdict(made)


async def test_a_memory_that_fills_with_what_is_not_ours_is_told_of_from_seven_tenths_on(
    furnished_stage: Path, tmp_path: Path
) -> None:
    def others(network: Network) -> None:
        for _ in range(13):
            lying(network, "SM", ANNA, Stat.UNSENT)

    how = {"persona": "huawei-e173", "first": False, "sweep": 0.2}
    async with stage(furnished_stage, tmp_path, before=others, **how) as made:
        slots = made.modems[0].storage.memories["SM"].slots
        await counted(made, 13)
        assert await made.alarms() == {}
        lying(made.network, "SM", ANNA, Stat.UNSENT)
        await counted(made, 14)
        assert await made.alarms() == {"modem-memory-filling": "its memory fills up (14 of 20)"}
        for _ in range(6):
            lying(made.network, "SM", ANNA, Stat.UNSENT)
        await counted(made, 20)
        assert list(await made.alarms()) == ["modem-memory-full"]
        assert len(slots) == 20
        slots.clear()
        await counted(made, 0)
        assert await made.alarms() == {}


async def counted(made: Site, used: int) -> None:
    """Wait until a look at the memory that takes what arrives has found so many slots used."""

    async def found() -> bool:
        return bool((await state(made))["storage_used"] == used)

    await eventually(found, what=f"{used} used slots")


async def test_messages_that_are_not_announced_are_found(furnished_stage: Path, tmp_path: Path) -> None:
    async with stage(furnished_stage, tmp_path) as made:
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
    async with stage(furnished_stage, tmp_path) as made:
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
        status, _ = await made.call("POST", "/v1/messages", {"to": ANNA, "template": "trip"})
        assert status >= 400
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


# Zeros, a 13th month, no digits; a zone of minus 5 h 45 min, and a time that is not in its zone's calendar.
STAMPS = ("00000000000000", "62130180030040", "FFFFFFFFFFFFFF", "6290108003003A", "62922080030023")


async def test_a_time_stamp_that_is_none_or_odd_loses_no_stop(furnished_stage: Path, tmp_path: Path) -> None:
    async with stage(furnished_stage, tmp_path) as made:
        for index, stamp in enumerate(STAMPS):
            made.network.deliver("sim0", f"0791447758100650040C9144770009{index}0030000{stamp}0453EA130A")
        suppressed = "SELECT count(*) FROM suppression"
        await eventually(lambda: count(tmp_path, suppressed) == len(STAMPS), what="opt-outs")


async def test_messages_in_both_memories_are_found(furnished_stage: Path, tmp_path: Path) -> None:
    def fill(network: Network) -> None:
        lying(network, "SM", ANNA, Stat.READ)
        lying(network, "ME", BEN, Stat.UNREAD)
        lying(network, "ME", CARA, Stat.READ)

    async with stage(furnished_stage, tmp_path, before=fill) as made:
        await verdict(made)


def lying(network: Network, memory: str, sender: str, stat: Stat) -> int:
    """Put a text into a memory, without a word; return its index."""
    (pdu,) = compose(sender, f"From {memory}", utc_now())
    network.ledger.note(Kind.HANDSET_SENT, sender=sender, text=f"From {memory}", parts=1, whole=True)
    return network.modems["sim0"].storage.memories[memory].put(pdu, stat)


async def test_hints_that_lie_destroy_nothing(furnished_stage: Path, tmp_path: Path) -> None:
    async with stage(furnished_stage, tmp_path, sweep=NEVER) as made:
        memories = made.modems[0].storage.memories
        (draft,) = compose(CARA, "A draft of somebody's", utc_now())
        kept = {memories["SM"].put(draft, Stat.UNSENT): Slot(Stat.UNSENT, draft)}
        made.modems[0].fault("lose_cmti", count=1)
        made.network.text(ANNA, "sim0", "Where am I?")
        for line in ('+CMTI: "ME",7', '+CMTI: "SM",-1', '+CDSI: "SM",1', '+CMTI: "SM",1,"MMS PUSH",2,1'):
            made.modems[0].urc(line)
        await verdict(made, unread=1)
        assert memories["SM"].slots == kept
        index = lying(made.network, "ME", BEN, Stat.UNREAD)  # where the modem does not read from now
        made.modems[0].urc(f'+CMTI: "ME",{index}')
        await verdict(made, unread=1)
        assert memories["SM"].slots == kept


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


@contextmanager
def locked(directory: Path) -> Iterator[None]:
    """Have a store that takes nothing."""
    lock = sqlite3.connect(directory / "schoolgate.db", isolation_level=None)
    lock.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        lock.rollback()
        lock.close()


async def test_a_store_that_takes_nothing_leaves_the_message_on_the_sim(
    furnished_stage: Path, tmp_path: Path
) -> None:
    async with stage(furnished_stage, tmp_path, first=False) as made:
        with locked(tmp_path):
            made.network.text(ANNA, "sim0", "STOP")
            await made.network.ledger.until(Kind.READ)
            await asyncio.sleep(1.5)
            assert not made.network.ledger.of(Kind.DELETED)
        await verdict(made)


async def test_killed_between_reading_and_the_commit_the_message_is_in_its_slot_and_stored_once(
    furnished_stage: Path, tmp_path: Path
) -> None:
    async with stage(furnished_stage, tmp_path, running=False, first=False) as made:
        ledger, port = made.network.ledger, own_port(tmp_path)
        async with spawned(made, port) as process:
            await made.ready(60)
            with locked(tmp_path):
                made.network.text(BEN, "sim0", "STOP")
                await ledger.until(Kind.READ, timeout=20)
                await asyncio.sleep(0.5)  # were it freed before the commit, it would be by now
                process.kill()
                await process.wait()
        assert not ledger.of(Kind.DELETED)
        assert count(tmp_path, "SELECT count(*) FROM inbound") == 0
        async with spawned(made, port):
            await made.ready(60)
            assert await verdict(made) == {"delivered": 1}  # the confirmation
