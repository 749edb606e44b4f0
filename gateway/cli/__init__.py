"""The command line: `schoolgate`, or `python -m gateway.cli`."""

from __future__ import annotations


def main() -> None:
    """Entry point; leaves with one of the codes in `gateway.cli.exits`."""
    from gateway.cli.app import app  # not before it is needed: importing the package costs nothing

    app(prog_name="schoolgate")
