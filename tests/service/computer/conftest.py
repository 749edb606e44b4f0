from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.simulator.control import SimClient
from tests.service.computer.disk import Disk
from tests.service.computer.qemu import Computer, virtualises
from tests.service.computer.traffic import agree
from tests.service.machine import Container, Machine, until
from tests.service.story import MODEMS, documented, furnish, set_up

TREE, WHEELS = os.environ.get("SCHOOLGATE_TEST_BOOTABLE"), os.environ.get("SCHOOLGATE_TEST_WHEELS")
MODEM = """\
[[modem]]
name = "modem0"
port = "/dev/schoolgate-at-office"
result_seconds = 30
"""


EMULATED = """\
[Service]
TimeoutStartSec=600
WatchdogSec=300
"""
"""For a processor that needs half a minute for what one of its own does in a second, on a busy machine."""


@pytest.fixture(scope="session")
def folder() -> Iterator[Path]:
    """Return where the tests' disks and sockets are."""
    if TREE is None or WHEELS is None:
        pytest.skip("boots a computer of its own: make test-machine")
    made = Path(tempfile.mkdtemp(prefix="schoolgate-machine-", dir="/var/tmp"))
    yield made
    shutil.rmtree(made, ignore_errors=True)


def install(machine: Machine) -> None:
    """Do the quickstart's steps but the start, and what the page on modems says of one that nobody knows."""
    machine.run(f"cd /root/schoolgate && {documented('sudo make install')}", timeout=400)
    set_up(machine, MODEM)
    machine.write("/etc/udev/rules.d/70-schoolgate-local.rules", local_rules("0403", "6001", "00"))
    if not virtualises():
        machine.run("mkdir /etc/systemd/system/schoolgate.service.d")
        machine.write("/etc/systemd/system/schoolgate.service.d/emulated.conf", EMULATED)
    machine.run(documented("sudo systemctl start schoolgate"))
    furnish(machine)
    agree(machine)


def local_rules(vendor: str, product: str, interface: str) -> str:
    """Return the rules of the page on modems, with the numbers of this one in place of its."""
    found = re.search(r"with its numbers in place of these:\n\n```\n(.*?)```", MODEMS, re.DOTALL)
    assert found is not None
    rules = found[1].replace("19d2", vendor).replace("0031", product)
    return rules.replace('ENV{ID_USB_INTERFACE_NUM}=="01"', f'ENV{{ID_USB_INTERFACE_NUM}}=="{interface}"')


@pytest.fixture(scope="session")
def image(folder: Path, source: Path) -> Path:
    """Return a disk with Debian and the service on it, installed in a container for the sake of speed."""
    assert TREE is not None
    assert WHEELS is not None
    made = Container.fresh(folder, TREE, source, WHEELS)
    try:
        made.boot()
        install(made)
        made.power_off()
    finally:
        made.close()
    subprocess.run(["truncate", "--size=3G", folder / "image"], check=True)
    subprocess.run(["mke2fs", "-q", "-t", "ext4", "-d", made.root, folder / "image"], check=True)
    return folder / "image"


@pytest.fixture(scope="session")
def network(folder: Path) -> Iterator[SimClient]:
    """Return a virtual network with one modem, at the other end of the computer's USB cable."""
    command = [sys.executable, "-m", "gateway.simulator", "--directory", folder, "--socket", folder / "sim"]
    command += ["--radio-first", "0.3", "--radio-kept", "0.3", "--report-after", "2"]
    with (folder / "network.log").open("ab") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        until((folder / "sim").exists, 20, "the virtual network")
        with SimClient(folder / "sim") as client:
            yield client
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture(scope="session")
def computer(folder: Path, image: Path, network: SimClient) -> Iterator[Computer]:
    """Return a computer that has just booted, with the service and without a modem."""
    boot = image.parent / "tree"
    made = Computer(
        folder, boot / "vmlinuz", boot / "initrd.img", Disk(folder / "disk", image), folder / "sim0"
    )
    try:
        made.boot()
        yield made
    finally:
        made.close()
