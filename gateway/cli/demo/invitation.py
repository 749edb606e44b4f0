"""What to try while the demo keeps serving: lines that work as they stand."""

from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path
from typing import Final

from gateway.cli.demo.show import Show
from gateway.cli.demo.walk import FIRST, Walk
from gateway.cli.demo.world import World
from gateway.cli.sim import SOCKET

_JSON: Final = "-H 'Content-Type: application/json'"


def invite(show: Show, world: World) -> None:
    """Print them."""
    ours, directory = _command(), world.directory
    curl = f'-H "Authorization: Bearer $(cat {shlex.quote(str(directory / "office.key"))})"'
    body = json.dumps(Walk(world, show).message(FIRST))
    socket = directory / "sim.sock"
    where = "" if socket == SOCKET else f" --socket {shlex.quote(str(socket))}"
    config = f"--config {shlex.quote(str(directory / 'schoolgate.toml'))}"
    lines = (
        "\nIt keeps serving. In another terminal, here:",
        "\n  Send a text:",
        f"  curl -s {world.url}/v1/messages {curl} {_JSON} -d '{body}'",
        "\n  What became of it, and what came in:",
        f"  curl -s {world.url}/v1/messages {curl}",
        f"  curl -s {world.url}/v1/inbox {curl}",
        "\n  Be the parent:",
        f"  {ours} sim received {FIRST}{where}",
        f"  {ours} sim text {FIRST} STOP{where}",
        "\n  Make trouble:",
        f"  {ours} sim fault hang 10{where}",
        "\n  See how it is, and read the reply that waits for a person:",
        f"  {ours} status {config}",
        f"  {ours} opt-out holds {config}",
        "\nCtrl-C ends it.",
    )
    for line in lines:
        show.say(line)


def _command() -> str:
    """Return how this command line is called from here."""
    beside = Path(sys.executable).with_name("schoolgate")
    if not beside.exists():
        return f"{sys.executable} -m gateway.cli"
    here = Path.cwd()
    return shlex.quote(str(beside.relative_to(here) if beside.is_relative_to(here) else beside))
