"""The rungs of recovery, and what sysfs tells of a port."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.modem import usb
from gateway.modem.errors import ModemGone, OtherCard, PortBusy, PortMissing, SimBlocked
from gateway.modem.ladder import Ladder, Rung

DEAF = ModemGone("the modem does not answer")


def test_the_stronger_rungs_come_later_and_once_in_a_quarter_of_an_hour() -> None:
    ladder = Ladder()
    tried = [ladder.after(DEAF, failures, now=60.0 * failures) for failures in range(1, 9)]
    assert tried == [
        Rung.REOPEN, Rung.REOPEN, Rung.RESTART, Rung.REOPEN, Rung.USB_RESET, *[Rung.REOPEN] * 3
    ]  # fmt: skip
    assert ladder.after(DEAF, 30, now=180 + 901) is Rung.RESTART


def test_a_person_is_called_once_in_a_run_of_failures() -> None:
    assert [failures for failures in range(1, 50) if Ladder().alerts(failures)] == [7]


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
    (interface.parent / "authorized").write_text("1\n")
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
