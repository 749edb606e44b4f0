"""`schoolgate compliance` and `schoolgate report`: how the gateway keeps to the policy (1.2, 8.1)."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final
from urllib.parse import urlencode

import typer

from gateway.cli.exits import Exit
from gateway.cli.options import ConfigOption, JsonOption, KeyFileOption, connected, new_file
from gateway.cli.output import listing, print_json, say, when

_SAID: Final = {
    "kept": "Every clause is kept.",
    "attention": "Somebody has something to do; nothing that the policy rules out has happened.",
    "breach": "Something that the policy rules out has happened.",
}


class Form(StrEnum):
    """How the report is written."""

    JSON = "json"
    CSV = "csv"
    HTML = "html"


_PLACES: Final = {Form.JSON: "", Form.CSV: "/sheet", Form.HTML: "/page"}


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("compliance")(status)
    app.command("report")(report)


def status(
    config: ConfigOption = None, key_file: KeyFileOption = None, *, as_json: JsonOption = False
) -> None:
    """Say how it stands with each clause now, and what is to be done. Exit code 1: there is a breach."""
    found = connected(config, key_file).get("/v1/compliance")
    if as_json:
        print_json(found)
    else:
        say(f"{found['organisation']}, {when(found['at'])}: {_SAID[found['state']]}")
        rows = [(each["clause"], each["state"], each["says"], each["remedy"]) for each in found["findings"]]
        listing("Clauses", ("clause", "state", "what was found", "what to do"), rows)
    if found["state"] == "breach":
        raise typer.Exit(int(Exit.FAILED))


def report(
    month: Annotated[
        str | None, typer.Option("--month", metavar="YYYY-MM", help="Else the last whole month.")
    ] = None,
    form: Annotated[
        Form, typer.Option("--format", help="html is one page to print, csv is for spreadsheets.")
    ] = Form.JSON,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write it to a new file; else it is printed.")
    ] = None,
    config: ConfigOption = None,
    key_file: KeyFileOption = None,
) -> None:
    """Report on a month: what the policy asks for, and what was done, for those who answer for it."""
    query = f"?{urlencode({'month': month})}" if month else ""
    client, place = connected(config, key_file), f"/v1/reports/compliance{_PLACES[form]}{query}"
    if out is None:
        sys.stdout.buffer.write(client.file(place).rstrip(b"\n") + b"\n")
        sys.stdout.flush()
        return
    with new_file(out) as file:
        file.write(client.file(place))
    say(f"{out} is written. It names staff: give it to those who answer for the policy.")
