"""`modem probe`: what answers at a port, and plain words about what does not."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.cli.modems import faults
from gateway.modem.answers import Carrier, Memory
from gateway.modem.identity import Equipment
from gateway.modem.probe import Probe
from gateway.simulator import Network
from tests.cli.conftest import Ended, command

GOOD = Probe(
    port="/dev/x",
    equipment=Equipment(manufacturer="huawei", model="E173"),
    profile="huawei",
    pin_state="READY",
    pin_tries=3,
    iccid="8944",
    imsi="2341",
    smsc="+447785016005",
    registrations={"CREG": "home"},
    network=Carrier("One", "4G"),
    signal_dbm=-73,
    memories_offered=(),
    memories=(Memory("SM", 3, 20),),
    notifications_offered=(),
    notifications=(2, 1, 0, 1, 0),
)

HOLDER = """
import serial, sys
port = serial.Serial(sys.argv[1], exclusive=True)
print("held", flush=True)
sys.stdin.read()
"""


async def probed(path: Path | str) -> Ended:
    """Probe a port in a process of its own: ours holds the modem's other end."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "gateway.cli", "modem", "probe", str(path), "--json"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    return Ended(process.returncode or 0, out.decode(), err.decode())


@pytest.mark.system
async def test_a_sound_modem_is_described(tmp_path: Path) -> None:
    async with Network(directory=tmp_path) as network:
        modem = network.add_modem("sim0", number="+447700900990", persona="huawei-e173")
        ended = await probed(modem.path)
    assert ended.code == 0, ended.err
    assert ended.json["equipment"]["model"] == "E173"
    assert ended.json["wrong"] == []


@pytest.mark.system
async def test_a_locked_sim_is_told(tmp_path: Path) -> None:
    async with Network(directory=tmp_path) as network:
        modem = network.add_modem("sim0", number="+447700900990", pin="4321")
        ended = await probed(modem.path)
    assert ended.code == 1
    assert any("pin_file" in each for each in json.loads(ended.out)["wrong"])


@pytest.mark.system
async def test_a_busy_port_is_told_with_who_holds_it(tmp_path: Path) -> None:
    async with Network(directory=tmp_path) as network:
        modem = network.add_modem("sim0", number="+447700900990")
        holder = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", HOLDER, str(modem.path)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        assert holder.stdout is not None
        assert (await holder.stdout.readline()).strip() == b"held"
        ended = await probed(modem.path)
        await holder.communicate(b"")  # its standard input ends, and so does it
    assert ended.code == 75
    assert f"pid {holder.pid}" in ended.err
    assert ended.out == ""


def test_a_missing_port_is_told() -> None:
    ended = command("modem", "probe", "/dev/ttyUSB77")
    assert (ended.code, "plugged in" in ended.err) == (1, True)


@pytest.mark.skipif(os.getuid() == 0, reason="root may open every port")
def test_a_port_of_others_is_told_with_the_group(tmp_path: Path) -> None:
    port = tmp_path / "port"
    port.touch(0)
    ended = command("modem", "probe", port)
    assert (ended.code, "group" in ended.err) == (77, True)


@pytest.mark.parametrize(
    ("found", "hint"),
    [
        (replace(GOOD, equipment=Equipment()), "command port"),
        (replace(GOOD, pin_state="SIM PIN", pin_tries=2), "2 tries left"),
        (replace(GOOD, pin_state="SIM PUK"), "PUK"),
        (replace(GOOD, pin_state="SIM not inserted"), "inserted"),
        (replace(GOOD, registrations={"CREG": "searching"}), "antenna"),
        (replace(GOOD, smsc=""), "service centre"),
        (replace(GOOD, memories=(Memory("SM", 20, 20),)), "full"),
    ],
)
def test_each_fault_has_its_remedy(found: Probe, hint: str) -> None:
    (said,) = faults(found)
    assert hint in said


def test_a_sound_modem_has_no_fault() -> None:
    assert faults(GOOD) == []
