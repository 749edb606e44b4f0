"""From the first command of the quickstart to a service that is what it should be."""

from __future__ import annotations

import json
import re
import time

import pytest

from tests.service import usb
from tests.service.machine import Machine
from tests.service.story import HARDENING, documented, furnish, measured, modem_ready, sent, set_up, texts

pytestmark = pytest.mark.system

NETWORK = """\
[Unit]
Description=The virtual telephone network, in place of a modem

[Service]
User=schoolgate
RuntimeDirectory=virtual
WorkingDirectory=/run/virtual
ExecStart=/opt/schoolgate/current/bin/schoolgate sim run --directory . --socket sim.sock
Restart=always

[Install]
WantedBy=multi-user.target
"""
MODEM = """\
[[modem]]
name = "modem0"
port = "/run/virtual/sim0"
pin_file = "pins/modem0"
result_seconds = 30
"""


def test_from_a_clean_debian_to_the_first_text(machine: Machine) -> None:
    """The quickstart's steps; `apt install` is done beforehand, for the container has no network."""
    began = time.monotonic()
    machine.run(f"cd /root/schoolgate && {documented('sudo make install')}", timeout=400)
    installed = time.monotonic() - began
    machine.write("/etc/systemd/system/virtual-network.service", NETWORK)
    machine.run("systemctl daemon-reload && systemctl enable --now virtual-network")
    set_up(machine, MODEM)
    machine.run(documented("sudo schoolgate check-config"))
    machine.run(documented("sudo systemctl start schoolgate"))
    modem_ready(machine)
    machine.run(documented("sudo schoolgate status"))
    furnish(machine)
    assert sent(machine)["status"] in ("sent", "delivered")
    assert texts(machine) == 1
    measured("make install", installed, 240)
    measured("quickstart to the first text", time.monotonic() - began, 300)


def test_the_unit_is_active_enabled_and_says_what_is_true(machine: Machine) -> None:
    assert machine.shows("ActiveState") == "active"
    assert machine.says("systemctl is-enabled schoolgate") == "enabled"
    assert re.fullmatch(
        r"serving on http://127\.0\.0\.1:8025; modem0 ready \(.+\)", machine.shows("StatusText")
    )
    timers = machine.says("systemctl list-timers --all --no-pager")
    assert "schoolgate-backup.timer" in timers
    assert "schoolgate-restore-check.timer" in timers


def test_it_is_ready_in_two_seconds(machine: Machine) -> None:
    took = []
    for _ in range(5):
        machine.run("systemctl restart schoolgate")
        begun, ready = (
            int(machine.shows(f"{what}TimestampMonotonic")) for what in ("ExecMainStart", "ActiveEnter")
        )
        took.append((ready - begun) / 1e6)
    measured(f"start to ready, the quickest of {len(took)} (the slowest: {max(took):.2f})", min(took), 2.0)
    modem_ready(machine)


def test_nothing_listens_beyond_loopback(machine: Machine) -> None:
    lines = machine.says("cat /proc/net/tcp /proc/net/tcp6 | grep ' 0A '").splitlines()
    local = {line.split()[1] for line in lines}
    assert f"0100007F:{8025:04X}" in local
    assert all(each.startswith(("0100007F:", "00000000000000000000000001000000:")) for each in local), local
    assert machine.run("cat /proc/net/udp /proc/net/udp6 | grep -c ' 07 '", check=False).stdout.strip() == "0"


@pytest.mark.parametrize(
    ("unit", "limit"), [("schoolgate", 1.5), ("schoolgate-backup", 1.0), ("schoolgate-restore-check", 1.0)]
)
def test_the_unit_is_hardened(machine: Machine, unit: str, limit: float) -> None:
    said = machine.says(f"systemd-analyze security --no-pager {unit}.service")
    found = re.search(r"Overall exposure level for \S+: ([\d.]+)", said)
    assert found is not None
    measured(f"exposure of {unit}", float(found[1]), limit, "of 10")
    machine.run(f"systemd-analyze verify --man=no /usr/local/lib/systemd/system/{unit}.service")


def test_it_runs_as_its_own_user_without_capabilities_and_reads_its_keys_as_a_credential(
    machine: Machine,
) -> None:
    pid = machine.shows("MainPID")
    status = dict(
        line.split(":\t", 1) for line in machine.says(f"cat /proc/{pid}/status").splitlines() if ":\t" in line
    )
    assert status["Uid"].split()[0] == machine.says("id -u schoolgate")
    assert {status[name] for name in ("CapPrm", "CapEff", "CapBnd", "CapAmb")} == {"0" * 16}
    assert (status["NoNewPrivs"], status["Seccomp"]) == ("1", "2")
    assert machine.says("stat -c %a:%U /etc/schoolgate/schoolgate.keys") == "600:root"
    seal = json.loads(machine.says("cat /etc/schoolgate/schoolgate.keys"))["seal"]["1"]
    assert seal not in machine.says(f"tr '\\0' '\\n' < /proc/{pid}/environ")
    assert machine.run(f"nsenter -t {pid} -m touch /usr/here", check=False).returncode != 0


def test_the_keys_can_be_sealed_on_the_disk_as_the_page_on_hardening_says(machine: Machine) -> None:
    encrypt = re.search(r"(?m)^sudo (systemd-creds encrypt .*)$", HARDENING)
    drop_in = re.search(r"```\n(\[Unit\]\nConditionPathExists=.*?)```", HARDENING, re.DOTALL)
    assert encrypt is not None
    assert drop_in is not None
    machine.run(f"cd /etc/schoolgate && {encrypt[1]} && mv schoolgate.keys /root/")
    machine.run("mkdir -p /etc/systemd/system/schoolgate.service.d")
    machine.write("/etc/systemd/system/schoolgate.service.d/sealed.conf", drop_in[1])
    try:
        machine.run("systemctl daemon-reload && systemctl restart schoolgate")
        modem_ready(machine)
        assert sent(machine)["status"] in ("sent", "delivered")
    finally:
        machine.run(
            "rm -r /etc/systemd/system/schoolgate.service.d; mv /root/schoolgate.keys /etc/schoolgate/"
        )
        machine.run("systemctl daemon-reload && systemctl restart schoolgate")
    modem_ready(machine)


def udev(machine: Machine, described: str, device: str) -> str:
    """Return what udev makes of a device that umockdev pretends to have."""
    machine.write("/root/usb.umockdev", described)
    pretend = "umockdev-run --device /root/usb.umockdev --"
    return machine.says(f"{pretend} udevadm test --action=add /sys{usb.HUB}/usb1/{device} 2>&1")


@pytest.mark.parametrize(
    ("vendor", "product", "interface", "kind", "ours"),
    [
        ("2c7c", "0125", 2, "ff/00/00", True),
        ("2c7c", "0125", 3, "ff/00/00", False),  # for dialling
        ("1e0e", "9001", 2, "ff/00/00", True),
        ("1e0e", "9011", 4, "ff/00/00", True),
        ("12d1", "1506", 1, "ff/02/02", True),
        ("12d1", "1506", 0, "ff/02/01", False),
        ("0403", "6001", 0, "ff/ff/ff", False),  # a plain serial cable may be anything's
    ],
)
def test_udev_knows_the_modems_and_leaves_others_alone(
    machine: Machine, vendor: str, product: str, interface: int, kind: str, ours: bool
) -> None:
    described = usb.port(vendor, product, interface, kind=kind)
    said = udev(machine, described, f"1-4/1-4:1.{interface}/ttyUSB2/tty/ttyUSB2")
    assert "70-schoolgate-modem.rules" in said
    links = re.search(r"(?m)^DEVLINKS=(.*)$", said)
    assert links is not None  # the system's own rules name every serial port by its path
    names = set(re.findall(r"/dev/(schoolgate-\S+)", links[1]))
    path = f"pci-0000:00:14.0-usb-0:4:1.{interface}"
    assert names == ({f"schoolgate-{vendor}-{product}-AB12", f"schoolgate-at-{path}"} if ours else set())
    assert ("SYSTEMD_WANTS=schoolgate.service" in said) is ours
    assert ("ID_MM_PORT_IGNORE=1" in said) is ours
    device = udev(machine, described, "1-4")
    known = vendor in ("2c7c", "1e0e", "12d1")
    assert ("ID_MM_DEVICE_IGNORE=1" in device) is known
    assert ("chgrp dialout /sys/devices" in device) is known
