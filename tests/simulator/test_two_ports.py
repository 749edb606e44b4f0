"""One modem behind two ports: what they share, what each has for itself, and where it says what it says."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from gateway.simulator import Kind, Network, Timing
from gateway.sms import Address, submits
from tests.simulator.conftest import Client

SENDER = "+447700900123"


@asynccontextmanager
async def clients(directory: Path, **how: object) -> AsyncIterator[tuple[Network, Client, Client]]:
    """Plug in a modem with two ports and open both."""
    async with Network(directory=directory) as network:
        modem = network.add_modem("sim0", number="+447700900990", second=True, **how)  # type: ignore[arg-type]
        assert modem.second is not None
        both = Client(modem.path), Client(modem.second.wire.link)
        try:
            for client in both:
                client.write("ATE0\r")
                await client.until("OK")
            yield network, *both
        finally:
            for client in both:
                client.close()


async def answered(client: Client) -> None:
    await client.wait(lambda: "OK" in client.lines())


async def test_each_port_has_settings_of_its_own_and_they_share_the_sim(tmp_path: Path) -> None:
    async with clients(tmp_path) as (_, one, two):
        await one.ask("AT+CMGF=1")
        await two.ask("AT+CMGF=0")
        assert await one.ask("AT+CMGF?") == ["+CMGF: 1", "OK"]
        assert await two.ask("AT+CMGF?") == ["+CMGF: 0", "OK"]
        assert await one.ask("AT+CIMI") == await two.ask("AT+CIMI")


@pytest.mark.parametrize(("urcs", "heard"), [("both", (1, 1)), ("first", (1, 0)), ("second", (0, 1))])
async def test_a_message_is_stored_once_and_announced_where_the_modem_does(
    tmp_path: Path, urcs: str, heard: tuple[int, int]
) -> None:
    async with clients(tmp_path, urcs=urcs) as (network, one, two):
        for client in (one, two):
            await client.ask("AT+CNMI=2,1,0,0,0")
        network.text(SENDER, "sim0", "STOP")
        await network.ledger.until(Kind.STORED)
        for client in (one, two):  # an answer comes after what was said before it
            client.write("AT\r")
            await answered(client)
        assert tuple(client.lines().count('+CMTI: "SM",1') for client in (one, two)) == heard
        assert (await two.ask("AT+CMGR=1"))[0].startswith("+CMGR: 0,")


async def test_the_second_port_reads_while_the_first_transmits(tmp_path: Path) -> None:
    async with clients(tmp_path, timing=Timing(radio_first=0.5)) as (network, one, two):
        (part,) = submits("Hello", Address.parse(SENDER), reference=0)
        pdu = part.encode()
        one.write(f"AT+CMGS={len(pdu) - 1 - pdu[0]}\r")
        await one.until("> ")
        one.write(pdu.hex() + "\x1a")
        await network.ledger.until(Kind.SUBMITTED)
        assert (await two.ask("AT+CSQ"))[-1] == "OK"
        assert not network.ledger.of(Kind.RESULT)
        await one.until("OK")


async def test_a_silent_second_port_leaves_the_first_alone(tmp_path: Path) -> None:
    async with clients(tmp_path) as (network, one, two):
        fault = network.modems["sim0"].fault("second_deaf")
        two.write("AT\r")
        assert (await one.ask("AT+CSQ"))[-1] == "OK"
        assert two.lines() == []
        network.modems["sim0"].clear_faults()
        assert fault.spent
        assert await two.ask("AT") == ["OK"]


async def test_a_second_port_that_vanishes_comes_back(tmp_path: Path) -> None:
    async with clients(tmp_path) as (network, one, two):
        network.modems["sim0"].fault("second_gone")
        await two.wait(lambda: two.gone)
        assert not (tmp_path / "sim0-2").exists()
        assert (await one.ask("AT"))[-1] == "OK"
        network.modems["sim0"].clear_faults()
        assert (tmp_path / "sim0-2").exists()
