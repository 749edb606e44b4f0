"""A stick that is plugged in, pulled out and plugged in again, on a bus of a kernel with udev and systemd."""

from __future__ import annotations

import time

import pytest

from gateway.simulator.control import SimClient
from tests.service.computer.qemu import Computer
from tests.service.story import PARENT, measured, modem_ready, sent

pytestmark = pytest.mark.system


def test_it_starts_without_a_modem_and_uses_it_when_it_is_plugged_in(
    computer: Computer, network: SimClient
) -> None:
    assert computer.shows("ActiveState") == "active"
    assert "modem0 searching" in computer.shows("StatusText")
    computer.plug()
    began = time.monotonic()
    modem_ready(computer, 60)
    measured("plugged in to ready", time.monotonic() - began, 30)
    known = computer.says("udevadm info -q property -n /dev/schoolgate-at-office")
    assert "ID_MM_PORT_IGNORE=1" in known
    assert "DEVNAME=/dev/ttyUSB0" in known
    assert sent(computer)["status"] in ("sent", "delivered")
    assert len(network.received(PARENT)) == 1
