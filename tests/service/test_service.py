"""The service's life on a clean, booted Debian, from the first command of the quickstart to its removal.

The tests tell one story: they run in this order, and stop at the first that fails (`make test-service`).
"""

from __future__ import annotations

import json
import re
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.clock import utc_now
from tests.service.machine import MEASURED, Machine, until

pytestmark = [pytest.mark.system]

QUICKSTART = (Path(__file__).parents[2] / "docs/quickstart.md").read_text()
PARENT = "+447700900123"
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
MODEM = '[[modem]]\nname = "modem0"\nport = "/run/virtual/sim0"\nresult_seconds = 30\n'


def documented(command: str) -> str:
    """Return a command of the quickstart as root types it."""
    assert f"\n{command}\n" in QUICKSTART, f"the quickstart does not say: {command}"
    return command.replace("sudo ", "")


def measured(what: str, value: float, limit: float, unit: str = "s") -> None:
    """Note a measurement, and fail where it is beyond its target."""
    MEASURED.append(f"{what}: {value:.2f} {unit} (at most {limit:g})")
    assert value <= limit, f"{what}: {value:.2f} {unit}"


def sent(machine: Machine, *, wait: int = 30) -> Any:
    """Send one text as the quickstart does; return the message."""
    command = documented(
        f"sudo schoolgate send {PARENT} trip --slot 'place=the museum' --slot day=Friday --wait 60"
    )
    return json.loads(machine.says(command.replace("--wait 60", f"--wait {wait} --json")))


def message(machine: Machine, ident: str) -> Any:
    return json.loads(machine.says(f"schoolgate messages show {ident} --json"))


def sim(machine: Machine, *words: str) -> str:
    return machine.says(f"schoolgate sim {' '.join(words)} --socket /run/virtual/sim.sock")


def texts(machine: Machine) -> int:
    """Return how many texts the parent's handset got since the network began."""
    return len(json.loads(sim(machine, "received", PARENT, "--json"))["items"])


def modem_ready(machine: Machine, within: float = 30) -> None:
    until(lambda: "modem0 ready" in machine.shows("StatusText"), within, machine.shows("StatusText"))


def rows(machine: Machine) -> int:
    found = json.loads(machine.says("schoolgate messages list --limit 200 --json"))
    return len(found["items"])


def test_from_a_clean_debian_to_the_first_text(machine: Machine) -> None:
    """The quickstart's steps; `apt install` is done beforehand, for the container has no network."""
    began = time.monotonic()
    machine.run(f"cd /root/schoolgate && {documented('sudo make install')}", timeout=400)
    installed = time.monotonic() - began
    init = documented("sudo schoolgate init --system")
    machine.run(f"{init} --owner jsmith --name 'Jo Smith' --acknowledge")
    machine.write("/etc/systemd/system/virtual-network.service", NETWORK)
    machine.run("systemctl daemon-reload && systemctl enable --now virtual-network")
    config = machine.says("cat /etc/schoolgate/schoolgate.toml")
    config = config.replace('file = "policy.toml"', 'allow_drama_numbers = true\nfile = "policy.toml"')
    machine.write("/etc/schoolgate/schoolgate.toml", config + "\n\n" + MODEM)
    yesterday = (utc_now() - timedelta(days=1)).date()
    machine.run(f"sed -i 's/^last_reviewed = .*/last_reviewed = {yesterday}/' /etc/schoolgate/policy.toml")
    machine.run(documented("sudo schoolgate check-config"))
    machine.run(documented("sudo systemctl start schoolgate"))
    modem_ready(machine)
    machine.run(documented("sudo schoolgate status"))
    furnish(machine)
    assert sent(machine)["status"] in ("sent", "delivered")
    assert texts(machine) == 1
    measured("make install", installed, 240)
    measured("quickstart to the first text", time.monotonic() - began, 300)


def furnish(machine: Machine) -> None:
    """Do the quickstart's step 6."""
    for command in re.findall(r"(?m)^sudo (schoolgate (?:person|key) .*)$", QUICKSTART):
        machine.run(command, stdin="y\n")  # agreed
    wording = re.search(r'```toml\n(name = "trip".*?)```', QUICKSTART, re.DOTALL)
    assert wording is not None
    machine.write("/root/trip.toml", wording[1])
    draft = documented("sudo schoolgate template draft trip.toml --key-file /root/asmith.key")
    ident = json.loads(machine.says(f"cd /root && {draft} --json"))["id"]
    machine.run(documented("sudo schoolgate template approve ID").replace("ID", ident))
    (consent,) = re.findall(r"(?m)^sudo (schoolgate consent add .*)$", QUICKSTART)
    machine.run(consent)


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
    for _ in range(3):
        machine.run("systemctl restart schoolgate")
        begun, ready = (
            int(machine.shows(f"{what}TimestampMonotonic")) for what in ("ExecMainStart", "ActiveEnter")
        )
        took.append((ready - begun) / 1e6)
    measured("start to ready, the middle one of three", sorted(took)[1], 2.0)
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


def test_killed_it_is_restarted_and_goes_on(machine: Machine) -> None:
    pid, before = machine.shows("MainPID"), texts(machine)
    machine.run(f"kill -KILL {pid}")
    began = time.monotonic()
    until(lambda: machine.shows("MainPID") not in (pid, "0"), 20, "another process")
    modem_ready(machine)
    measured("kill to ready again", time.monotonic() - began, 20)
    assert sent(machine)["status"] in ("sent", "delivered")
    assert texts(machine) == before + 1


def test_hung_it_is_restarted_by_the_watchdog(machine: Machine) -> None:
    """SIGSTOP: not one instruction of it runs any more, and only the hungry watchdog tells."""
    pid = machine.shows("MainPID")
    machine.run(f"kill -STOP {pid}")
    began = time.monotonic()
    until(lambda: machine.shows("MainPID") not in (pid, "0"), 70, "another process")
    modem_ready(machine)
    measured("hung to ready again", time.monotonic() - began, 60)
    assert "Watchdog timeout" in machine.says("journalctl -u schoolgate --no-pager -n 100")
    assert sent(machine)["status"] in ("sent", "delivered")


def test_a_modem_that_is_pulled_out_is_told_and_is_used_again_when_it_is_back(machine: Machine) -> None:
    pid = machine.shows("MainPID")
    sim(machine, "fault", "unplug")
    until(lambda: "modem0 ready" not in machine.shows("StatusText"), 30, machine.shows("StatusText"))
    assert machine.run("schoolgate status", check=False).returncode == 1
    waiting = sent(machine, wait=0)
    assert waiting["status"] == "queued"
    sim(machine, "clear")
    modem_ready(machine)
    until(lambda: message(machine, waiting["id"])["status"] in ("sent", "delivered"), 30, "it leaves")
    assert machine.shows("MainPID") == pid


def test_it_starts_before_there_is_a_modem(machine: Machine) -> None:
    machine.run("systemctl stop schoolgate virtual-network && systemctl start schoolgate")
    assert "modem0 searching" in until(
        lambda: re.search("modem0 searching", machine.shows("StatusText")), 20, machine.shows("StatusText")
    )[0]  # fmt: skip
    machine.run("systemctl start virtual-network")
    modem_ready(machine)


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


def test_stopping_finishes_the_part_in_flight(machine: Machine) -> None:
    flight = 6.0
    sim(machine, "fault", "late_result", str(flight))
    ident = sent(machine, wait=0)["id"]
    until(lambda: message(machine, ident)["status"] == "sending", 10, "it is in flight")
    began = time.monotonic()
    machine.run("systemctl stop schoolgate")
    measured("stop beyond the part in flight", time.monotonic() - began - flight, 5.0)
    assert machine.shows("Result") == "success"
    machine.run("systemctl start schoolgate")
    assert message(machine, ident)["status"] in ("sent", "delivered")
    modem_ready(machine)


def test_a_full_disk_stops_acceptance_with_503_and_loses_nothing(machine: Machine) -> None:
    before = rows(machine)
    machine.run("systemctl stop schoolgate && cp -a /var/lib/schoolgate /root/kept")
    machine.run(
        "mount -t tmpfs -o size=6M tmpfs /var/lib/schoolgate && cp -a /root/kept/. /var/lib/schoolgate/"
    )
    machine.run("chown schoolgate: /var/lib/schoolgate && chmod 700 /var/lib/schoolgate")
    try:
        machine.run("systemctl start schoolgate")
        modem_ready(machine)
        machine.run("dd if=/dev/zero of=/var/lib/schoolgate/filler bs=4k 2>/dev/null", check=False)
        refused = machine.run(
            f"schoolgate send {PARENT} trip --slot 'place=the farm' --slot day=Monday", check=False
        )
        assert refused.returncode == 75, refused.stdout + refused.stderr
        until(lambda: "nothing is accepted" in machine.shows("StatusText"), 20, machine.shows("StatusText"))
        assert rows(machine) == before
        machine.run("rm /var/lib/schoolgate/filler")
        until(
            lambda: "nothing is accepted" not in machine.shows("StatusText"), 30, machine.shows("StatusText")
        )
        assert sent(machine)["status"] in ("sent", "delivered")
        assert rows(machine) == before + 1
    finally:
        machine.run("systemctl stop schoolgate; umount /var/lib/schoolgate; rm -rf /root/kept")
        machine.run("systemctl start schoolgate")
    modem_ready(machine)


def test_backups_are_made_and_their_restore_is_rehearsed(machine: Machine) -> None:
    machine.run("systemctl start schoolgate-backup && systemctl start schoolgate-restore-check")
    (made,) = json.loads(machine.says("schoolgate backup --list --json"))["items"]
    assert made["rows"]["message"] >= 5
    assert machine.says(f"stat -c %a:%U {made['path']}/schoolgate.db") == "600:schoolgate"
    seal = json.loads(machine.says("cat /etc/schoolgate/schoolgate.keys"))["seal"]["1"]
    assert machine.run(f"grep -rF -e '{seal}' -e '{PARENT}' {made['path']}", check=False).returncode == 1


def test_a_restore_keeps_the_opt_out_that_came_after_the_backup(machine: Machine) -> None:
    sim(machine, "text", PARENT, "STOP")
    until(lambda: "1" in machine.says("schoolgate opt-out list"), 20, "the opt-out")
    assert machine.run("schoolgate restore --yes", check=False).returncode == 75  # it is running
    machine.run("systemctl stop schoolgate && schoolgate restore --yes && systemctl start schoolgate")
    modem_ready(machine)
    send = f"schoolgate send {PARENT} trip --slot 'place=the farm' --slot day=Monday"
    refused = machine.run(send, check=False)
    assert (refused.returncode, "clause 6" in refused.stderr) == (1, True), refused.stderr
    sim(machine, "text", PARENT, "START")
    until(lambda: machine.run(f"{send} --check", check=False).returncode == 0, 20, "opted in again")


def test_a_damaged_database_is_refused_with_the_way_out(machine: Machine) -> None:
    machine.run("systemctl stop schoolgate && cp -a /var/lib/schoolgate /root/kept")
    machine.run("head -c 200000 /dev/urandom > /var/lib/schoolgate/schoolgate.db")
    assert machine.run("systemctl start schoolgate", check=False).returncode != 0
    until(lambda: machine.shows("ActiveState") == "failed", 20, "it stays down: trying again does not help")
    assert machine.shows("ExecMainStatus") == "78"
    assert "schoolgate restore" in machine.journal()
    machine.run("schoolgate restore --yes && systemctl reset-failed schoolgate && systemctl start schoolgate")
    modem_ready(machine)
    machine.run("rm -rf /root/kept")


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


def test_the_udev_rules_are_read_without_a_complaint(machine: Machine) -> None:
    said = machine.run("udevadm test /sys/class/mem/null 2>&1", check=False).stdout
    assert "70-schoolgate-modem.rules" in said
    assert [line for line in said.splitlines() if "70-schoolgate-modem.rules:" in line] == []


def test_uninstalling_leaves_the_data(machine: Machine) -> None:
    machine.run("cd /root/schoolgate && make uninstall")
    assert machine.run("systemctl cat schoolgate", check=False).returncode != 0
    assert machine.run("ls /opt/schoolgate /usr/local/bin/schoolgate", check=False).stdout == ""
    machine.run("test -s /var/lib/schoolgate/schoolgate.db -a -s /etc/schoolgate/schoolgate.keys")
    assert machine.says("ls /var/backups/schoolgate") != ""


def test_the_package_installs_the_same_over_the_kept_data(machine: Machine) -> None:
    package = machine.says("cd /root/schoolgate && make deb", timeout=400).splitlines()[-1]
    asked = machine.says("sha256sum /etc/schoolgate/schoolgate.toml /etc/schoolgate/policy.toml")
    machine.run(f"dpkg --force-confold -i {package}")
    assert machine.says("sha256sum /etc/schoolgate/schoolgate.toml /etc/schoolgate/policy.toml") == asked
    listed = machine.says("dpkg-query -W -f '${Conffiles}' schoolgate")
    assert "/etc/schoolgate/schoolgate.toml" in listed
    assert "/etc/schoolgate/policy.toml" in listed
    machine.run("systemctl restart virtual-network && systemctl start schoolgate")
    modem_ready(machine)
    assert sent(machine)["status"] in ("sent", "delivered")
    machine.run(f"dpkg --force-confold -i {package}")  # again: it is restarted, and asks nothing
    modem_ready(machine)
    machine.run("dpkg -r schoolgate")
    machine.run("test -s /var/lib/schoolgate/schoolgate.db -a -s /etc/schoolgate/schoolgate.keys")
    assert machine.says("ls -A /opt") in ("wheels", "schoolgate\nwheels")
