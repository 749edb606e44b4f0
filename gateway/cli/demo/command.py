"""`schoolgate demo`."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from gateway.cli.exits import Exit
from gateway.cli.options import JsonOption

if TYPE_CHECKING:
    from gateway.cli.demo.show import Show
    from gateway.cli.demo.world import World

_INTERRUPTED: Final = 130


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(demo)


def demo(
    directory: Annotated[
        Path, typer.Option(help="A directory of its own; made anew, only a demo's is removed.")
    ] = Path(".demo"),
    port: Annotated[int, typer.Option(min=1, max=65535, help="Of the API; another if it is taken.")] = 8025,
    *,
    once: Annotated[bool, typer.Option("--once", help="End after the walk; 0 if all of it held.")] = False,
    fast: Annotated[bool, typer.Option("--fast", help="A quicker radio than any real one.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Show the main job with a virtual phone network, then keep serving for play. No modem needed."""
    from gateway.cli.demo.show import Show
    from gateway.cli.demo.world import fresh

    fresh(directory)
    code = asyncio.run(play(Show(quiet=as_json), directory, port, once=once, fast=fast))
    if code:
        raise typer.Exit(code)


async def play(show: Show, directory: Path, port: int, *, once: bool, fast: bool) -> int:
    """Build the demo's world, take every step, serve until Ctrl-C unless `once`; return the exit code."""
    from gateway.cli.demo.invitation import invite
    from gateway.cli.demo.steps import take
    from gateway.cli.demo.world import BRISK, FAST, built, free_port

    task, loop = asyncio.current_task(), asyncio.get_running_loop()
    assert task is not None  # noqa: S101 - we are in one
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, task.cancel)
    code = _INTERRUPTED
    try:
        chosen = free_port(port)
        if chosen != port:
            show.say(f"Port {port} is taken; the API takes {chosen}.")
        show.say(f"A virtual phone network, and the real gateway on SQLite in {directory}")
        async with built(directory, chosen, FAST if fast else BRISK) as world:
            code = int(Exit.OK if await take(show, world) else Exit.FAILED)
            _report(show, world)
            if not (once or code):
                invite(show, world)
                await asyncio.Event().wait()
    except asyncio.CancelledError:
        show.say("\nStopped.")
    return code


def _report(show: Show, world: World) -> None:
    from gateway.cli.output import print_json

    failed, seconds = show.failed, sum(step.seconds for step in show.steps)
    if show.quiet:
        print_json({"ok": failed is None, "seconds": round(seconds, 2), "steps": show.steps})
    elif failed is None:
        show.say(f"\nAll {len(show.steps)} steps happened as they should, in {seconds:.0f} s.")
    else:
        show.say(
            f"\nStep {len(show.steps)} did not hold: {failed.title}. The log: {world.directory}/daemon.log"
        )
