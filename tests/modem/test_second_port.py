"""The driver on a virtual modem with two ports: what comes in is read while the first port transmits."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.model import Accepted, ModemPhase
from gateway.modem import Modem, ModemSettings, usb
from gateway.modem.profiles import profile_for
from gateway.modem.second import candidates
from gateway.simulator import Kind, Network, Timing
from tests.modem.fake import QUICK, SUBMIT, Store, driver, running, until

PATIENT = replace(QUICK, submit=10.0)
SENDER = "+447700900123"
AIR = 0.8  # seconds


@asynccontextmanager
async def two_ports(
    directory: Path, store: Store, *, second: str = "sim0-2", **how: object
) -> AsyncIterator[tuple[Modem, Network]]:
    """Run the driver on a modem with two ports, up to where it is ready."""
    async with Network(directory=directory) as network:
        network.add_modem("sim0", number="+447700900990", second=True, timing=Timing(radio_first=AIR), **how)  # type: ignore[arg-type]
        port, other = str(directory / "sim0"), str(directory / second)
        async with running(driver(port, store, second_port=other, timeouts=PATIENT)) as modem:
            await until(lambda: modem.state.phase is ModemPhase.READY and modem.is_settled)
            yield modem, network


async def text_during_a_part(modem: Modem, network: Network, store: Store) -> bool:
    """Have a text come in while a part is on the air; return whether it was stored before the part ended."""
    before, stored = len(network.ledger.of(Kind.SUBMITTED)), len(store.messages)
    part = asyncio.create_task(modem.send(SUBMIT, permit=lambda: True, more=False))
    await network.ledger.until(Kind.SUBMITTED, before + 1)
    network.text(SENDER, "sim0", f"Text {stored}")
    await store.until(stored + 1)
    during = not part.done()
    assert isinstance(await part, Accepted)
    return during


@pytest.mark.parametrize("urcs", ["both", "first", "second"])
async def test_what_comes_in_is_read_while_a_part_is_on_the_air(
    tmp_path: Path, store: Store, urcs: str
) -> None:
    async with two_ports(tmp_path, store, urcs=urcs) as (modem, network):
        await until(lambda: modem.state.second_port == str(tmp_path / "sim0-2"))
        await until(lambda: modem.is_settled)
        assert await text_during_a_part(modem, network, store)
        await until(lambda: not network.modems["sim0"].storage.use(2).slots)
        assert len(store.messages) == 1


async def test_with_one_port_it_is_read_after_the_part(tmp_path: Path, store: Store) -> None:
    async with two_ports(tmp_path, store, second="absent") as (modem, network):
        assert not await text_during_a_part(modem, network, store)
        assert modem.state.second_port == ""


@pytest.mark.parametrize("fault", ["second_deaf", "second_gone"])
async def test_a_second_port_that_fails_is_done_without_and_taken_up_again(
    tmp_path: Path, store: Store, fault: str
) -> None:
    async with two_ports(tmp_path, store) as (modem, network):
        await until(lambda: bool(modem.state.second_port))
        struck = network.modems["sim0"].fault(fault)
        network.text(SENDER, "sim0", "Is anybody there?")
        await store.until(1)
        assert modem.state.second_port == ""
        assert modem.state.failures == 0  # the link itself lives on
        struck.spent = True
        network.modems["sim0"].drop_spent_faults()
        await until(lambda: bool(modem.state.second_port))
        await until(lambda: modem.is_settled)
        assert await text_during_a_part(modem, network, store)


@pytest.mark.parametrize("how", ["reset", "unplug"])
async def test_both_ports_come_back_with_the_modem(tmp_path: Path, store: Store, how: str) -> None:
    async with two_ports(tmp_path, store, urcs="second") as (modem, network):
        await until(lambda: bool(modem.state.second_port))
        virtual = network.modems["sim0"]
        virtual.fault(how, **({"seconds": 0.2} if how == "unplug" else {}))
        await network.ledger.until(Kind.BOOTED)
        assert virtual.second is not None
        settings = virtual.second.settings
        await until(lambda: settings.cnmi[1] == 1 and virtual.radio.registered)
        await until(lambda: modem.is_settled and bool(modem.state.second_port))
        assert await text_during_a_part(modem, network, store)


async def test_another_modems_port_is_not_read(tmp_path: Path, store: Store) -> None:
    async with Network(directory=tmp_path) as network:
        for index in (0, 1):
            network.add_modem(f"sim{index}", number=f"+44770090099{index}")
        first, other = str(tmp_path / "sim0"), str(tmp_path / "sim1")
        async with running(driver(first, store, second_port=other, timeouts=PATIENT)) as modem:
            await until(lambda: modem.is_settled)
            await network.ledger.until(Kind.PORT_CLOSED, modem="sim1")
            assert modem.state.second_port == ""
        asked = [str(entry["line"]) for entry in network.ledger.of(Kind.COMMAND, modem="sim1")]
        assert "+CGSN" in asked
        assert not [line for line in asked if line.startswith(("+CNMI", "+CPMS", "+CMG"))]


def test_the_siblings_of_a_port_are_the_other_ports_of_its_device(tmp_path: Path) -> None:
    devices, ttys = tmp_path / "devices/usb1", tmp_path / "class/tty"
    for device, interface, tty in (("1-4", 2, "ttyUSB2"), ("1-4", 3, "ttyUSB0"), ("1-5", 2, "ttyUSB1")):
        folder = devices / device / f"{device}:1.{interface}"
        (folder / tty).mkdir(parents=True)
        (folder / "bInterfaceNumber").write_text(f"{interface:02}\n")
        (folder / "authorized").write_text("1\n")
        (folder.parent / "idVendor").write_text("2c7c\n")
        (ttys / tty).mkdir(parents=True)
        (ttys / tty / "device").symlink_to(folder / tty)
    (ttys / "ttyS0").mkdir()
    assert usb.siblings_of("/dev/ttyUSB2", ttys) == ("/dev/ttyUSB0",)
    assert usb.siblings_of("/dev/ttyUSB1", ttys) == ()
    assert usb.siblings_of("/dev/ttyS0", ttys) == ()
    auto = ModemSettings(name="sim0", port="/dev/ttyUSB2", second_port="auto")
    generic, simcom = profile_for("", "", "generic"), profile_for("", "", "simcom")
    assert candidates(auto, auto.port, generic, ttys) == ("/dev/ttyUSB0",)
    assert candidates(auto, auto.port, simcom, ttys) == ("/dev/ttyUSB0",)  # interfaces 2 and 3 speak AT
    assert candidates(auto, "/dev/ttyUSB0", profile_for("", "", "simcom-a7670"), ttys) == ()  # 4 alone
    (devices / "1-4/idVendor").write_text("1e0e\n")
    (devices / "1-4/idProduct").write_text("9206\n")
    assert candidates(auto, auto.port, simcom, ttys) == ()  # this one: 2 and 5
    assert candidates(replace(auto, second_port="none"), auto.port, generic, ttys) == ()
    assert (usb.number_of("/dev/ttyUSB0", ttys), usb.number_of("/dev/ttyS0", ttys)) == (3, None)
