"""The modem as its users see it: inbound first, nothing lost, back by itself, honest about its state."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.model import Accepted, ModemPhase, NotSent, Revoked, SendOutcome
from gateway.modem import Modem, probe
from tests.modem.fake import (
    HELLO,
    QUICK,
    REPORT,
    STOP,
    SUBMIT,
    FakeModem,
    Store,
    driver,
    framed,
    running,
    until,
)


async def send(modem: Modem, *, more: bool = False, permit: bool = True) -> SendOutcome:
    return await modem.send(SUBMIT, permit=lambda: permit, more=more)


async def test_a_modem_comes_up_and_says_who_it_is(fake: FakeModem, store: Store) -> None:
    modem = driver(fake.path, store)
    async with running(modem):
        await modem.settled()
        state = modem.state
    assert (state.phase, state.detail) == (ModemPhase.READY, "")
    assert (state.manufacturer, state.model) == ("SIMCOM_Ltd", "SIMCOM_SIM7600E")
    assert (state.imei, state.imsi) == ("490154203237518", "234100000000001")
    assert state.iccid == "8944110068000000017"
    assert (state.registration, state.operator, state.signal_dbm) == ("home", "Test Net", -73)
    assert state.notifications == "2,1,0,2,0"


async def test_listeners_hear_every_change_until_they_leave(fake: FakeModem, store: Store) -> None:
    modem = driver(fake.path, store)
    phases: list[ModemPhase] = []
    leave = modem.subscribe(lambda state: phases.append(state.phase))
    async with running(modem):
        await modem.settled()
    seen = list(dict.fromkeys(phases))
    assert seen == [ModemPhase.OPENING, ModemPhase.INITIALISING, ModemPhase.REGISTERING, ModemPhase.READY]
    leave()
    phases.clear()
    modem._report(operator="x")
    assert phases == []


# -- inbound ----------------------------------------------------------------------------------------


async def test_what_came_while_we_were_away_is_read_before_anything_is_sent(
    fake: FakeModem, store: Store
) -> None:
    fake.stores = {"SM": {3: HELLO, 7: STOP}, "SR": {1: REPORT}}
    modem = driver(fake.path, store)
    async with running(modem):
        await modem.settled()
        assert set(store.pdus) == {HELLO, STOP, REPORT}
        await until(lambda: fake.stores == {"SM": {}, "SR": {}})
    by_pdu = {message.pdu: message for message in store.messages}
    assert (by_pdu[STOP].memory, by_pdu[STOP].index, by_pdu[STOP].route) == ("SM", 7, "stored")
    assert by_pdu[STOP].sim == "234100000000001"


async def test_an_idle_modem_reads_a_hinted_message_at_once(fake: FakeModem, store: Store) -> None:
    modem = driver(fake.path, store)
    async with running(modem):
        await modem.settled()
        fake.store(STOP, 5)
        await store.until(1)
        await until(lambda: not fake.stores["SM"])
    assert fake.commands[-2:] == ["AT+CMGR=5", "AT+CMGD=5"]


async def test_a_message_is_deleted_only_after_it_was_committed(fake: FakeModem, store: Store) -> None:
    modem = driver(fake.path, store)
    async with running(modem):
        await modem.settled()
        store.gate.clear()
        fake.store(STOP, 5)
        await until(lambda: "AT+CMGR=5" in fake.commands)
        assert not modem.is_settled
        assert not any(command.startswith("AT+CMGD=") for command in fake.commands)
        store.gate.set()
        await modem.settled()
        await until(lambda: not fake.stores["SM"])
    assert store.pdus == [STOP]


async def test_a_store_that_refuses_leaves_the_message_on_the_sim_until_it_accepts(
    fake: FakeModem, store: Store
) -> None:
    store.broken = True
    fake.stores["SM"][1] = STOP
    modem = driver(fake.path, store)
    async with running(modem):
        await until(lambda: fake.commands.count("AT+CMGL=4") > 3)
        assert not modem.is_settled
        assert fake.stores["SM"] == {1: STOP}
        store.broken = False
        await modem.settled()
    assert store.pdus == [STOP]


async def test_a_part_waits_for_what_came_in_to_be_committed(fake: FakeModem, store: Store) -> None:
    modem = driver(fake.path, store)
    async with running(modem):
        await modem.settled()
        store.gate.clear()
        fake.store(STOP, 5)
        await until(lambda: not modem.is_settled)
        sending = asyncio.create_task(send(modem))
        await until(lambda: "AT+CMGR=5" in fake.commands)
        assert fake.submitted == []
        store.gate.set()
        assert await sending == Accepted(1)


async def test_a_message_whose_deletion_failed_is_not_committed_twice(fake: FakeModem, store: Store) -> None:
    fake.replies["AT+CMGD=5"] = framed("+CMS ERROR: 500")
    modem = driver(fake.path, store, sweep_every=0.05)
    async with running(modem):
        await modem.settled()
        fake.store(STOP, 5)
        await until(lambda: fake.commands.count("AT+CMGD=5") > 3)
        assert store.pdus == [STOP]
        del fake.replies["AT+CMGD=5"]
        await until(lambda: not fake.stores["SM"])


async def test_another_message_at_an_index_that_was_read_is_not_deleted_unread(
    fake: FakeModem, store: Store
) -> None:
    """The network may replace a stored message (23.040, 9.2.3.9) between our reading and our deleting."""
    modem = driver(fake.path, store)
    async with running(modem):
        await modem.settled()
        store.gate.clear()
        fake.store(HELLO, 5)
        await until(lambda: "AT+CMGR=5" in fake.commands)
        fake.store(STOP, 5)
        await until(lambda: not modem.is_settled)
        await asyncio.sleep(0.02)  # the hint is on the wire
        store.gate.set()
        await store.until(2)
    assert store.pdus == [HELLO, STOP]


async def test_several_hints_at_once_are_one_listing(fake: FakeModem, store: Store) -> None:
    modem = driver(fake.path, store)
    async with running(modem):
        await modem.settled()
        before = len(fake.commands)
        fake.stores["SM"] = {1: HELLO, 2: STOP, 3: HELLO}
        fake.say(framed('+CMTI: "SM",1', '+CMTI: "SM",2', '+CMTI: "SM",3'))
        await store.until(3)
    assert not any(command.startswith("AT+CMGR") for command in fake.commands[before:])


@pytest.mark.parametrize(
    "hint",
    [
        '+CMTI: "SM",-1',
        "+CMTI: ,-1",
        '+CMTI: "SM",9',
        '+CMTI: "ME",4',
        '+CMTI: "SM",4,"MMS PUSH",2,1',
        "+CMTI: 4",
    ],
)
async def test_a_lying_index_still_finds_the_message_and_deletes_no_other(
    fake: FakeModem, store: Store, hint: str
) -> None:
    modem = driver(fake.path, store)
    async with running(modem):
        await modem.settled()
        fake.stores["SM"][4] = STOP
        fake.urc(hint)
        await store.until(1)
        await until(lambda: not fake.stores["SM"])
    deleted = [command for command in fake.commands if command.startswith("AT+CMGD=") and "?" not in command]
    assert deleted == ["AT+CMGD=4"]


async def test_a_report_in_sr_that_is_announced_in_sm_harms_no_message(fake: FakeModem, store: Store) -> None:
    modem = driver(fake.path, store)
    async with running(modem):
        await modem.settled()
        store.gate.clear()
        fake.stores["SM"][0] = HELLO
        fake.stores["SR"][2] = REPORT
        fake.urc('+CDSI: "SM",0')
        store.gate.set()
        await store.until(2)
        await until(lambda: fake.stores == {"SM": {}, "SR": {}})
    assert set(store.pdus) == {HELLO, REPORT}


async def test_a_message_without_any_hint_is_found_by_the_timer(fake: FakeModem, store: Store) -> None:
    modem = driver(fake.path, store, sweep_every=0.1)
    async with running(modem):
        await modem.settled()
        fake.store(STOP, 5, tell=False)
        await store.until(1)


async def test_messages_in_every_memory_are_read_even_if_only_one_receives(
    fake: FakeModem, store: Store
) -> None:
    fake.replies["AT+CPMS=?"] = framed('+CPMS: ("ME","SM","MT"),("ME","SM"),("SM")', "OK")
    fake.stores = {"ME": {0: HELLO}, "SM": {1: STOP}, "SR": {}}
    modem = driver(fake.path, store)
    async with running(modem):
        await modem.settled()
    assert sorted(store.pdus) == sorted([HELLO, STOP])
    assert fake.selected == "SM", "what receives stays selected"


async def test_somebody_elses_drafts_on_the_sim_are_left_alone(fake: FakeModem, store: Store) -> None:
    draft = framed("+CMGL: 1,2,,23", SUBMIT.hex().upper(), "+CMGL: 2,0,,23", STOP, "OK")
    fake.replies["AT+CMGL=4"] = lambda _: draft if fake.selected == "SM" else framed("OK")
    modem = driver(fake.path, store)
    async with running(modem):
        await modem.settled()
        await until(lambda: "AT+CMGD=2" in fake.commands)
    assert store.pdus == [STOP]
    assert "AT+CMGD=1" not in fake.commands


async def test_a_direct_message_is_committed_and_then_acknowledged(fake: FakeModem, store: Store) -> None:
    fake.replies["AT+CSMS?"] = framed("+CSMS: 1,1,1,1", "OK")
    modem = driver(fake.path, store)
    async with running(modem):
        await modem.settled()
        store.gate.clear()
        fake.urc("+CMT: ,23", STOP)
        await until(lambda: not modem.is_settled)
        assert "AT+CNMA" not in fake.commands
        store.gate.set()
        await until(lambda: "AT+CNMA" in fake.commands)
        fake.urc("+CDS: 25", REPORT)
        await until(lambda: fake.commands.count("AT+CNMA") == 2)
    assert [(message.pdu, message.route) for message in store.messages] == [(STOP, "cmt"), (REPORT, "cds")]


async def test_a_direct_message_that_came_torn_is_kept_and_the_network_brings_it_again(
    fake: FakeModem, store: Store
) -> None:
    fake.replies["AT+CSMS?"] = framed("+CSMS: 1,1,1,1", "OK")
    modem = driver(fake.path, store)
    async with running(modem):
        await modem.settled()
        fake.urc("+CMT: ,23", STOP[:-4])
        await until(lambda: store.pdus == [STOP[:-4]])
        fake.urc("+CMT: ,23", STOP)
        await until(lambda: "AT+CNMA" in fake.commands)
    assert store.pdus == [STOP[:-4], STOP]
    assert fake.commands.count("AT+CNMA") == 1


async def test_a_direct_message_that_was_not_committed_is_not_acknowledged(
    fake: FakeModem, store: Store
) -> None:
    fake.replies["AT+CSMS?"] = framed("+CSMS: 1,1,1,1", "OK")
    modem = driver(fake.path, store)
    async with running(modem):
        await modem.settled()
        store.broken = True
        fake.urc("+CMT: ,23", STOP)
        await until(lambda: not modem.is_settled)
        await asyncio.sleep(0.05)
        assert "AT+CNMA" not in fake.commands
        store.broken = False
        await until(lambda: "AT+CNMA" in fake.commands)
    assert store.pdus == [STOP]


async def test_a_direct_message_is_committed_while_a_part_is_on_the_air(
    fake: FakeModem, store: Store
) -> None:
    modem = driver(fake.path, store)
    async with running(modem):
        await modem.settled()
        loop = asyncio.get_running_loop()

        def busy(_: str) -> str:
            loop.call_later(0.3, fake.say, framed("+CMGS: 1", "OK"))
            return framed("+CMT: ,23") + f"{STOP}\r\n"

        fake.result = busy
        sending = asyncio.create_task(send(modem))
        await store.until(1)
        assert not sending.done()
        assert await sending == Accepted(1)


# -- sending ----------------------------------------------------------------------------------------


async def test_settled_returns_without_yielding_when_nothing_is_pending(
    fake: FakeModem, store: Store
) -> None:
    modem = driver(fake.path, store)
    async with running(modem):
        await modem.settled()
        step = modem.settled()
        with pytest.raises(StopIteration):
            step.send(None)


async def test_a_burst_keeps_the_link_with_one_command_and_adds_none_between_parts(
    fake: FakeModem, store: Store
) -> None:
    modem = driver(fake.path, store)
    async with running(modem):
        await modem.settled()
        before = len(fake.commands)
        for part in range(5):
            assert await send(modem, more=part < 4) == Accepted(part + 1)
    assert fake.commands[before:] == ["AT+CMMS=2", *["AT+CMGS=23"] * 5]


@pytest.mark.parametrize(
    ("refused", "kept"), [(["AT+CMMS=2"], ["AT+CMMS=2", "AT+CMMS=1"]), (["AT+CMMS=2", "AT+CMMS=1"],) * 2]
)
async def test_a_modem_without_the_full_relay_link_sends_all_the_same(
    fake: FakeModem, store: Store, refused: list[str], kept: list[str]
) -> None:
    fake.replies["AT+CMMS=1"] = framed("OK")
    for command in refused:
        fake.replies[command] = framed("+CMS ERROR: 500")
    modem = driver(fake.path, store)
    async with running(modem):
        await modem.settled()
        before = len(fake.commands)
        for _ in range(3):
            assert isinstance(await send(modem, more=True), Accepted)
    assert fake.commands[before:] == [*kept, *["AT+CMGS=23"] * 3]


async def test_a_stop_that_arrives_during_a_part_is_committed_before_the_next_part(
    fake: FakeModem, store: Store
) -> None:
    modem = driver(fake.path, store)
    async with running(modem):
        await modem.settled()

        def with_stop(_: str) -> str:
            fake.stores["SM"][5] = STOP
            return framed('+CMTI: "SM",5', f"+CMGS: {fake.mr}", "OK")

        fake.result = with_stop
        assert await send(modem) == Accepted(1)
        fake.result = None
        assert not modem.is_settled
        assert await send(modem, permit=False) == Revoked()
        assert store.pdus == [STOP], "the message was read before the next part's permit was asked"


async def test_the_reader_goes_before_the_next_part(fake: FakeModem, store: Store) -> None:
    modem = driver(fake.path, store)
    async with running(modem):
        await modem.settled()
        for part in range(10):
            fake.store(HELLO, part)
            await store.until(part + 1)
            await modem.settled()
            assert len(store.messages) == part + 1
            assert isinstance(await send(modem, more=True), Accepted)


async def test_without_a_modem_a_part_is_given_back_at_once(tmp_path: Path, store: Store) -> None:
    modem = driver(str(tmp_path / "absent"), store)
    async with running(modem):
        await until(lambda: "is not there" in modem.state.detail)
        outcome = await send(modem)
    assert isinstance(outcome, NotSent)
    assert "is not there" in outcome.reason


async def test_a_modem_that_refuses_every_prompt_is_not_asked_without_pause(
    fake: FakeModem, store: Store
) -> None:
    fake.replies["AT+CMGS=23"] = framed("ERROR")
    modem = driver(fake.path, store)
    async with running(modem):
        await modem.settled()
        assert isinstance(await send(modem), NotSent)
        assert not modem.is_settled
        assert isinstance(await send(modem), NotSent)
    assert fake.commands.count("AT+CMGS=23") == 1


async def test_two_modems_side_by_side_share_nothing(tmp_path: Path) -> None:
    fakes = [FakeModem(tmp_path, f"modem{n}") for n in range(2)]
    stores = [Store(), Store()]
    modems = [driver(f.path, s, name=f"sim{n}") for n, (f, s) in enumerate(zip(fakes, stores, strict=True))]
    fakes[1].result = framed("+CMGS: 77", "OK")
    async with running(modems[0]), running(modems[1]):
        await asyncio.gather(*(modem.settled() for modem in modems))
        fakes[0].store(STOP, 1)
        fakes[1].store(HELLO, 1)
        results = await asyncio.gather(*(send(modem) for modem in modems for _ in range(5)))
        await stores[0].until(1)
        await stores[1].until(1)
        fakes[0].unplug()
        await until(lambda: not modems[0].is_settled)
        assert await send(modems[1]) == Accepted(77)
    assert [r.mr for r in results if isinstance(r, Accepted)] == [1, 2, 3, 4, 5, 77, 77, 77, 77, 77]
    assert (stores[0].pdus, stores[1].pdus) == ([STOP], [HELLO])
    assert {message.modem for message in stores[0].messages} == {"sim0"}
    fakes[1].unplug()


# -- life of the link -------------------------------------------------------------------------------


@pytest.mark.parametrize("steps", range(6))
async def test_a_stop_at_the_moment_of_an_unplug_is_a_stop(fake: FakeModem, store: Store, steps: int) -> None:
    modem = driver(fake.path, store)
    task = asyncio.create_task(modem.run())
    await modem.settled()
    assert modem._connection is not None
    modem._connection._session.close()
    for _ in range(steps):  # of the event loop, in which the loss is told from task to task
        await asyncio.sleep(0)
    task.cancel()
    done, _ = await asyncio.wait({task}, timeout=1)
    assert done
    assert task.cancelled()


async def test_an_unplugged_modem_is_found_again_as_another_device(fake: FakeModem, store: Store) -> None:
    modem = driver(fake.path, store)
    async with running(modem):
        await modem.settled()
        before = os.readlink(fake.path)  # noqa: PTH115
        fake.unplug()
        await until(lambda: "is not there" in modem.state.detail)
        spare = os.openpty()  # takes the old name
        assert modem.state.phase is ModemPhase.SEARCHING
        fake.plug()
        fake.stores["SM"][2] = STOP
        await modem.settled()
        assert os.readlink(fake.path) != before  # noqa: PTH115
        assert store.pdus == [STOP]
        assert modem.state.failures == 1
        assert await send(modem) == Accepted(1)
        for descriptor in spare:
            os.close(descriptor)


async def test_a_modem_that_hangs_while_idle_is_noticed_and_taken_up_again(
    fake: FakeModem, store: Store
) -> None:
    modem = driver(fake.path, store, heartbeat_every=0.05)
    async with running(modem):
        await modem.settled()
        fake.mute = True
        await until(lambda: "does not answer" in modem.state.detail)
        fake.mute = False
        await modem.settled()
        assert await send(modem) == Accepted(1)


async def test_a_modem_is_asked_one_heartbeat_after_its_last_word_at_the_latest(
    fake: FakeModem, store: Store
) -> None:
    modem = driver(fake.path, store, heartbeat_every=2.0)
    async with running(modem):
        await modem.settled()
        await asyncio.sleep(1.2)  # in the second half of the time to the next heartbeat
        await modem.converse("AT+CSQ")
        fake.mute = True
        async with asyncio.timeout(2.0 + QUICK.command + 0.4):
            await until(lambda: modem.state.recoveries)


async def test_a_quiet_hour_costs_one_command_for_each_heartbeat(fake: FakeModem, store: Store) -> None:
    modem = driver(fake.path, store, heartbeat_every=0.1)
    async with running(modem):
        await modem.settled()
        before = len(fake.commands)
        await asyncio.sleep(0.35)
        assert 1 <= len(fake.commands) - before <= 4
        assert set(fake.commands[before:]) == {"AT+CSQ"}


async def test_a_modem_that_restarted_by_itself_is_set_up_again(fake: FakeModem, store: Store) -> None:
    modem = driver(fake.path, store)
    async with running(modem):
        await modem.settled()
        fake.notifications = "0,0,0,0,0"
        fake.urc("RDY")
        await until(lambda: fake.notifications == "2,1,0,2,0")
        fake.replies["AT+CMGF?"] = framed("+CMGF: 1", "OK")
        fake.replies["AT+CMGF=0"] = lambda _: (
            fake.replies.update({"AT+CMGF?": framed("+CMGF: 0", "OK")}) or framed("OK")
        )
        fake.urc("^SYSSTART")
        await until(lambda: modem.state.failures == 1)
        await modem.settled()


async def test_notifications_that_were_lost_are_found_and_repaired_by_the_timer(
    fake: FakeModem, store: Store
) -> None:
    modem = driver(fake.path, store, sweep_every=0.1)
    async with running(modem):
        await modem.settled()
        fake.notifications = "0,0,0,0,0"
        await until(lambda: fake.notifications == "2,1,0,2,0")
    assert modem.state.failures == 0


async def test_a_restart_during_a_part_does_not_wait_out_the_whole_time(
    fake: FakeModem, store: Store
) -> None:
    modem = driver(fake.path, store, timeouts=replace(QUICK, submit=60))
    async with running(modem):
        await modem.settled()
        fake.result = framed("RDY", "+CFUN: 1")
        async with asyncio.timeout(5):
            outcome = await send(modem)
    assert "no result" in getattr(outcome, "reason", "")


async def test_a_network_that_is_gone_holds_the_queue_and_lets_it_go_when_it_returns(
    fake: FakeModem, store: Store
) -> None:
    modem = driver(fake.path, store)
    registered = {f"AT+C{d}REG?": fake.replies[f"AT+C{d}REG?"] for d in ("", "G", "E")}
    async with running(modem):
        await modem.settled()
        for domain in ("", "G", "E"):
            fake.replies[f"AT+C{domain}REG?"] = framed(f"+C{domain}REG: 1,2", "OK")
        fake.urc("+CREG: 2")
        await until(lambda: modem.state.phase is ModemPhase.REGISTERING)
        assert "searching" in modem.state.detail
        assert isinstance(await send(modem), NotSent)
        assert fake.submitted == []
        fake.store(STOP, 1)
        await store.until(1)  # reading does not need the network
        fake.replies.update(registered)
        fake.urc("+CREG: 1")
        await modem.settled()


async def test_a_modem_that_is_registered_for_packet_service_only_may_send(
    fake: FakeModem, store: Store
) -> None:
    fake.replies["AT+CREG?"] = framed("+CREG: 0,0", "OK")
    fake.replies["AT+CGREG?"] = framed("ERROR")
    fake.replies["AT+CEREG?"] = framed('+CEREG: 1,6,"8B37","0A265185",7', "OK")
    modem = driver(fake.path, store)
    async with running(modem):
        await modem.settled()
        assert modem.state.registration == "home"


async def test_another_sim_stops_the_modem_until_somebody_confirms(fake: FakeModem, store: Store) -> None:
    modem = driver(fake.path, store)
    async with running(modem):
        await modem.settled()
        fake.unplug()
        fake.replies["AT+CCID"] = framed("+CCID: 8944110068000009999", "OK")
        fake.stores["SM"][1] = HELLO
        fake.plug()
        await until(lambda: modem.state.phase is ModemPhase.BLOCKED)
        assert "changed from …0017 to …9999" in modem.state.detail
    assert fake.stores["SM"] == {1: HELLO}


async def test_only_the_configured_sim_is_used(fake: FakeModem, store: Store) -> None:
    modem = driver(fake.path, store, iccid="8944110068000009999")
    async with running(modem):
        await until(lambda: modem.state.phase is ModemPhase.BLOCKED)
        assert "the configuration wants SIM …9999" in modem.state.detail


async def test_a_port_in_somebody_elses_hands_is_taken_up_when_it_is_free(
    fake: FakeModem, store: Store
) -> None:
    holder = subprocess.Popen(  # noqa: ASYNC220 - another process, over in a moment
        [
            sys.executable,
            "-c",
            f"import fcntl; f=open({fake.path!r}); fcntl.flock(f,2); print(flush=True); input()",
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert holder.stdout is not None
    await asyncio.to_thread(holder.stdout.readline)
    modem = driver(fake.path, store)
    async with running(modem):
        await until(lambda: modem.state.phase is ModemPhase.BLOCKED)
        assert f"(pid {holder.pid})" in modem.state.detail
        await asyncio.to_thread(holder.communicate, b"\n")
        await modem.settled()


async def test_a_stopped_modem_leaves_the_port_free(fake: FakeModem, store: Store) -> None:
    for _ in range(3):
        modem = driver(fake.path, store)
        async with running(modem):
            await modem.settled()
        assert not modem.is_settled


# -- agreeing ---------------------------------------------------------------------------------------


async def test_a_sim_without_a_service_centre_gets_the_configured_one(fake: FakeModem, store: Store) -> None:
    fake.replies["AT+CSCA?"] = framed('+CSCA: "",129', "OK")
    fake.replies['AT+CSCA="+447785016005",145'] = framed("OK")
    modem = driver(fake.path, store, smsc="+447785016005")
    async with running(modem):
        await modem.settled()
    assert 'AT+CSCA="+447785016005",145' in fake.commands


async def test_neither_reset_nor_text_mode_nor_character_set_commands_are_ever_written(
    fake: FakeModem, store: Store
) -> None:
    modem = driver(fake.path, store, sweep_every=0.05)
    async with running(modem):
        await modem.settled()
        fake.store(STOP, 1)
        await store.until(1)
        await send(modem, more=True)
        await until(lambda: fake.commands.count("AT+CMGL=4") > 5)
    forbidden = ("ATZ", "AT&F", "AT+CSCS", "AT+CSMP", "AT+CFUN", "AT+CMGF=1", "AT+CSMS=")
    assert not [command for command in fake.commands if command.startswith(forbidden)]


async def test_a_probe_tells_all_and_changes_nothing(fake: FakeModem) -> None:
    found = await probe(fake.path, timeouts=QUICK)
    assert (found.equipment.model, found.profile) == ("SIMCOM_SIM7600E", "simcom")
    assert (found.pin_state, found.iccid, found.signal_dbm) == ("READY", "8944110068000000017", -73)
    assert found.registrations == {"CREG": "home", "CGREG": "home", "CEREG": "home"}
    assert found.registered
    assert found.memories[0].total == 20
    assert found.notifications == (0, 0, 0, 0, 0)
    changing = [command for command in fake.commands if "=" in command and not command.endswith("=?")]
    assert changing == []


async def test_a_memory_that_was_refused_while_the_sim_was_out_is_read_again(
    fake: FakeModem, store: Store
) -> None:
    reports = 'AT+CPMS="SR","SM","SM"'
    fake.replies[reports] = framed("+CMS ERROR: 310")
    async with running(driver(fake.path, store)) as modem:
        await until(lambda: modem.is_settled)
        assert reports in fake.commands
        del fake.replies[reports]
        fake.store(REPORT, 1, "SR")
        await store.until(1)
    assert store.pdus == [REPORT]
