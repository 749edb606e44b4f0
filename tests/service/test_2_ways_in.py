"""Other ways in: a socket that systemd holds, and users of the machine whom the kernel names."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.service.machine import Machine, until
from tests.service.story import HARDENING, PARENT, documented, modem_ready, rows

pytestmark = pytest.mark.system

CONFIG = "/etc/schoolgate/schoolgate.toml"
DROP_IN = "/etc/systemd/system/schoolgate.service.d"


def test_while_systemd_listens_no_caller_is_refused(machine: Machine) -> None:
    """Neither before the service runs, for a call starts it, nor while it restarts."""
    machine.run(documented("sudo systemctl stop schoolgate", HARDENING))
    machine.run(documented("sudo systemctl enable --now schoolgate.socket", HARDENING))
    assert machine.shows("ActiveState") == "inactive"
    assert rows(machine) > 0
    assert machine.shows("ActiveState") == "active"
    pid = machine.shows("MainPID")
    machine.run("systemctl restart --no-block schoolgate")
    calls = 0
    while machine.shows("MainPID") in (pid, "0"):
        assert rows(machine) > 0
        calls += 1
    assert calls > 0
    modem_ready(machine)
    machine.run(
        documented(
            "sudo systemctl disable --now schoolgate.socket && sudo systemctl restart schoolgate", HARDENING
        )
    )
    modem_ready(machine)
    assert rows(machine) > 0


@contextmanager
def configured(machine: Machine, added: str) -> Iterator[None]:
    """Run the service with more in its configuration, and then as before, without a drop-in."""
    machine.run(f"cp {CONFIG} /root/before.toml && mkdir -p {DROP_IN}")
    api, _, users = added.partition("\n\n")
    config = machine.says(f"cat {CONFIG}").replace("[api]\n", f"{api}\n", 1)
    machine.write(CONFIG, f"{config}\n\n{users}")
    try:
        machine.run("systemctl restart schoolgate")
        modem_ready(machine)
        yield
    finally:
        machine.run(f"cp /root/before.toml {CONFIG}; rm -r {DROP_IN}; systemctl daemon-reload")
        machine.run("systemctl restart schoolgate")
        modem_ready(machine)


def test_a_user_of_the_machine_is_let_in_by_the_word_of_the_kernel(machine: Machine) -> None:
    """And another one of the same group is not."""
    section = re.search(r"```toml\n(\[api\]\nunix_socket = .*?)```", HARDENING, re.DOTALL)
    drop_in = re.search(r"```\n(\[Service\]\nPrivateUsers=no\n)```", HARDENING)
    assert section is not None
    assert drop_in is not None
    machine.run("useradd --system --groups schoolgate mis && useradd --system --groups schoolgate other")
    machine.run("schoolgate person add office --name 'The office' --role sender")
    machine.run("schoolgate person acknowledge office", stdin="y\n")
    with configured(machine, section[1]):
        assert "[[unix_user]] mis: not let in" in machine.says("schoolgate status")
        machine.write(f"{DROP_IN}/ways-in.conf", drop_in[1])
        machine.run("systemctl daemon-reload && systemctl restart schoolgate")
        modem_ready(machine)
        assert "not let in" not in machine.says("schoolgate status")
        send = f"send {PARENT} trip --slot 'place=the farm' --slot day=Friday"
        mis = "cd /root && runuser -u mis -- schoolgate"  # and from a directory that is closed to it
        ident = json.loads(machine.says(f"{mis} {send} --wait 30 --json"))["id"]
        assert ident in machine.says(f"{mis} messages list")
        for what in ("part sent", "status report"):
            log = f"journalctl -u schoolgate -o cat --no-pager | grep '{what} .*message={ident}'"
            until(lambda log=log: machine.run(log, check=False).stdout, 20, f"{what} in the log of {ident}")
        doctor = machine.run(f"{mis} doctor --json", check=False)  # of what is closed to it, too
        remedies = [each["remedy"] for each in json.loads(doctor.stdout)["findings"]]
        assert (doctor.returncode, "sudo schoolgate doctor" in remedies) == (1, True), remedies
        stranger = machine.run(f"runuser -u other -- schoolgate {send}", check=False)
        assert (stranger.returncode, "key" in stranger.stderr) == (77, True), stranger.stderr
        listed = json.loads(machine.says("schoolgate key list --json"))["items"]
        assert [each["handle"] for each in listed if each["id"].startswith("uid")] == ["office"]
