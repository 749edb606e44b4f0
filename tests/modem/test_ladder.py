"""The rungs of recovery, and what sysfs tells of a port."""

from __future__ import annotations

import os
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from gateway.modem import power, usb
from gateway.modem.errors import ModemGone, OtherCard, PortBusy, PortMissing, SimBlocked
from gateway.modem.ladder import Ladder, Rung
from tests.modem.fake import QUICK, FakeModem, Store, driver, running, until

DEAF = ModemGone("the modem does not answer")


def test_the_stronger_rungs_come_later_and_once_in_a_quarter_of_an_hour() -> None:
    ladder = Ladder()
    tried = [ladder.after(DEAF, failures, now=60.0 * failures) for failures in range(1, 9)]
    assert tried == [
        Rung.REOPEN, Rung.REOPEN, Rung.RESTART, Rung.REOPEN, Rung.USB_RESET, *[Rung.REOPEN] * 3
    ]  # fmt: skip
    assert ladder.after(DEAF, 30, now=180 + 901) is Rung.RESTART


def test_a_person_is_called_once_in_a_run_of_failures() -> None:
    ladder = Ladder()
    assert [failures for failures in range(1, 50) if ladder.alerts(DEAF, failures)] == [7]
    ladder.begin()
    assert [failures for failures in range(1, 80) if ladder.alerts(PortMissing("x"), failures)] == [60]
    assert not ladder.alerts(DEAF, 81)


def test_a_rung_is_told_of_when_it_is_new_and_then_at_growing_intervals() -> None:
    ladder, weekend = Ladder(), range(1, 60 * 3600)
    told = [second for second in weekend if ladder.note(Rung.SEARCH, "not there", float(second))]
    assert told[:4] == [1, 2, 4, 8]
    assert len(told) < 100
    assert max(late - early for early, late in pairwise(told)) == 3600
    assert ladder.note(Rung.SEARCH, "held by another", 0.0) == 1  # another reason is news
    ladder.begin()
    assert ladder.note(Rung.SEARCH, "not there", 0.0) == 1
    assert ladder.counts == {"search": len(weekend) + 2}


@pytest.mark.parametrize("reason", [PortBusy("x"), SimBlocked("x")])
def test_what_needs_a_person_is_not_forced(reason: ModemGone) -> None:
    assert {Ladder().after(reason, failures, now=0.0) for failures in range(1, 20)} == {None}


@pytest.mark.parametrize("reason", [PortMissing("x"), OtherCard("x")])
def test_what_is_not_here_is_looked_for_elsewhere(reason: ModemGone) -> None:
    assert {Ladder().after(reason, failures, now=0.0) for failures in range(1, 20)} == {Rung.SEARCH}


@pytest.fixture
def ttys(tmp_path: Path) -> Path:
    """Return a /sys/class/tty with one USB modem at port 1-4, whose interface 1.2 is ttyUSB2."""
    interface = tmp_path / "devices/pci0000:00/usb1/1-4/1-4:1.2"
    (interface / "ttyUSB2").mkdir(parents=True)
    (interface / "bInterfaceNumber").write_text("02\n")
    for folder in (interface, interface.parent):  # interfaces have one of their own
        (folder / "authorized").write_text("1\n")
    (interface.parent / "idVendor").write_text("2c7c\n")
    (tmp_path / "class/tty/ttyUSB2").mkdir(parents=True)
    (tmp_path / "class/tty/ttyUSB2/device").symlink_to(interface / "ttyUSB2")
    return tmp_path / "class/tty"


def test_a_port_tells_its_interface_and_its_device(ttys: Path) -> None:
    assert usb.interface_of("/dev/ttyUSB2", ttys) == "1.2"
    device = usb.device_of("/dev/ttyUSB2", ttys)
    assert device is not None
    assert device.name == "1-4"
    assert (usb.interface_of("/dev/ttyS0", ttys), usb.device_of("/dev/ttyS0", ttys)) == ("", None)


def test_a_reset_ends_with_the_device_given_back(ttys: Path) -> None:
    device = usb.device_of("/dev/ttyUSB2", ttys)
    assert device is not None
    usb.reset(device, off=0.0)
    assert (device / "authorized").read_text() == "1"


def test_a_reset_that_is_not_permitted_says_so(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        usb.reset(tmp_path / "gone", off=0.0)


# -- the power of a hub's port ------------------------------------------------------------------------


def test_power_is_cut_where_it_can_be_and_only_after_the_reset() -> None:
    ladder = Ladder(power=True)
    tried = [ladder.after(DEAF, failures, now=60.0 * failures) for failures in range(1, 8)]
    assert tried == [
        Rung.REOPEN, Rung.REOPEN, Rung.RESTART, Rung.REOPEN, Rung.USB_RESET, Rung.POWER_CYCLE, Rung.REOPEN
    ]  # fmt: skip


def test_a_device_that_left_the_bus_is_given_power_anew_once_in_a_quarter_of_an_hour() -> None:
    ladder, gone = Ladder(power=True), PortMissing("x")
    tried = [ladder.after(gone, failures, now=failures / 2) for failures in range(1, 4000)]
    assert [(index + 1) / 2 for index, rung in enumerate(tried) if rung is Rung.POWER_CYCLE] == [
        30,
        930,
        1830,
    ]


@pytest.mark.parametrize(
    ("device", "found"),
    [
        ("1-4", ("1", "4")),
        ("1-4.2", ("1-4", "2")),
        ("3-1.4.10", ("3-1.4", "10")),
        ("usb1", None),
        ("1-4:1.2", None),
        ("", None),
        ("1-4; reboot", None),
    ],
)
def test_the_place_of_a_device_at_its_hub(device: str, found: tuple[str, str] | None) -> None:
    assert power.place(Path("/sys/bus/usb/devices") / device) == found


@pytest.fixture
def hub(tmp_path: Path) -> Path:
    """Return a uhubctl that writes down what it was asked."""
    program = tmp_path / "uhubctl"
    program.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/asked\nexit $(cat {tmp_path}/code)\n')
    program.chmod(0o755)
    (tmp_path / "code").write_text("0")
    return program


async def test_only_the_port_of_the_device_is_switched(hub: Path) -> None:
    await power.cycle(Path("/sys/devices/1-4.2"), str(hub))
    asked = (hub.parent / "asked").read_text()
    assert asked == "--location 1-4 --ports 2 --action cycle --delay 3\n"
    with pytest.raises(OSError, match="no USB device"):
        await power.cycle(Path("/sys/devices/usb1"), str(hub))
    assert (hub.parent / "asked").read_text() == asked


async def test_a_hub_that_cannot_is_said(hub: Path) -> None:
    (hub.parent / "code").write_text("1")
    with pytest.raises(OSError, match="ended with 1"):
        await power.cycle(Path("/sys/devices/1-4"), str(hub))
    with pytest.raises(FileNotFoundError):
        await power.cycle(Path("/sys/devices/1-4"), str(hub.parent / "gone"))


def endless(hub: Path) -> None:
    hub.write_text(f"#!/bin/sh\necho $$ > {hub.parent}/pid\nexec sleep 600\n")


async def test_a_uhubctl_that_never_ends_is_ended(hub: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    endless(hub)
    monkeypatch.setattr(power, "_PATIENCE", 1.0)
    with pytest.raises(OSError, match="did not end"):
        await power.cycle(Path("/sys/devices/1-4"), str(hub))
    pid = int((hub.parent / "pid").read_text())
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_a_deaf_modem_climbs_to_the_power_of_its_port_and_is_counted(
    hub: Path, fake: FakeModem, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The real driver with a uhubctl on its path; only where the device is in sysfs is made up."""
    monkeypatch.setenv("PATH", f"{hub.parent}:{os.environ['PATH']}")
    monkeypatch.setattr(usb, "device_of", lambda _: hub.parent / "1-4.2")
    modem = driver(fake.path, store, timeouts=replace(QUICK, restart=0.2), heartbeat_every=0.2)
    async with running(modem):
        await modem.settled()
        fake.mute = True
        await until(lambda: modem.state.recoveries.get("power_cycle", 0) == 1, 60)
        await until((hub.parent / "asked").exists)
        fake.mute = False
        await modem.settled()
        tried = modem.state.recoveries
    assert (hub.parent / "asked").read_text() == "--location 1-4 --ports 2 --action cycle --delay 3\n"
    assert tried["restart"] == tried["usb_reset"] == tried["power_cycle"] == 1
