"""What technicians do to it: reload, upgrade, roll back, reboot, remove, and the package."""

from __future__ import annotations

import json

import pytest

from gateway.store.schema_version import HEAD
from tests.service.machine import Machine, until
from tests.service.story import OPERATIONS, PARENT, documented, modem_ready, rows, sent, sim

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


REVISION = f"""\
\"\"\"Of a release to come.\"\"\"

from alembic import op
from sqlalchemy import Column, Text

revision, down_revision, branch_labels, depends_on = "9999", "{HEAD}", None, None


def upgrade() -> None:
    op.add_column("suppression", Column("novel", Text, server_default="x"))
"""


NEWER = """\
import sqlite3

with sqlite3.connect("/var/lib/schoolgate/schoolgate.db") as database:
    database.execute("UPDATE alembic_version SET version_num = '9999'")
"""


def next_release(machine: Machine) -> None:
    """Lay the source of a release that changes the database: this one, with a revision and a number more."""
    machine.run("cp -r /root/schoolgate /root/next")
    machine.run("""sed -i 's/^version = .*/version = "99.0.0"/' /root/next/pyproject.toml""")
    store = "/root/next/gateway/store"
    machine.run(f"""sed -i 's/^HEAD: Final = .*/HEAD: Final = "9999"/' {store}/schema_version.py""")
    machine.write(f"{store}/migrations/versions/9999_of_a_release_to_come.py", REVISION)


def test_an_upgrade_keeps_the_data_and_backs_up_first(machine: Machine) -> None:
    before = rows(machine)
    backups = len(json.loads(machine.says("schoolgate backup --list --json"))["items"])
    next_release(machine)
    machine.run("cd /root/next && make upgrade", timeout=400)
    new = machine.says("readlink /opt/schoolgate/current")
    assert "99.0.0" in new
    modem_ready(machine)
    assert f"{new}/bin/python" in machine.says(f"tr '\\0' ' ' < /proc/{machine.shows('MainPID')}/cmdline")
    assert rows(machine) == before
    assert sent(machine)["status"] in ("sent", "delivered")
    made = json.loads(machine.says("schoolgate backup --list --json"))["items"]
    assert len(made) == backups + 1
    assert made[0]["schema"] == HEAD


def test_going_back_over_a_change_of_the_database(machine: Machine) -> None:
    """Refused as long as nobody asks for the backup; with it, an opt-out made since is still in force."""
    pid, before = machine.shows("MainPID"), rows(machine)
    refused = machine.run("cd /root/next && make rollback", check=False)
    assert refused.returncode != 0
    assert f"schema 9999, this release knows {HEAD}" in refused.stderr
    assert "sudo make rollback RESTORE=yes" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert machine.shows("MainPID") == pid
    machine.run("systemctl start schoolgate-backup")  # as a night would: the older release passes it over
    sim(machine, "text", PARENT, "STOP")
    until(lambda: "1" in machine.says("schoolgate opt-out list"), 20, "the opt-out")
    machine.run(f"cd /root/next && {documented('sudo make rollback RESTORE=yes', OPERATIONS)}")
    modem_ready(machine)
    assert "99.0.0" not in machine.says("readlink /opt/schoolgate/current")
    assert rows(machine) == before - 1  # what was sent with the newer release is in the database put aside
    send = f"schoolgate send {PARENT} trip --slot 'place=the farm' --slot day=Monday"
    refused = machine.run(send, check=False)
    assert (refused.returncode, "clause 6" in refused.stderr) == (1, True), refused.stderr
    sim(machine, "text", PARENT, "START")
    until(lambda: machine.run(f"{send} --check", check=False).returncode == 0, 20, "opted in again")
    assert sent(machine)["status"] in ("sent", "delivered")


def test_going_back_where_the_database_is_the_same(machine: Machine) -> None:
    """The release before is now the newer one: it takes the older database, and there is a way back again."""
    machine.run(f"cd /root/schoolgate && {documented('sudo make rollback', OPERATIONS)}")
    modem_ready(machine)
    assert "99.0.0" in machine.says("readlink /opt/schoolgate/current")
    machine.run("cd /root/schoolgate && make rollback RESTORE=yes")
    modem_ready(machine)
    assert "99.0.0" not in machine.says("readlink /opt/schoolgate/current")


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
    backups = machine.says("ls /var/backups/schoolgate").split()
    machine.run(f"dpkg --force-confold --force-unsafe-io -i {package}")  # again
    modem_ready(machine)
    assert len(machine.says("ls /var/backups/schoolgate").split()) == len(backups) + 1
    machine.write("/root/newer.py", NEWER)  # as if this package were the older one
    machine.run("python3 /root/newer.py")
    said = machine.run(f"dpkg --force-confold --force-unsafe-io -i {package}").stderr
    assert "it does not start with this release" in said
    assert "schoolgate restore" in machine.journal()
    machine.run("systemctl stop schoolgate && schoolgate restore --yes && systemctl restart schoolgate")
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
