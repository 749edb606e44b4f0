"""What is freed lies in the memory that was read, whatever the modem does meanwhile."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.model import Accepted, ModemPhase, NotSent
from gateway.simulator import Kind, Network, Timing
from tests.modem.fake import QUICK, SUBMIT, FakeModem, Store, driver, framed, running, until

REPORTED = SUBMIT.replace(b"\x00\x11", b"\x00\x31", 1)  # TP-SRR: a status report is asked for


async def test_after_a_restart_a_report_that_was_read_frees_no_text_in_its_place(
    tmp_path: Path, store: Store
) -> None:
    async with Network(directory=tmp_path) as network:
        virtual = network.add_modem("sim0", number="+447700900990", timing=Timing(radio_first=0.05))
        modem = driver(str(virtual.path), store, timeouts=replace(QUICK, submit=1.0))
        async with running(modem):
            await until(lambda: modem.state.phase is ModemPhase.READY and modem.is_settled)
            store.gate.clear()
            assert await modem.send(REPORTED, permit=lambda: True, more=False) == Accepted(1)
            await until(lambda: any(entry["memory"] == "SR" for entry in virtual.ledger.of(Kind.READ)))
            virtual.fault("reset_at", command="AT+CMGS")
            going = asyncio.create_task(modem.send(REPORTED, permit=lambda: True, more=False))
            await until(lambda: virtual.ledger.of(Kind.BOOTED))
            network.text("+447700900123", virtual, "STOP")  # takes the place that the report has in its own
            await until(lambda: virtual.storage.memories["SM"].slots)
            store.gate.set()
            assert isinstance(await going, NotSent)
            await store.until(2)
            await until(lambda: not any(memory.slots for memory in virtual.storage.memories.values()))


SHUT = ('AT+CPMS="SM","SM","SM"', 'AT+CPMS="SR","SM","SM"', "AT+CMGL=4", "AT+CMGR=1")
REFUSED = framed("+CMS ERROR: 316")  # as a SIM that is blocked has it


def shut(fake: FakeModem) -> None:
    """Refuse every memory from now on, and announce a message."""
    fake.replies.update(dict.fromkeys(SHUT, REFUSED))
    fake.urc('+CMTI: "SM",1')


async def test_memories_that_are_refused_are_what_is_wrong_until_they_open(
    fake: FakeModem, store: Store
) -> None:
    async with running(driver(fake.path, store, sweep_every=0.2)) as modem:
        await until(lambda: modem.is_settled)
        shut(fake)
        await until(lambda: "cannot be read, nor an opt-out be obeyed" in modem.state.detail)
        assert "316" in modem.state.detail
        assert modem.state.phase is ModemPhase.READY
        for command in SHUT:
            del fake.replies[command]
        await until(lambda: modem.state.detail == "")


@pytest.mark.parametrize(
    ("lock", "phase", "words"),
    [
        ("SIM PUK", ModemPhase.BLOCKED, "PUK"),
        ("SIM PIN", ModemPhase.BLOCKED, "asks for its PIN and none is configured"),
    ],
)
async def test_refused_memories_make_the_sim_be_asked_at_once(
    fake: FakeModem, store: Store, lock: str, phase: ModemPhase, words: str
) -> None:
    """No look is due for ten minutes."""
    async with running(driver(fake.path, store, sweep_every=600.0)) as modem:
        await until(lambda: modem.is_settled)
        fake.replies["AT+CPIN?"] = framed(f"+CPIN: {lock}", "OK")
        shut(fake)
        await until(lambda: modem.state.phase is phase and words in modem.state.detail)


async def test_a_sim_that_is_only_busy_is_not_taken_for_blocked(fake: FakeModem, store: Store) -> None:
    async with running(driver(fake.path, store, sweep_every=0.1)) as modem:
        await until(lambda: modem.is_settled)
        fake.replies["AT+CPIN?"] = framed("+CME ERROR: 14")
        asked = len(fake.commands)
        await until(lambda: fake.commands[asked:].count("AT+CPIN?") > 2)
        assert modem.state.phase is ModemPhase.READY
        assert modem.state.failures == 0


async def test_a_modem_that_does_not_end_its_answer_is_not_asked_at_every_look(
    fake: FakeModem, store: Store
) -> None:
    async with running(driver(fake.path, store, sweep_every=0.1)) as modem:
        await until(lambda: modem.is_settled)
        fake.replies["AT+CPIN?"] = framed("+CPIN: READY")
        asked = len(fake.commands)
        await until(lambda: fake.commands[asked:].count("AT+CMGF?") > 4)
        assert fake.commands[asked:].count("AT+CPIN?") == 2
        assert modem.state.phase is ModemPhase.READY
