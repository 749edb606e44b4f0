"""A SIM that texts itself: what comes back passes, what does not fails, and none of it is for anybody."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from gateway.model import ModemPhase, RawSms
from gateway.modem import Modem
from gateway.selftest import Loopback, SelfTests, Timetable
from gateway.simulator import Kind, Network
from gateway.simulator.relay import compose
from gateway.switch import Switch
from tests.modem.fake import HELLO, Store, driver, now, running, until

OWN, NEIGHBOUR = "+447700900990", "+447700900991"


async def outcome(
    directory: Path, store: Store, *, to: str, switch: Switch | None = None, lose: bool = False
) -> tuple[Modem, Network]:
    """Run one test on a modem beside another; return the modem and the network."""
    async with Network(directory=directory) as network:
        virtual = network.add_modem("sim0", number=OWN)
        network.add_modem("sim1", number=NEIGHBOUR)
        loopback = Loopback(store)
        modem = driver(str(virtual.path), loopback)  # type: ignore[arg-type]
        other = driver(str(network.modems["sim1"].path), loopback, name="sim1")  # type: ignore[arg-type]
        if lose:
            virtual.fault("lose_result", sent=False, count=9)
        plan = [Timetable(modem, to, every=3600, first=0, patience=1.0)]
        tests = SelfTests(plan, loopback, now, switch or Switch())
        async with running(modem), running(other):
            await until(lambda: modem.is_settled and other.is_settled)
            if switch is not None:
                await tests._test(plan[0])
                return modem, network
            task = asyncio.create_task(tests.run())
            try:
                await until(lambda: bool(modem.state.self_test))
            finally:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
        return modem, network


@pytest.mark.parametrize("to", [OWN, NEIGHBOUR])
async def test_what_comes_back_passes_and_is_in_no_inbox(tmp_path: Path, store: Store, to: str) -> None:
    modem, network = await outcome(tmp_path, store, to=to)
    assert (modem.state.self_test, modem.state.self_test_error) == ("passed", "")
    assert store.messages == []
    assert len(network.ledger.of(Kind.DELETED)) == 1  # its slot is free again


async def test_what_does_not_come_back_fails(tmp_path: Path, store: Store) -> None:
    modem, _ = await outcome(tmp_path, store, to=OWN, lose=True)
    assert modem.state.self_test == "failed"
    assert modem.state.self_test_error


async def test_while_sending_is_suspended_nothing_is_tested(tmp_path: Path, store: Store) -> None:
    modem, network = await outcome(tmp_path, store, to=OWN, switch=Switch(off_since=now()))
    assert modem.state.phase is not ModemPhase.SEARCHING
    assert modem.state.self_test == ""
    assert not network.ledger.of(Kind.SUBMITTED)


async def test_a_persons_message_passes_whatever_it_looks_like(store: Store) -> None:
    loopback = Loopback(store)
    token, back = loopback.issue()
    person = compose(OWN, "Schoolgate self-test 00c0ffee", now())[0].hex().upper()
    test = compose(OWN, f"Schoolgate self-test {token}", now())[0].hex().upper()
    messages = [RawSms(pdu, "sim0", None, "stored", "SM", 1, now()) for pdu in (HELLO, person, test, "00")]
    await loopback.received(messages)
    assert store.pdus == [HELLO, person, "00"]
    assert back.is_set()
