"""Texts to many numbers at once, and the verdict on what became of them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence

from gateway.simulator.control import SimClient
from gateway.simulator.network import canonical
from tests.service.computer.qemu import PATIENCE, Computer
from tests.service.machine import Machine, until
from tests.system.site import number
from tests.system.verdict import COPIES

CONSENTS = "number,purposes,method,wording,evidence,given_at\n" + "".join(
    f"{number(index)},event_notice,paper_form,2026-09,file 13,2026-09-01\n" for index in range(200, 400)
)
_TOLD = "/dev/virtio-ports/told"
_SENDER = f"""\
import sys
from pathlib import Path
from schoolgate_client import Client
key = Path("/etc/schoolgate/owner.key").read_text().strip()
with Client("http://127.0.0.1:8025", key) as gate, open({_TOLD!r}, "wb", buffering=0) as told:
    for to in sys.argv[1:]:
        accepted = gate.send(to, "trip", {{"place": "the museum", "day": "Friday"}})
        told.write(f"{{to}} {{accepted['id']}}\\n".encode())
"""


def agree(machine: Machine) -> None:
    """Put the consents of those numbers on record."""
    machine.write("/root/consents.csv", CONSENTS)
    machine.run("schoolgate consent import /root/consents.csv")
    machine.write("/root/sender.py", _SENDER)


def send(computer: Computer, numbers: Sequence[str]) -> None:
    """Begin to send each a text; the outside is told of each that was accepted."""
    where = "--setenv=PYTHONPATH=/root/schoolgate"  # the client is in the download, not in the release
    computer.run(f"systemd-run --quiet --collect {where} python3 /root/sender.py {' '.join(numbers)}")


def accepted(computer: Computer, numbers: Sequence[str]) -> Mapping[str, str]:
    """Return the message of each of these numbers, as far as the outside was told."""
    lines = computer.told.read_text().splitlines(keepends=True)
    told = dict(line.split() for line in lines if line.endswith("\n"))
    return {to: told[to] for to in numbers if to in told}


def arrived(network: SimClient, numbers: Sequence[str]) -> Counter[str]:
    """Return how many texts each of these handsets got."""
    chosen = {canonical(to): to for to in numbers}
    return Counter(
        {each["number"]: each["received"] for each in network.do("handsets") if each["number"] in chosen}
    )


def judge(computer: Computer, network: SimClient, numbers: Sequence[str]) -> Counter[str]:
    """Wait for rest, and see that each handset has what the gateway says of it; return how many ended how.

    What was accepted is known, and nobody has anything twice, whether or not the outside was told.
    """
    known = accepted(computer, numbers)
    ended: dict[str, str] = {}

    def rest() -> bool:
        ended.update(statuses(computer))
        return all(ended.get(ident, "lost") in COPIES for ident in known.values())

    until(rest, PATIENCE, f"rest: {ended}")
    got = arrived(network, numbers)
    for to, ident in known.items():
        least, most = COPIES[ended[ident]]
        assert least <= got[to] <= most, f"{to} has {got[to]}, and {ident} is {ended[ident]}"
    assert set(got.values()) <= {0, 1}, got
    return Counter(ended[ident] for ident in known.values())


def statuses(machine: Machine) -> Mapping[str, str]:
    """Return the status of each of the newest messages."""
    found = json.loads(machine.says("schoolgate messages list --limit 200 --json"))["items"]
    return {each["id"]: each["status"] for each in found}
