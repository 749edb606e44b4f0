"""`schoolgate template`: wordings, drafted by one person and approved by another (3.3)."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Any

import typer

from gateway.cli.exits import Exit, Stop
from gateway.cli.messages import SlotOption
from gateway.cli.options import ConfigOption, JsonOption, KeyFileOption, connected, pairs
from gateway.cli.output import details, listing, print_json, say, when

app = typer.Typer(help="Templates: the only wordings that send (3.3).", no_args_is_help=True)

Ident = Annotated[str, typer.Argument(metavar="ID", help="As `template list` shows it.")]


@app.command()
def draft(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="TOML: name, purpose, body and a [slots.NAME] each.")
    ],
    config: ConfigOption = None,
    key_file: KeyFileOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Enter a new version; it sends nothing until another person approves it."""
    try:
        wording = tomllib.loads(file.read_text(encoding="utf-8"))
    except ValueError as exc:  # not TOML, or not UTF-8
        raise Stop(Exit.USAGE, f"{file}: {exc}") from exc
    _show(connected(config, key_file).post("/v1/templates", wording), as_json=as_json)


@app.command()
def preview(
    ident: Ident,
    slot: SlotOption = None,
    config: ConfigOption = None,
    key_file: KeyFileOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Show a version's text with these values, and its exact characters and parts."""
    body = {"slots": pairs(slot, "--slot")}
    shown = connected(config, key_file).post(f"/v1/templates/{ident}/preview", body)
    if as_json:
        print_json(shown)
        return
    fields = ("text", "characters", "parts", "alphabet", "units", "forced_by")
    details("Preview", {name: shown[name] for name in fields if shown[name] is not None})
    for reason in shown["reasons"]:
        say(f"{reason['code']} (clause {reason['clause']}): {reason['message']}")


@app.command()
def approve(
    ident: Ident, config: ConfigOption = None, key_file: KeyFileOption = None, *, as_json: JsonOption = False
) -> None:
    """Let a draft send; only with the key of a person other than its author."""
    _show(connected(config, key_file).post(f"/v1/templates/{ident}/approve"), as_json=as_json)


@app.command()
def retire(
    ident: Ident, config: ConfigOption = None, key_file: KeyFileOption = None, *, as_json: JsonOption = False
) -> None:
    """End a version; what waits in the queue from it is refused at hand-off."""
    _show(connected(config, key_file).post(f"/v1/templates/{ident}/retire"), as_json=as_json)


@app.command("list")
def every(
    name: Annotated[str | None, typer.Option(help="Only this one.")] = None,
    status: Annotated[str | None, typer.Option(help="draft, approved or retired.")] = None,
    config: ConfigOption = None,
    key_file: KeyFileOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """List versions."""
    page = connected(config, key_file).get("/v1/templates", name=name, status=status)
    if as_json:
        print_json(page)
        return
    rows = (
        (t["id"], t["name"], t["version"], t["language"], t["status"], t["purpose"], t["body"])
        for t in page["items"]
    )
    listing("Templates", ("id", "name", "version", "language", "status", "purpose", "body"), rows)


@app.command()
def show(
    ident: Ident, config: ConfigOption = None, key_file: KeyFileOption = None, *, as_json: JsonOption = False
) -> None:
    """Show one version."""
    _show(connected(config, key_file).get(f"/v1/templates/{ident}"), as_json=as_json)


def _show(template: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(template)
        return
    slots = "\n".join(
        f"{name}: {', '.join(f'{key} {value}' for key, value in spec.items())}"
        for name, spec in template["slots"].items()
    )
    pairs = {
        "status": template["status"],
        "purpose": template["purpose"],
        "body": template["body"],
        "slots": slots,
        "author": template["author"],
        "approver": template["approver"],
        "approved until": when(template["expires_at"]),
    }
    details(f"{template['name']} version {template['version']} ({template['id']})", pairs)
