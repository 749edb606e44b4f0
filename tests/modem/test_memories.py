"""What is freed lies in the memory that was read, whatever the modem does meanwhile."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

from gateway.model import Accepted, ModemPhase, NotSent
from gateway.simulator import Kind, Network, Timing
from tests.modem.fake import QUICK, SUBMIT, Store, driver, running, until

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
