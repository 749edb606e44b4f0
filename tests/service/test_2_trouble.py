"""What happens to machines, disks and modems happens to the service."""

from __future__ import annotations

import json
import re
import time

import pytest

from tests.service.machine import Machine, until
from tests.service.story import (
    OPERATIONS,
    PARENT,
    documented,
    measured,
    message,
    modem_ready,
    rows,
    sent,
    sim,
    texts,
)

pytestmark = pytest.mark.system


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
    sim(machine, "fault", "unplug", "600")
    until(lambda: "modem0 ready" not in machine.shows("StatusText"), 30, machine.shows("StatusText"))
    assert machine.run("schoolgate status", check=False).returncode == 1
    graver = machine.says("journalctl -u schoolgate -b -p warning -o cat --no-pager")
    assert ("modem.lost" in graver, "action=serving" in graver) == (True, False)
    waiting = sent(machine, wait=0)
    assert waiting["status"] == "queued"
    sim(machine, "clear")
    modem_ready(machine)
    until(lambda: message(machine, waiting["id"])["status"] in ("sent", "delivered"), 30, "it leaves")
    assert machine.shows("MainPID") == pid
    confirmed = machine.says(documented("sudo schoolgate modem confirm modem0", OPERATIONS))
    assert "accepted within a minute" in confirmed


def test_it_starts_before_there_is_a_modem(machine: Machine) -> None:
    machine.run("systemctl stop schoolgate virtual-network && systemctl start schoolgate")
    assert "modem0 searching" in until(
        lambda: re.search("modem0 searching", machine.shows("StatusText")), 20, machine.shows("StatusText")
    )[0]  # fmt: skip
    machine.run("systemctl start virtual-network")
    modem_ready(machine)


def shown(machine: Machine) -> str:
    return machine.run("schoolgate status", check=False).stdout


def test_a_port_that_it_may_not_open_is_named_with_the_remedy_and_taken_up_once_it_may(
    machine: Machine,
) -> None:
    port = re.search(r'port = "(/run/virtual/[^"]+)"', machine.says("cat /etc/schoolgate/schoolgate.toml"))
    assert port is not None
    before = machine.says(f"stat -Lc %U:%G {port[1]}")
    machine.run("systemctl stop schoolgate")
    machine.run(f"chown root:root $(readlink -f {port[1]}) && chmod 600 $(readlink -f {port[1]})")
    machine.run("systemctl start schoolgate")
    said = until(lambda: re.search("may not be opened by this user: .*", shown(machine)), 30, "it is told")[0]
    assert "have a udev rule give it to the group dialout" in " ".join(said.split())
    found = json.loads(machine.run("schoolgate doctor --json", check=False).stdout)["findings"]
    (told,) = [
        each
        for each in found
        if each["what"].startswith("schoolgate, as whom the gateway runs, may not open")
    ]
    assert ("udevadm trigger" in told["remedy"], "usermod" in told["remedy"]) == (True, False)
    waiting = sent(machine, wait=0)
    assert waiting["status"] == "queued"
    machine.run(f"chown {before} $(readlink -f {port[1]}) && chmod 660 $(readlink -f {port[1]})")
    modem_ready(machine)
    until(lambda: message(machine, waiting["id"])["status"] in ("sent", "delivered"), 30, "it leaves")


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


def test_backups_are_made_by_their_timer_and_their_restore_is_rehearsed(machine: Machine) -> None:
    """The timer elapses now instead of in the night."""
    drop_in = "/run/systemd/system/schoolgate-backup.timer.d"
    machine.run(f"mkdir -p {drop_in}")
    machine.write(f"{drop_in}/now.conf", "[Timer]\nOnActiveSec=1\nRandomizedDelaySec=0\nAccuracySec=1us\n")
    machine.run("systemctl daemon-reload && systemctl restart schoolgate-backup.timer")
    (made,) = until(
        lambda: json.loads(machine.says("schoolgate backup --list --json"))["items"], 30, "a backup"
    )
    machine.run(f"rm -r {drop_in} && systemctl daemon-reload && systemctl restart schoolgate-backup.timer")
    machine.run("systemctl start schoolgate-restore-check && schoolgate restore --verify")
    assert made["rows"]["message"] >= 5
    assert machine.says(f"stat -c %a:%U {made['path']}/schoolgate.db") == "600:schoolgate"
    seal = json.loads(machine.says("cat /etc/schoolgate/schoolgate.keys"))["seal"]["1"]
    assert machine.run(f"grep -rF -e '{seal}' -e '{PARENT}' {made['path']}", check=False).returncode == 1


def test_backups_go_to_a_disk_of_their_own_and_nowhere_else(machine: Machine) -> None:
    """As the page says; then the disk is away, and its empty folder is not taken for it."""
    told = re.search(r"(?s)```sh\n(sudo install -d [^\n]*/mnt/backup/.*?)```", OPERATIONS)
    assert told is not None
    machine.run("mkdir -p /mnt/backup && mount -t tmpfs tmpfs /mnt/backup")
    machine.run(r"""cp /etc/schoolgate/schoolgate.toml /root/ && sed -i 's|^directory = .*|\
directory = "/mnt/backup/schoolgate"\nown_disk = true|' /etc/schoolgate/schoolgate.toml""")
    try:
        assert '"schema"' in machine.says(f"{told[1].replace('sudo ', '').strip()} --json")
        machine.run("systemctl start schoolgate-restore-check")
        machine.run("umount /mnt/backup")
        for word in ("mount its disk", "on the disk of the database"):
            assert machine.run("systemctl start schoolgate-backup", check=False).returncode != 0
            said = machine.says("journalctl -u schoolgate-backup --no-pager -o cat -n 20")
            assert word in said
            assert "Traceback" not in said
            assert machine.says("find /mnt/backup -mindepth 2") == ""
            machine.run("install -d -o schoolgate -g schoolgate -m 700 /mnt/backup/schoolgate")
        assert "schoolgate-backup" in machine.says("systemctl --failed --plain")
        until(lambda: "backup-failed" in machine.says("schoolgate alert list --json"), 45, "the alert")
        assert (
            "journalctl -u schoolgate-backup" in machine.run("schoolgate doctor --json", check=False).stdout
        )
    finally:
        machine.run("rm -r /mnt/backup /etc/systemd/system/schoolgate-*.service.d", check=False)
        machine.run("mv /root/schoolgate.toml /etc/schoolgate/ && systemctl daemon-reload")
        machine.run("systemctl reset-failed schoolgate-backup", check=False)


def test_a_restore_sends_nothing_twice(machine: Machine) -> None:
    sim(machine, "fault", "unplug", "600")
    until(lambda: "modem0 ready" not in machine.shows("StatusText"), 30, machine.shows("StatusText"))
    ident = sent(machine, wait=0)["id"]
    machine.run("systemctl start schoolgate-backup")  # with the message in it, not sent
    sim(machine, "clear")
    until(lambda: message(machine, ident)["status"] in ("sent", "delivered"), 30, "it leaves")
    before = texts(machine)
    machine.run("systemctl stop schoolgate && schoolgate restore --yes && systemctl start schoolgate")
    modem_ready(machine)
    assert message(machine, ident)["status"] == "cancelled"
    assert sent(machine)["status"] in ("sent", "delivered")  # whatever was queued would have gone before it
    assert texts(machine) == before + 1


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


def test_a_lost_machine_comes_back_from_the_sheet_and_a_backup(machine: Machine) -> None:
    """The runbook's steps, where only the program, the configuration and the backups are left."""
    before = rows(machine)
    sheet = machine.run("schoolgate escrow show", stdin="??\n", check=False).stdout
    lines = re.findall(r"(?m)^\d+: .+ / \w\w$", sheet)
    machine.run("systemctl start schoolgate-backup && systemctl stop schoolgate")
    machine.run("mkdir /root/lost && mv /etc/schoolgate/*.key* /var/lib/schoolgate /root/lost/")
    machine.run("install -d -o schoolgate -g schoolgate -m 700 /var/lib/schoolgate")
    enter = documented("sudo schoolgate escrow enter /etc/schoolgate/schoolgate.keys", OPERATIONS)
    machine.run(enter, stdin="\n".join([*lines, "", ""]))
    verify = documented("sudo schoolgate restore --verify DIRECTORY", OPERATIONS)
    newest = json.loads(machine.says("schoolgate backup --list --json"))["items"][0]["path"]
    verify = verify.replace("DIRECTORY", newest)
    machine.run(f"{verify} && {verify.replace('--verify', '--yes')}")
    create = "sudo schoolgate key create HANDLE --label console --out /etc/schoolgate/owner.key"
    machine.run(documented(create, OPERATIONS).replace("HANDLE", "jsmith"))
    machine.run(documented("sudo systemctl start schoolgate", OPERATIONS))
    modem_ready(machine)
    assert rows(machine) == before
    assert machine.says("stat -c %a:%U /etc/schoolgate/schoolgate.keys") == "600:root"
    assert sent(machine)["status"] in ("sent", "delivered")
    machine.run("rm -r /root/lost")


def test_without_keys_and_without_a_sheet_one_begins_anew(machine: Machine) -> None:
    machine.run("cp /etc/schoolgate/owner.key /root/ && mv /etc/schoolgate/schoolgate.keys* /root/")
    page = OPERATIONS.partition("## The key file is lost")[2]
    commands = re.findall(r"(?m)^sudo (.*)$", page[: page.index("\n## ")])
    assert len(commands) == 6
    try:
        for command in commands:
            answers = " --owner jsmith --name 'Jo Smith' --acknowledge"
            machine.run(command + (answers if "init" in command else ""))
        modem_ready(machine)
        assert rows(machine) == 0
    finally:
        machine.run("systemctl stop schoolgate; rm -rf /var/lib/schoolgate /etc/schoolgate/owner.key*")
        machine.run(
            "mv /var/lib/schoolgate.before /var/lib/schoolgate; rm -f /etc/schoolgate/schoolgate.keys*"
        )
        machine.run(
            "mv /root/owner.key /root/schoolgate.keys* /etc/schoolgate/ && systemctl start schoolgate"
        )
    modem_ready(machine)
    assert rows(machine) > 0
