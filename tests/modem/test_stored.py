"""Sending by way of the modem's memory: what a copy proves, what it does not, and no slot stays taken."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.copy_marks import copies_of
from gateway.model import Accepted, ModemPhase, NotSent, Refused, Revoked, SendOutcome, Unclear
from gateway.modem import Modem
from gateway.modem.copies import Copies, digest
from gateway.modem.listing import Stored
from gateway.simulator import Kind, Network, Timing, VirtualModem
from gateway.simulator.relay import compose
from gateway.simulator.storage import Stat
from tests.modem.fake import QUICK, SUBMIT, Store, driver, now, running, until

PATIENT = replace(QUICK, submit=1.0)
SENDER = "+447700900123"


@asynccontextmanager
async def sending(
    directory: Path, store: Store, **changes: object
) -> AsyncIterator[tuple[Modem, VirtualModem, list[int]]]:
    """Run the driver with `store_first`, up to where it is ready; the list gets late results."""
    late: list[int] = []
    timing = changes.pop("timing", Timing(radio_first=0.05))
    copies = changes.pop("copies", None)
    fitted = {"second": True} if "second_port" in changes else {}
    async with Network(directory=directory) as network:
        virtual = network.add_modem("sim0", number="+447700900990", timing=timing, **fitted)
        modem = driver(str(virtual.path), store, store_first=True, timeouts=PATIENT, **changes)
        modem._references._on_late = late.append
        if copies is not None:
            modem._copies = copies
        async with running(modem):
            await settled(modem)
            yield modem, virtual, late


async def settled(modem: Modem) -> None:
    await until(lambda: modem.state.phase is ModemPhase.READY and modem.is_settled)


async def part(modem: Modem, *, permit: bool = True) -> SendOutcome:
    return await modem.send(SUBMIT, permit=lambda: permit, more=False)


def held(virtual: VirtualModem) -> int:
    return sum(len(memory.slots) for memory in virtual.storage.memories.values())


async def test_a_part_is_stored_sent_and_freed(tmp_path: Path, store: Store) -> None:
    async with sending(tmp_path, store) as (modem, virtual, _):
        for mr in (1, 2, 3):
            assert await part(modem) == Accepted(mr)
        await until(lambda: not held(virtual))
        lines = [str(entry["line"]) for entry in virtual.ledger.of(Kind.COMMAND)]
        assert sum(line.startswith("+CMSS=") for line in lines) == 3
        assert not [line for line in lines if line.startswith("+CMGS=")]


async def test_a_permit_that_is_gone_leaves_nothing(tmp_path: Path, store: Store) -> None:
    async with sending(tmp_path, store) as (modem, virtual, _):
        assert await part(modem, permit=False) == Revoked()
        await until(lambda: not held(virtual))
        assert not virtual.ledger.of(Kind.SUBMITTED)


async def test_a_lost_result_is_found_in_the_copy(tmp_path: Path, store: Store) -> None:
    async with sending(tmp_path, store) as (modem, virtual, _):
        assert await part(modem) == Accepted(1)  # so that the count is known
        virtual.fault("lose_result")
        assert await part(modem) == Accepted(2)
        assert await part(modem) == Accepted(3)
        await until(lambda: not held(virtual))


async def test_after_a_refusal_a_copy_proves_no_reference(tmp_path: Path, store: Store) -> None:
    """The modem counts what the network refuses: its next part has not the next reference that we know of."""
    async with sending(tmp_path, store) as (modem, virtual, _):
        assert await part(modem) == Accepted(1)
        virtual.fault("cms", code=1)
        assert isinstance(await part(modem), Refused)
        virtual.fault("lose_result")
        assert isinstance(await part(modem), Unclear)
        assert await part(modem) == Accepted(4)


async def test_a_copy_that_is_unsent_proves_that_nothing_left(tmp_path: Path, store: Store) -> None:
    async with sending(tmp_path, store) as (modem, virtual, _):
        assert await part(modem) == Accepted(1)
        virtual.fault("lose_result", sent=False)
        assert isinstance(await part(modem), NotSent)
        assert len(virtual.ledger.of(Kind.ACCEPTED)) == 1
        await until(lambda: not held(virtual))


async def test_an_unsent_copy_proves_nothing_where_the_modem_itself_does_not_know(
    tmp_path: Path, store: Store
) -> None:
    async with sending(tmp_path, store) as (modem, virtual, _):
        virtual.fault("cms", code=332)
        assert isinstance(await part(modem), Unclear)
        await until(lambda: not virtual.faults)


@pytest.mark.parametrize("arrives", [True, False])
async def test_a_restart_while_a_part_is_on_the_air_leaves_a_doubt(
    tmp_path: Path, store: Store, arrives: bool
) -> None:
    async with sending(tmp_path, store, timing=Timing(radio_first=0.3)) as (modem, virtual, late):
        assert await part(modem) == Accepted(1)
        virtual.radio.survives_power_loss = arrives
        hand_off = asyncio.create_task(part(modem))
        await virtual.ledger.until(Kind.SUBMITTED, 2)
        virtual.reset()
        assert isinstance(await hand_off, Unclear)
        await until(lambda: virtual.radio.registered)
        await settled(modem)
        await until(lambda: not held(virtual))
        assert late == []  # the copy is unsent either way: no evidence


async def test_a_restart_before_the_part_was_sent_is_no_doubt_at_all(tmp_path: Path, store: Store) -> None:
    async with sending(tmp_path, store) as (modem, virtual, _):
        virtual.fault("reset_at", command="AT+CMGW")
        assert isinstance(await part(modem), NotSent)
        await until(lambda: virtual.radio.registered)
        await settled(modem)
        assert await part(modem) == Accepted(1)
        await until(lambda: not held(virtual))


async def test_a_restart_at_the_command_to_send_leaves_a_doubt_and_no_slot(
    tmp_path: Path, store: Store
) -> None:
    async with sending(tmp_path, store) as (modem, virtual, _):
        virtual.fault("reset_at")
        assert isinstance(await part(modem), Unclear)  # it was written: we cannot know that it was not heard
        assert not virtual.ledger.of(Kind.SUBMITTED)
        await until(lambda: not held(virtual))


async def test_what_a_lost_link_left_in_doubt_is_settled_by_the_copy(tmp_path: Path, store: Store) -> None:
    async with sending(tmp_path, store, timing=Timing(radio_first=0.2)) as (modem, virtual, late):
        assert await part(modem) == Accepted(1)
        hand_off = asyncio.create_task(part(modem))
        await virtual.ledger.until(Kind.SUBMITTED, 2)
        virtual.fault("hang", seconds=0.6, lose=True)
        outcome = await hand_off
        if isinstance(outcome, Unclear):  # by the time that it gave up the modem was still silent
            await until(lambda: late == [2])
        else:
            assert outcome == Accepted(2)
        await until(lambda: not held(virtual))


async def test_a_refusal_is_a_refusal_and_frees_the_slot(tmp_path: Path, store: Store) -> None:
    async with sending(tmp_path, store) as (modem, virtual, _):
        virtual.fault("cms", code=21)
        outcome = await part(modem)
        assert isinstance(outcome, Refused)
        assert outcome.code == 21
        await until(lambda: not held(virtual))


async def test_without_room_for_a_copy_the_part_is_sent_directly(tmp_path: Path, store: Store) -> None:
    async with sending(tmp_path, store) as (modem, virtual, _):
        memory = virtual.storage.use(1)
        draft = bytes.fromhex("0011000B916407281553F80000AA03E8329B")
        while memory.free:
            memory.put(draft, Stat.UNSENT)
        assert await part(modem) == Accepted(1)
        assert len(memory.slots) == memory.size  # drafts of somebody: not ours to free


async def test_a_text_that_comes_meanwhile_is_read_before_copies_are_freed(
    tmp_path: Path, store: Store
) -> None:
    other = str(tmp_path / "sim0-2")
    async with sending(tmp_path, store, second_port=other, timing=Timing(radio_first=0.5)) as (
        modem,
        virtual,
        _,
    ):
        await until(lambda: bool(modem.state.second_port))
        await settled(modem)
        hand_off = asyncio.create_task(part(modem))
        await virtual.ledger.until(Kind.SUBMITTED)
        await virtual.inbox.take(compose(SENDER, "STOP", now())[0])
        await store.until(1)
        assert not hand_off.done()
        assert await hand_off == Accepted(1)  # the listing on the other port left its copy alone
        await until(lambda: not held(virtual))


async def test_copies_of_a_run_that_was_killed_are_freed_by_the_next(tmp_path: Path, store: Store) -> None:
    text = SUBMIT.hex().upper()
    copies_of(tmp_path / "store.db", "sim0").fly(digest(text))
    known = copies_of(tmp_path / "store.db", "sim0")
    async with Network(directory=tmp_path) as network:
        virtual = network.add_modem("sim0", number="+447700900990")
        virtual.storage.use(1).put(SUBMIT, Stat.UNSENT)
        virtual.storage.use(1).put(bytes.fromhex("0011000B916407281553F80000AA03E8329B"), Stat.UNSENT)
        modem = driver(str(virtual.path), store, store_first=True)
        modem._copies = known
        async with running(modem):
            await until(lambda: held(virtual) == 1)  # the draft is somebody's
            await until(lambda: not known.ours(digest(text)))
    assert not copies_of(tmp_path / "store.db", "sim0").ours(digest(text))


def test_marks_are_bounded() -> None:
    copies = Copies()
    for number in range(100):
        copies.fly(f"{number:016x}")
    copies.land()
    assert not copies.ours(f"{0:016x}")
    assert copies.ours(f"{99:016x}")


async def test_a_message_that_took_the_place_of_a_copy_is_not_freed_with_it(
    tmp_path: Path, store: Store
) -> None:
    async with sending(tmp_path, store) as (modem, virtual, _):
        store.broken = True  # so that what comes stays where it is
        memory = virtual.storage.use(1)
        await virtual.inbox.take(compose(SENDER, "STOP", now())[0])
        (index,) = memory.slots
        modem._connection._inbox.spend(Stored(index, 3, None, SUBMIT.hex().upper()))
        store.broken = False
        await store.until(1)
        await until(lambda: not held(virtual))
        assert len(store.messages) == 1


@pytest.mark.parametrize("torn", ["", "0", "07", "0791447", "07914477581006500", "zz91", "ffff"])
def test_what_was_not_read_whole_is_no_copy_of_ours(torn: str) -> None:
    mark = digest(torn)
    copies = Copies(known=[digest("0001000C914477000910000000A0")])
    assert not copies.ours(mark)
    copies.forget(mark)
    assert copies.settle(mark) is None
