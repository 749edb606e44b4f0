"""`schoolgate approval`: what waits for a second person, and their answer."""

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
from gateway.cli.output import details, listing, print_json, when

app = typer.Typer(help="What waits for a second person (3.3).", no_args_is_help=True)

Ident = Annotated[str, typer.Argument(metavar="ID", help="As `approval list` shows it.")]


@app.command("list")
def every(
    outcome: Annotated[
        str | None, typer.Option(help="approved, refused, expired or void; else what is open.")
    ] = None,
    limit: LimitOption = 50,
    cursor: CursorOption = None,
    config: ConfigOption = None,
    key_file: KeyFileOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """List what you may decide about or have asked for."""
    page = connected(config, key_file).get("/v1/approvals", outcome=outcome, limit=limit, cursor=cursor)
    if as_json:
        print_json(page)
        return
    rows = (
        (a["id"], a["kind"], a["summary"], a["requested_by"], when(a["expires_at"]), a["decided_by"])
        for a in page["items"]
    )
    listing("Approvals", ("id", "kind", "what", "asked for by", "until", "decided by"), rows)


@app.command()
def show(
    ident: Ident, config: ConfigOption = None, key_file: KeyFileOption = None, *, as_json: JsonOption = False
) -> None:
    """Show one, with what is to be approved: read it before you approve it."""
    _show(connected(config, key_file).get(f"/v1/approvals/{ident}"), as_json=as_json)


@app.command()
def approve(
    ident: Ident, config: ConfigOption = None, key_file: KeyFileOption = None, *, as_json: JsonOption = False
) -> None:
    """Carry out what was asked; only with the key of a person other than who asked."""
    _show(connected(config, key_file).post(f"/v1/approvals/{ident}/approve"), as_json=as_json)


@app.command()
def refuse(
    ident: Ident,
    reason: Annotated[str, typer.Option(help="For who asked; no personal data.")] = "",
    config: ConfigOption = None,
    key_file: KeyFileOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """End what was asked; who asked may do that, too."""
    answer = connected(config, key_file).post(f"/v1/approvals/{ident}/refuse", {"reason": reason})
    _show(answer, as_json=as_json)


def _show(approval: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(approval)
        return
    pairs = {
        "what": f"{approval['kind']} {approval['target']}: {approval['summary']}",
        "asked for": f"{when(approval['requested_at'])} by {approval['requested_by']}",
        "open until": when(approval["expires_at"]) if approval["outcome"] is None else None,
        "outcome": approval["outcome"],
        "decided": _decided(approval),
        "reason": approval["reason"],
        **approval["content"],
    }
    details(approval["id"], pairs)


def _decided(approval: dict[str, Any]) -> str | None:
    if approval["decided_at"] is None:
        return None
    return f"{when(approval['decided_at'])} by {approval['decided_by'] or 'the gateway'}"
