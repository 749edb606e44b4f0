"""The command line: `schoolgate`, or `python -m gateway.cli`."""

from __future__ import annotations

import sys


def main() -> None:
    """Entry point; leaves with one of the codes in `gateway.cli.exits`."""
    if sys.argv[1:2] == ["run"]:
        from gateway.cli.serve import alone

        app = alone()  # a daemon keeps all that it loads
    else:
        from gateway.cli.app import app  # not before it is needed: importing the package costs nothing

    app(prog_name="schoolgate")
