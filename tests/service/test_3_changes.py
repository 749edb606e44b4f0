"""What technicians do to it: reload, upgrade, roll back, reboot, remove, and the package."""

from __future__ import annotations

import json

import pytest

from tests.service.machine import Machine, until
from tests.service.story import modem_ready, rows, sent, sim

pytestmark = pytest.mark.system


def test_a_reload_takes_up_the_policy_and_drops_no_modem(machine: Machine) -> None:
    pid = machine.shows("MainPID")
    since = json.loads(machine.says("schoolgate modem list --json"))["items"][0]["since"]
    machine.run(r"""sed -i 's/^help_text = "/help_text = "Hello. /' /etc/schoolgate/policy.toml""")
    machine.run("systemctl reload schoolgate")
    until(lambda: "reloaded" in machine.journal(), 10, "the reload")
    sim(machine, "text", "+447700900124", "HELP")
    until(lambda: "Hello. " in sim(machine, "received", "+447700900124"), 20, "the new answer")
    assert machine.shows("MainPID") == pid
    assert json.loads(machine.says("schoolgate modem list --json"))["items"][0]["since"] == since


def test_a_reload_with_a_fault_fails_and_changes_nothing(machine: Machine) -> None:
    pid = machine.shows("MainPID")
    machine.run("cp /etc/schoolgate/policy.toml /root/ && echo 'nonsense = 1' >> /etc/schoolgate/policy.toml")
    assert machine.run("systemctl reload schoolgate", check=False).returncode != 0
    assert "nonsense" in machine.journal()
    machine.run(f"kill -HUP {pid}")  # and if somebody does it by hand
    until(lambda: "reload refused" in machine.shows("StatusText"), 10, machine.shows("StatusText"))
    assert sent(machine)["status"] in ("sent", "delivered")
    machine.run("cp /root/policy.toml /etc/schoolgate/ && systemctl reload schoolgate")
    until(lambda: "refused" not in machine.shows("StatusText"), 10, machine.shows("StatusText"))
    assert machine.shows("MainPID") == pid


def test_installing_again_changes_no_configuration(machine: Machine) -> None:
    before = machine.says(
        "sha256sum /etc/schoolgate/*.toml /etc/schoolgate/schoolgate.keys; ls /opt/schoolgate/releases"
    )
    machine.run("cd /root/schoolgate && make install", timeout=400)
    assert before == machine.says(
        "sha256sum /etc/schoolgate/*.toml /etc/schoolgate/schoolgate.keys; ls /opt/schoolgate/releases"
    )
    modem_ready(machine)


def test_an_upgrade_keeps_the_data_and_can_be_rolled_back(machine: Machine) -> None:
    """There is no earlier release yet: the next one is this one under another number."""
    before, old = rows(machine), machine.says("readlink /opt/schoolgate/current")
    backups = len(json.loads(machine.says("schoolgate backup --list --json"))["items"])
    machine.run(
        "cp -r /root/schoolgate /root/next && cd /root/next"
        " && sed -i 's/^version = .*/version = \"99.0.0\"/' pyproject.toml"
    )
    machine.run("cd /root/next && make upgrade", timeout=400)
    new = machine.says("readlink /opt/schoolgate/current")
    assert "99.0.0" in new
    modem_ready(machine)
    assert f"{new}/bin/python" in machine.says(f"tr '\\0' ' ' < /proc/{machine.shows('MainPID')}/cmdline")
    assert rows(machine) == before
    assert len(json.loads(machine.says("schoolgate backup --list --json"))["items"]) == backups + 1
    machine.run("cd /root/next && make rollback")
    modem_ready(machine)
    assert machine.says("readlink /opt/schoolgate/current") == old
    assert sent(machine)["status"] in ("sent", "delivered")


def test_a_reboot_keeps_everything(machine: Machine) -> None:
    before = rows(machine)
    machine.power_off()
    machine.boot()
    modem_ready(machine, 60)
    assert rows(machine) == before
    assert sent(machine)["status"] in ("sent", "delivered")


def test_uninstalling_leaves_the_data(machine: Machine) -> None:
    machine.run("cd /root/schoolgate && make uninstall")
    assert machine.run("systemctl cat schoolgate", check=False).returncode != 0
    assert machine.run("ls /opt/schoolgate /usr/local/bin/schoolgate", check=False).stdout == ""
    machine.run("test -s /var/lib/schoolgate/schoolgate.db -a -s /etc/schoolgate/schoolgate.keys")
    assert machine.says("ls /var/backups/schoolgate") != ""


def test_the_package_installs_the_same_over_the_kept_data(machine: Machine) -> None:
    package = machine.says("cd /root/schoolgate && make deb", timeout=400).splitlines()[-1]
    asked = machine.says("sha256sum /etc/schoolgate/schoolgate.toml /etc/schoolgate/policy.toml")
    machine.run(f"dpkg --force-confold --force-unsafe-io -i {package}")
    assert machine.says("sha256sum /etc/schoolgate/schoolgate.toml /etc/schoolgate/policy.toml") == asked
    listed = machine.says("dpkg-query -W -f '${Conffiles}' schoolgate")
    assert "/etc/schoolgate/schoolgate.toml" in listed
    assert "/etc/schoolgate/policy.toml" in listed
    machine.run("systemctl restart virtual-network && systemctl start schoolgate")
    modem_ready(machine)
    assert sent(machine)["status"] in ("sent", "delivered")
    machine.run(f"dpkg --force-confold --force-unsafe-io -i {package}")  # again
    modem_ready(machine)
    machine.run("dpkg -r schoolgate")
    assert machine.says("systemctl is-enabled schoolgate-backup.timer 2>/dev/null || true") in (
        "",
        "not-found",
    )
    machine.run(f"dpkg --force-confold --force-unsafe-io -i {package}")  # as it was
    assert machine.says("systemctl is-enabled schoolgate schoolgate-backup.timer") == "enabled\nenabled"
    assert machine.shows("ActiveState", "schoolgate-backup.timer") == "active"
    modem_ready(machine)
    machine.run("dpkg -r schoolgate")
    machine.run("test -s /var/lib/schoolgate/schoolgate.db -a -s /etc/schoolgate/schoolgate.keys")
    assert machine.says("ls -A /opt") in ("wheels", "schoolgate\nwheels")
