"""The memories of a modem: full, filled by others, misnamed, read by a gateway whose store is locked."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from gateway.clock import utc_now
from gateway.simulator import Kind, Network
from gateway.simulator.relay import compose
from gateway.simulator.storage import Slot, Stat
from tests.system.site import Site, eventually, own_port, spawned
from tests.system.story import ANNA, BEN, CARA, EVERYBODY, NEVER, stage
from tests.system.test_faults_link import state
from tests.system.verdict import verdict
from tests.system.view import count

pytestmark = [pytest.mark.system, pytest.mark.timeout(60)]

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
