"""What the tests do again and again on the machine, with the words of the quickstart."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.service.machine import MEASURED, Machine, until

QUICKSTART, OPERATIONS, HARDENING = (
    (Path(__file__).parents[2] / f"docs/{name}.md").read_text()
    for name in ("quickstart", "operations", "hardening")
)
PARENT = "+447700900123"


def documented(command: str, page: str = QUICKSTART) -> str:
    """Return a command of a page of the documentation as root types it."""
    assert f"\n{command}\n" in page or f"`{command}`" in page, f"the page does not say: {command}"
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
