"""`schoolgate incident`: what must be answered by a day, with its clock (1.2)."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

import typer

from gateway.cli.options import ConfigOption, JsonOption, KeyFileOption, connected
from gateway.cli.output import listing, print_json, say, when

app = typer.Typer(
    help="Requests of people, complaints and breaches, each with its clock.", no_args_is_help=True
)


class Kind(StrEnum):
    """What has a clock."""

    ACCESS = "access"
    COMPLAINT = "complaint"
    BREACH = "breach"


@app.command("open")
def start(
    kind: Annotated[Kind, typer.Argument(help="access (one month), complaint, or breach (72 hours).")],
    note: Annotated[str, typer.Argument(help="What it is about, and where it is dealt with.")],
    known: Annotated[
        str | None, typer.Option("--known", metavar="TIME", help="Since when, as 2026-03-01T08:00; else now.")
    ] = None,
    config: ConfigOption = None,
    key_file: KeyFileOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Start the clock of an incident."""
    body = {"kind": kind.value, "note": note}
    if known is not None:
        body["known_at"] = _instant(known)
    made = connected(config, key_file).post("/v1/incidents", body)
    if as_json:
        print_json(made)
    else:
        say(f"{made['id']} is open. It must be answered by {when(made['due_at'])}.")


@app.command("list")
def every(
    config: ConfigOption = None,
    key_file: KeyFileOption = None,
    *,
    closed: Annotated[bool, typer.Option("--closed", help="Those that are closed, too.")] = False,
    as_json: JsonOption = False,
) -> None:
    """List what is open, the most urgent first."""
    client = connected(config, key_file)
    page = client.get("/v1/incidents", closed="true") if closed else client.get("/v1/incidents")
    if as_json:
        print_json(page)
        return
    rows = [
        (each["id"], each["kind"], when(each["known_at"]), when(each["due_at"]), _state(each), each["note"])
        for each in page["items"]
    ]
    listing("Incidents", ("incident", "kind", "known since", "due", "state", "about"), rows)


@app.command()
def close(
    ident: Annotated[str, typer.Argument(metavar="INCIDENT", help="As `incident list` shows it.")],
    outcome: Annotated[str, typer.Argument(help="How it was answered.")],
    config: ConfigOption = None,
    key_file: KeyFileOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Say how an incident was answered; its clock stops."""
    made = connected(config, key_file).post(f"/v1/incidents/{ident}/close", {"outcome": outcome})
    if as_json:
        print_json(made)
    else:
        say(f"{ident} is closed, {'after its time' if made['overdue'] else 'in time'}.")


def _state(found: dict[str, Any]) -> str:
    if found["closed_at"]:
        return "closed late" if found["overdue"] else "closed in time"
    return "OVERDUE" if found["overdue"] else "open"


def _instant(given: str) -> str:
    try:
        return datetime.fromisoformat(given).astimezone().isoformat()  # without a zone it is this machine's
    except ValueError:
        raise typer.BadParameter(
            f"{given!r} is no time: write 2026-03-01T08:00", param_hint="--known"
        ) from None
