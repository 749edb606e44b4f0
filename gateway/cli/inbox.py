"""`schoolgate inbox` (what came in) and `schoolgate inbound classify` (what a reply would mean)."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from gateway.cli.options import (
    ConfigOption,
    CursorOption,
    JsonOption,
    KeyFileOption,
    LimitOption,
    connected,
)
from gateway.cli.output import listing, print_json, when
from gateway.cli.pdu import answer_lines

inbound = typer.Typer(help="What replies mean.", no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("inbox")(inbox)
    app.add_typer(inbound, name="inbound")


def inbox(
    limit: LimitOption = 50,
    cursor: CursorOption = None,
    config: ConfigOption = None,
    key_file: KeyFileOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """List what came in, newest first."""
    page = connected(config, key_file).get("/v1/inbox", limit=limit, cursor=cursor)
    if as_json:
        print_json(page)
        return
    rows = (
        (m["id"], when(m["received_at"]), m["sender"], m["tier"], m["text"], m["modem"])
        for m in page["items"]
    )
    listing("Inbox", ("message", "received", "from", "tier", "text", "modem"), rows)


@inbound.callback()
def group() -> None:
    """Tell what replies mean."""


@inbound.command()
def classify(
    policy: Annotated[
        Path | None, typer.Option("--policy", metavar="FILE", help="A policy file; else the shipped one.")
    ] = None,
    *,
    recent_appointment: Annotated[
        bool, typer.Option("--recent-appointment", help="As if an appointment text went out before.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Say of each line of standard input whether it is acted on, held, or goes to the inbox (6.2)."""
    from policy import Classifier, PolicySettings

    classifier = Classifier(PolicySettings.load(policy))

    def one(line: str) -> dict[str, Any]:
        return classifier.classify(line, recent_appointment=recent_appointment).as_dict()

    answer_lines(sys.stdin.buffer, one, as_json=as_json)
