"""A stick that is plugged in, pulled out and plugged in again, on a bus of a kernel with udev and systemd."""

from __future__ import annotations

import json
import re
import time

import pytest

from gateway.simulator.control import SimClient
from tests.service.computer.qemu import PATIENCE, Computer, virtualises
from tests.service.computer.traffic import accepted, arrived, judge, send
from tests.service.machine import until
from tests.service.story import PARENT, measured, modem_ready, sent
from tests.system.site import number

pytestmark = pytest.mark.system

STICK = "/dev/schoolgate-at-office"
HOLD = "import os, time; os.open('/dev/ttyUSB0', os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK); time.sleep(900)"
SLOWLY = 1.0 if virtualises() else 10.0
"""How much longer everything takes where the processor is emulated."""


def test_it_starts_without_a_modem_and_uses_it_when_it_is_plugged_in(
    computer: Computer, network: SimClient
) -> None:
    assert computer.shows("ActiveState") == "active"
    until(lambda: "modem0 searching" in computer.shows("StatusText"), PATIENCE, computer.shows("StatusText"))
    computer.plug()
    began = time.monotonic()
    modem_ready(computer, PATIENCE)
    measured("plugged in to ready", time.monotonic() - began, 3 * SLOWLY)
    assert sent(computer)["status"] in ("sent", "delivered")
    assert len(network.received(PARENT)) == 1


def test_udev_has_named_it_and_kept_it_from_others(computer: Computer) -> None:
    port = computer.says(f"udevadm info -q property -n {STICK}").splitlines()
    assert {"DEVNAME=/dev/ttyUSB0", "ID_MM_PORT_IGNORE=1", "ID_SERIAL_SHORT=AB12"} <= set(port)
    device = computer.says(
        f"udevadm info -q property -a -n {STICK} | grep -q ftdi_sio; readlink -f {stick()}"
    )
    assert "ID_MM_DEVICE_IGNORE=1" in computer.says(f"udevadm info -q property -p {device}").splitlines()
    assert computer.says(f"stat -Lc %G:%a {STICK}") == "dialout:660"


def stick() -> str:
    """Return the folder of the USB device behind the port, as a shell finds it."""
    return f"/sys/class/tty/$(basename $(readlink -f {STICK}))/device/../.."


def test_pulled_out_in_a_run_of_sixty_nothing_is_lost_or_doubled(
    computer: Computer, network: SimClient
) -> None:
    """And it comes back under another name, since somebody still holds the old one."""
    numbers = [number(index) for index in range(200, 260)]
    computer.run(f'systemd-run --quiet --unit=holder python3 -c "{HOLD}"')
    send(computer, numbers)
    until(lambda: arrived(network, numbers).total() >= 15, PATIENCE, "a quarter of it")
    computer.pull()
    until(
        lambda: len(accepted(computer, numbers)) == len(numbers), PATIENCE, "the rest is accepted meanwhile"
    )
    until(lambda: "modem0 ready" not in computer.shows("StatusText"), PATIENCE, computer.shows("StatusText"))
    before = arrived(network, numbers).total()
    assert before < len(numbers)
    computer.plug()
    began = time.monotonic()
    until(lambda: arrived(network, numbers).total() > before, PATIENCE, "it sends again")
    measured("plugged in again to the next text", time.monotonic() - began, 3 * SLOWLY)
    assert computer.says(f"readlink -f {STICK}") == "/dev/ttyUSB1"
    ended = judge(computer, network, numbers)
    assert ended.total() == len(numbers)
    computer.run("systemctl stop holder")


def test_it_starts_a_service_that_was_stopped(computer: Computer) -> None:
    computer.pull()
    computer.run("systemctl stop schoolgate")
    computer.plug()
    until(lambda: computer.shows("ActiveState") == "active", PATIENCE, "udev has it started")
    modem_ready(computer, PATIENCE)


OPEN_ALL = """\
import json, os, pathlib
said = {}
for path in pathlib.Path("/dev").rglob("*"):
    if path.is_symlink() or not (path.is_char_device() or path.is_block_device()) or "watchdog" in path.name:
        continue
    try:
        os.close(os.open(path, os.O_RDONLY | os.O_NOCTTY | os.O_NONBLOCK))
        said[str(path)] = "opened"
    except OSError as exc:
        said[str(path)] = exc.strerror
print(json.dumps(said))
"""


def test_of_all_devices_root_itself_opens_only_serial_lines_where_the_service_runs(
    computer: Computer,
) -> None:
    """The kernel refuses by the group of processes, not by the user: here it is root in it."""
    computer.write("/root/open.py", OPEN_ALL)
    group = f"/sys/fs/cgroup{computer.shows('ControlGroup')}/cgroup.procs"
    outside, inside = (
        json.loads(computer.says(f"{entered} exec python3 /root/open.py"))
        for entered in ("", f"echo $$ > {group};")
    )
    serial = re.compile(
        r"/dev/(ttyUSB\d+|ttyS[0-3]|null|zero|full|random|urandom|tty|ptmx|pts/\w+|rtc0)"
    )  # and what every process has
    allowed = {path for path, said in inside.items() if said != "Operation not permitted"}
    assert {path for path in allowed if not serial.fullmatch(path)} == set()
    assert computer.says(f"readlink -f {STICK}") in allowed
    for other in ("/dev/vda", "/dev/kmsg", "/dev/mem", "/dev/bus/usb/001/001"):
        assert (outside[other], inside[other]) == ("opened", "Operation not permitted")


def test_a_modem_that_is_deaf_is_reset_on_its_bus(computer: Computer, network: SimClient) -> None:
    log = f"journalctl -u schoolgate --since @{computer.says('date +%s')} -o cat --no-pager | grep rung"
    network.fault("sim0", "hang", seconds=600)
    until(lambda: "rung=usb_reset" in computer.run(log, check=False).stdout, PATIENCE, "the rung")
    until(lambda: "authorized to connect" in computer.says("dmesg"), PATIENCE, "the kernel's word")
    network.do("clear", modem="sim0")
    modem_ready(computer, PATIENCE)
    assert "rung_failed" not in computer.says(log)
    assert sent(computer)["status"] in ("sent", "delivered")


QUECTEL = """\
modprobe -a dummy_hcd usb_f_serial libcomposite
mountpoint -q /sys/kernel/config || mount -t configfs none /sys/kernel/config
mkdir -p /sys/kernel/config/usb_gadget/ec25/strings/0x409 && cd /sys/kernel/config/usb_gadget/ec25
echo 0x2c7c > idVendor; echo 0x0125 > idProduct; echo CD34 > strings/0x409/serialnumber
mkdir -p configs/c.1
for each in 0 1 2 3; do mkdir functions/gser.$each; ln -s functions/gser.$each configs/c.1/; done
ls /sys/class/udc > UDC
"""


def test_a_modem_of_four_ports_is_known_by_the_rules_as_shipped(computer: Computer) -> None:
    """Its other end is a driver in the same kernel; to udev, the drivers and sysfs it is an EC25."""
    computer.run(QUECTEL)
    by_serial = "/dev/schoolgate-2c7c-0125-CD34"
    until(lambda: computer.run(f"test -c {by_serial}", check=False).returncode == 0, PATIENCE, "its name")
    computer.run("udevadm settle")
    port = computer.says(f"udevadm info -q property -n {by_serial}").splitlines()
    assert {"ID_USB_INTERFACE_NUM=02", "ID_MM_PORT_IGNORE=1", "ID_USB_DRIVER=option"} <= set(port)
    look = f"from gateway.modem.usb import *; print(device_of({by_serial!r}), *siblings_of({by_serial!r}))"
    device, *others = computer.says(f'/opt/schoolgate/current/bin/python -c "{look}"').split()
    assert "ID_MM_DEVICE_IGNORE=1" in computer.says(f"udevadm info -q property -p {device}").splitlines()
    assert computer.says(f"stat -c %G:%a {device}/authorized") == "dialout:664"
    assert len(others) == 3
    named = computer.says("readlink -f /dev/schoolgate-*").splitlines()
    assert set(named).isdisjoint(others)
    computer.run("echo > /sys/kernel/config/usb_gadget/ec25/UDC")
    until(lambda: computer.run(f"test -e {by_serial}", check=False).returncode == 1, PATIENCE, "it is gone")
