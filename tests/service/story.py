"""What the tests do again and again on the machine, with the words of the quickstart."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

from gateway.clock import utc_now
from tests.service.machine import MEASURED, Machine, until
from tests.system.site import OPEN

QUICKSTART, OPERATIONS, HARDENING, MODEMS = (
    (Path(__file__).parents[2] / f"docs/{name}.md").read_text()
    for name in ("quickstart", "operations", "hardening", "modems")
)
PARENT = "+447700900123"


def documented(command: str, page: str = QUICKSTART) -> str:
    """Return a command of a page of the documentation as root types it."""
    assert f"\n{command}\n" in page or f"`{command}`" in page, f"the page does not say: {command}"
    return command.replace("sudo ", "")


def set_up(machine: Machine, modem: str) -> None:
    """Do the quickstart's steps 2 to 4, with this `[[modem]]`."""
    init = documented("sudo schoolgate init --system")
    machine.run(f"{init} --owner jsmith --name 'Jo Smith' --acknowledge")
    config = machine.says("cat /etc/schoolgate/schoolgate.toml")
    config = config.replace('file = "policy.toml"', 'allow_drama_numbers = true\nfile = "policy.toml"')
    machine.write("/etc/schoolgate/schoolgate.toml", config + "\n\n" + modem)
    machine.run("umask 077 && echo 1234 > /etc/schoolgate/pins/modem0")  # the SIM asks for none
    yesterday = (utc_now() - timedelta(days=1)).date()
    machine.run(f"sed -i 's/^last_reviewed = .*/last_reviewed = {yesterday}/' /etc/schoolgate/policy.toml")
    for name, value in OPEN.items():  # the tests run at any hour, and to one number
        machine.run(f"sed -i 's/^{name} = .*/{name} = {value}/' /etc/schoolgate/policy.toml")


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
