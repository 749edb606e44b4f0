"""A SIM that texts itself: what comes back passes, what does not fails, and none of it is for anybody."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.model import ModemPhase, RawSms
from gateway.modem import Modem
from gateway.selftest import Loopback, Pace, SelfTests, Timetable
from gateway.simulator import Kind, Network
from gateway.simulator.relay import compose
from gateway.switch import Switch
from tests.modem.fake import HELLO, Store, driver, now, running, until

OWN, NEIGHBOUR, PHONE = "+447700900990", "+447700900991", "+447700900123"
LONG = 600.0


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
        plan = [Timetable(modem, to, every=3600, pace=Pace(first=0, patience=1.0))]
        tests = SelfTests(plan, (modem, other), loopback, now, switch or Switch())
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
    assert back.came.is_set()
    assert back.via == "sim0"


async def test_where_the_receiver_goes_away_meanwhile_nothing_is_told_until_the_text_comes(
    tmp_path: Path, store: Store
) -> None:
    async with Network(directory=tmp_path) as network:
        virtual, neighbour = (
            network.add_modem("sim0", number=OWN),
            network.add_modem("sim1", number=NEIGHBOUR),
        )
        loopback = Loopback(store)
        modem = driver(str(virtual.path), loopback)  # type: ignore[arg-type]
        other = driver(str(neighbour.path), loopback, name="sim1")  # type: ignore[arg-type]
        plan = Timetable(modem, NEIGHBOUR, every=3600, pace=Pace(first=0, patience=0.3))
        tests = SelfTests([plan], (modem, other), loopback, now)
        async with running(modem), running(other):
            await until(lambda: modem.is_settled and other.is_settled)
            neighbour.fault("lose_cmti")
            going = asyncio.create_task(tests.run())
            try:
                await until(lambda: bool(network.ledger.of(Kind.ACCEPTED)))
                neighbour.unplug()
                await until(lambda: other.state.phase is not ModemPhase.READY)
                with pytest.raises(TimeoutError):
                    await until(lambda: bool(modem.state.self_test), seconds=0.6)
                neighbour.plug()
                await until(lambda: modem.state.self_test == "passed")
                assert modem.state.self_test_via == "sim1"
            finally:
                going.cancel()
                await asyncio.gather(going, return_exceptions=True)


@pytest.mark.parametrize("via", ["", "sold"], ids=["unknown", "of a modem that is no more"])
async def test_until_the_receiver_is_known_a_modem_that_is_away_holds_up_no_test(
    tmp_path: Path, store: Store, via: str
) -> None:
    async with alone(tmp_path, store, to=OWN, pace=Pace(first=0)) as (modem, _):
        modem.report(self_test_via=via)
        await until(lambda: modem.state.self_test == "passed")
        assert (modem.state.self_test_via, modem.state.self_test_tries) == ("sim0", 0)


async def test_a_text_that_proves_nothing_costs_all_the_same_so_the_next_is_sent_later(
    tmp_path: Path, store: Store
) -> None:
    again = 0.2
    async with alone(tmp_path, store, to=PHONE, pace=Pace(0, patience=0.05, again=again)) as (modem, network):
        await network.ledger.until(Kind.ACCEPTED, 4)
        stamps = [entry.at for entry in network.ledger.of(Kind.ACCEPTED)]
        assert [
            after - before >= wait
            for before, after, wait in zip(stamps, stamps[1:], (again, 2 * again, 4 * again), strict=False)
        ] == [True] * 3
        assert modem.state.self_test == ""  # the other, which may receive it, is away: nobody is blamed


async def test_a_text_is_noted_as_it_is_handed_over_and_after_a_restart_its_time_counts(
    tmp_path: Path, store: Store
) -> None:
    async with alone(tmp_path, store, to=PHONE, pace=Pace(first=0, patience=LONG)) as (modem, network):
        await network.ledger.until(Kind.ACCEPTED)
        await until(lambda: modem.state.self_test_tries == 1)
        assert (modem.state.self_test, modem.state.self_test_at) == ("", None)
        assert Timetable(modem, PHONE, every=86400, pace=Pace(first=120, again=600)).first(now()) == 600


async def test_while_the_modem_that_received_before_is_away_no_text_is_spent(
    tmp_path: Path, store: Store
) -> None:
    async with alone(tmp_path, store, to=PHONE, pace=Pace(first=LONG, patience=0.0)) as (modem, network):
        plan = Timetable(modem, PHONE, every=3600, pace=Pace(patience=0.0))
        tests = SelfTests([plan], (modem, driver("b", store, name="sim1")), Loopback(store), now)
        modem.report(self_test_via="sim1")
        assert (await tests._test(plan))[1] == ""
        assert not network.ledger.of(Kind.SUBMITTED)
        assert modem.state.self_test_tries == 0
        modem.report(self_test_via="sim0")
        assert (await tests._test(plan))[1] == "nothing came back within 0 s"  # it is here: no excuse
        assert modem.state.self_test_tries == 1


@asynccontextmanager
async def alone(
    directory: Path, store: Store, *, to: str, pace: Pace
) -> AsyncIterator[tuple[Modem, Network]]:
    """Run the tests of a modem beside one that is not there."""
    async with Network(directory=directory) as network:
        loopback = Loopback(store)
        virtual = network.add_modem("sim0", number=OWN)
        modem = driver(str(virtual.path), loopback)  # type: ignore[arg-type]
        other = driver(str(directory / "nowhere"), loopback, name="sim1")  # type: ignore[arg-type]
        tests = SelfTests([Timetable(modem, to, every=3600, pace=pace)], (modem, other), loopback, now)
        async with running(modem):
            going = asyncio.create_task(tests.run())
            try:
                yield modem, network
            finally:
                going.cancel()
                await asyncio.gather(going, return_exceptions=True)


def test_tests_of_an_earlier_run_count_and_those_that_did_not_pass_are_done_again_sooner(
    store: Store,
) -> None:
    modem = driver("a", store)
    plan = Timetable(modem, OWN, every=86400, pace=Pace(first=120, again=600))
    assert plan.first(now()) == 120
    modem.report(self_test_tried_at=now() - timedelta(hours=1))
    assert plan.first(now()) == 23 * 3600
    assert plan.first(now() - timedelta(days=9)) == 86400  # a clock that was put back
    assert plan.first(now() + timedelta(days=9)) == 120
    modem.report(self_test_tried_at=now())
    for tries, wait in {1: 600, 2: 1200, 3: 2400, 8: 76800, 9: 86400, 9999: 86400}.items():
        modem.report(self_test_tries=tries)
        assert plan.first(now()) == plan.again == wait
