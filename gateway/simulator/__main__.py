"""Run a virtual network: `python -m gateway.simulator --directory DIR --modems 2 --socket PATH`.

Prints one line of JSON with the modems' paths, then serves until it is interrupted.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import signal
import sys
from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path

from gateway.simulator.control import serve
from gateway.simulator.network import Network
from gateway.simulator.personas import PERSONAS
from gateway.simulator.timing import REALISTIC, Timing

FIRST_NUMBER = 447700900001


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m gateway.simulator", description=__doc__)
    parser.add_argument("--directory", type=Path, required=True, help="where the modems' paths appear")
    parser.add_argument("--modems", type=int, default=1, metavar="N", help="sim0 … simN-1")
    parser.add_argument("--persona", choices=sorted(PERSONAS), default="generic")
    parser.add_argument("--pin", help="the SIMs' PIN")
    parser.add_argument("--socket", type=Path, help="serve remote control here")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--realistic", action="store_true", help="start from realistic timings, not quick ones"
    )
    for field in fields(Timing):
        kind = int if field.name == "baud" else float
        parser.add_argument(f"--{field.name.replace('_', '-')}", type=kind, metavar="SECONDS")
    return parser.parse_args(argv)


def _timing(options: argparse.Namespace) -> Timing:
    given = {field.name: getattr(options, field.name) for field in fields(Timing)}
    chosen = {name: value for name, value in given.items() if value is not None}
    return replace(REALISTIC if options.realistic else Timing(), **chosen)


async def run(options: argparse.Namespace) -> None:
    """Serve until SIGINT or SIGTERM."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with contextlib.AsyncExitStack() as stack:
        network = await stack.enter_async_context(Network(directory=options.directory, seed=options.seed))
        for i in range(options.modems):
            network.add_modem(
                f"sim{i}",
                number=f"+{FIRST_NUMBER + i}",
                timing=_timing(options),
                persona=options.persona,
                pin=options.pin,
            )
        if options.socket:
            await stack.enter_async_context(serve(network, options.socket))
        paths = {name: str(modem.path) for name, modem in network.modems.items()}
        sys.stdout.write(json.dumps({"modems": paths}) + "\n")
        sys.stdout.flush()
        await stop.wait()


def main(argv: Sequence[str] | None = None) -> None:
    """Entry point."""
    options = _arguments(argv)
    options.directory.mkdir(parents=True, exist_ok=True)
    asyncio.run(run(options))


if __name__ == "__main__":
    main()
