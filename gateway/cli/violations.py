"""`schoolgate violation`: refusals that count against a person, and what another person decides (8.2)."""

from __future__ import annotations

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
from gateway.cli.output import listing, print_json, say, when

app = typer.Typer(help="Refusals that count against a person (8.2).", no_args_is_help=True)


@app.command("list")
def every(
    person: Annotated[str | None, typer.Option(help="Only of this one.")] = None,
    limit: LimitOption = 50,
    cursor: CursorOption = None,
    config: ConfigOption = None,
    key_file: KeyFileOption = None,
    *,
    undecided: Annotated[bool, typer.Option("--undecided", help="Only what waits for a decision.")] = False,
    as_json: JsonOption = False,
) -> None:
    """List refused submissions, newest first; their words are not kept."""
    query = {"person": person, "undecided": undecided or None, "limit": limit, "cursor": cursor}
    _show(connected(config, key_file).get("/v1/violations", **query), as_json=as_json)


@app.command()
def decide(
    person: Annotated[str, typer.Argument(metavar="HANDLE", help="Whose.")],
    outcome: Annotated[str, typer.Argument(help="no_breach, coaching, retraining, warning or hr_referral.")],
    note: Annotated[str, typer.Option("--note", help="What it rests on.")],
    config: ConfigOption = None,
    key_file: KeyFileOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Decide on everything undecided of somebody else; their sending goes on."""
    body = {"person": person, "outcome": outcome, "note": note}
    _show(connected(config, key_file).post("/v1/violations/decisions", body), as_json=as_json)


def _show(page: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(page)
        return
    rows = (
        (
            when(v["at"]),
            v["person"],
            v["clauses"],
            v["codes"],
            v["target"],
            v["recipients"],
            v["outcome"],
            v["decided_by"],
        )
        for v in page["items"]
    )
    columns = ("at", "person", "clauses", "codes", "message or batch", "recipients", "outcome", "decided by")
    listing("Violations", columns, rows)
    suspended = sorted({v["person"] for v in page["items"] if v["suspended_since"]})
    for each in suspended:
        say(f"The sending of {each} is suspended until somebody else has decided.")
