"""`schoolgate escrow`: the keys on paper, for the day on which the machine is gone."""

from __future__ import annotations

import socket
import sys
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.exits import Exit, Stop
from gateway.cli.options import ConfigOption, configuration
from gateway.cli.output import asked, say

app = typer.Typer(help="The keys on paper: without them no backup can be read.", no_args_is_help=True)

_SHEET = """\
SCHOOLGATE KEY SHEET                                     {host}
Fingerprint {fingerprint}. Keep this in a safe, apart from the machine and its backups.
Whoever has this sheet and a backup can read every number and text in it.

{lines}

To use it: schoolgate escrow enter FILE, then type these lines.
"""


@app.command()
def show(config: ConfigOption = None) -> None:
    """Print the sheet, and note that it is on paper once you have proved it."""
    offer(configuration(config).store.key_file)


@app.command()
def enter(
    out: Annotated[Path, typer.Argument(metavar="FILE", help="The key file to write; it must not exist.")],
) -> None:
    """Make the key file again from the sheet: type its lines, then an empty one."""
    from gateway.store import escrow

    typed: list[str] = []
    while line := asked(f"Line {len(typed) + 1} (empty when done):"):
        typed.append(line)
    try:
        escrow.write(typed, out)
    except escrow.SheetError as exc:
        raise Stop(Exit.USAGE, str(exc)) from exc
    say(f"{out} is written. Its fingerprint is {escrow.fingerprint(out)}: is that on the sheet?")


def offer(key_file: Path) -> None:
    """Print the sheet and have it confirmed by a word that only its reader knows."""
    from gateway.store import escrow

    lines = escrow.lines(key_file)
    sheet = _SHEET.format(
        host=socket.gethostname(), fingerprint=escrow.fingerprint(key_file), lines="\n".join(lines)
    )
    sys.stdout.write(sheet)
    sys.stdout.flush()
    said = asked(f"Is it on paper? Type the two characters at the end of line {len(lines)} from the paper:")
    if said.upper() != lines[-1][-2:]:
        raise Stop(Exit.FAILED, "not confirmed; once it is on paper: schoolgate escrow show")
    mark(key_file).write_text(f"{escrow.fingerprint(key_file)}\n")
    say("Confirmed. Clear the screen and the printer's memory; nothing keeps the sheet but the paper.")


def mark(key_file: Path) -> Path:
    """Return the file that says that the keys are on paper."""
    return key_file.with_name(f"{key_file.name}.on-paper")
