"""`schoolgate consent`: the evidence that people agreed (4.1)."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from gateway.cli.contacts import csv_text, export_list
from gateway.cli.exits import Exit, Stop
from gateway.cli.options import (
    ConfigOption,
    CursorOption,
    JsonOption,
    KeyFileOption,
    LimitOption,
    connected,
)
from gateway.cli.output import listing, print_json, say, when
from gateway.cli.proofs import (
    DayOption,
    EvidenceOption,
    GivenOption,
    MethodOption,
    NumberArgument,
    PurposeOption,
    WordingOption,
    proof,
)

app = typer.Typer(help="Consents: who agreed to be texted, and the evidence (4.1).", no_args_is_help=True)


@app.command()
def add(
    number: NumberArgument,
    purpose: PurposeOption,
    method: MethodOption,
    wording: WordingOption,
    evidence: EvidenceOption,
    given_at: GivenOption,
    expires_at: DayOption = None,
    config: ConfigOption = None,
    key_file: KeyFileOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Record one person's consent, one entry for each purpose."""
    body = proof(number, purpose, method, wording, evidence, given_at)
    if expires_at is not None:
        body["expires_at"] = expires_at.astimezone().isoformat()
    _list(connected(config, key_file).post("/v1/consents", body), as_json=as_json)


@app.command("import")
def import_list(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE.csv", help="number,purposes,method,wording,evidence,given_at[,expires_at]"
        ),
    ],
    config: ConfigOption = None,
    key_file: KeyFileOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Record a whole list, or (with any fault) nothing of it. Opt-outs stay in force (4.3)."""
    text = csv_text(file)
    client = connected(config, key_file)
    report = client.call("POST", "/v1/consents/import", text.encode(), {"Content-Type": "text/csv"})
    if as_json:
        print_json(report)
        return
    say(f"{report['imported']} lines are on record.")
    if report["suppressed"]:
        lines = ", ".join(f"line {one['line']}" for one in report["lines"] if one["opted_out"])
        say(f"{report['suppressed']} of their numbers have opted out and still get nothing (4.3): {lines}")


@app.command("list")
def every(
    number: Annotated[str | None, typer.Option(help="Only of this number.")] = None,
    limit: LimitOption = 50,
    cursor: CursorOption = None,
    config: ConfigOption = None,
    key_file: KeyFileOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """List consents, newest first."""
    page = connected(config, key_file).get("/v1/consents", number=number, limit=limit, cursor=cursor)
    _list(page, as_json=as_json)


@app.command()
def withdraw(
    ident: Annotated[str, typer.Argument(metavar="ID", help="As `consent list` shows it.")],
    config: ConfigOption = None,
    key_file: KeyFileOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """End one consent; the record stays."""
    consent = connected(config, key_file).call("DELETE", f"/v1/consents/{ident}")
    _list({"items": [consent]}, as_json=as_json, given=consent)


@app.command()
def expiring(
    days: Annotated[int, typer.Option(min=1, max=366, help="How far to look ahead.")] = 60,
    config: ConfigOption = None,
    key_file: KeyFileOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """List the consents that end soon and that no later one replaces: ask again in time."""
    page = connected(config, key_file).get("/v1/consents/expiring", days=days)
    _list(page, as_json=as_json)


@app.command()
def export(
    out: Annotated[Path, typer.Option("--out", metavar="FILE.csv", help="A new file.")],
    config: ConfigOption = None,
    key_file: KeyFileOption = None,
) -> None:
    """Write the consents that were not withdrawn into a list that can be imported."""
    export_list(out, connected(config, key_file), "/v1/consents/export")


@app.command()
def ask(
    number: NumberArgument,
    purpose: PurposeOption,
    method: MethodOption,
    wording: WordingOption,
    evidence: EvidenceOption,
    given_at: GivenOption,
    language: Annotated[str | None, typer.Option(help="Of the text.")] = None,
    config: ConfigOption = None,
    key_file: KeyFileOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Record who asked to be texted, and send them the one text that asks to confirm it with YES."""
    body = proof(number, purpose, method, wording, evidence, given_at) | {"language": language}
    asked = connected(config, key_file).post("/v1/opt-ins", body)
    if as_json:
        print_json(asked)
    else:
        say(f"Asked ({asked['id']}); a YES counts until {when(asked['expires_at'])}.")


@app.command()
def asked(
    limit: LimitOption = 50,
    cursor: CursorOption = None,
    config: ConfigOption = None,
    key_file: KeyFileOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """List who was asked to confirm by text, newest first."""
    page = connected(config, key_file).get("/v1/opt-ins", limit=limit, cursor=cursor)
    if as_json:
        print_json(page)
        return
    rows = (
        (a["id"], a["number"], a["status"], a["purposes"], when(a["asked_at"]), when(a["expires_at"]))
        for a in page["items"]
    )
    listing("Asked to confirm", ("id", "number", "status", "purposes", "form of", "until"), rows)


@app.command()
def wording(
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="Without one: list all.")] = None,
    file: Annotated[
        Path | None, typer.Option("--file", metavar="FILE.txt", help="The text, as people are shown it.")
    ] = None,
    config: ConfigOption = None,
    key_file: KeyFileOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Put the next version of a wording on record, or list the versions."""
    if file is not None and name is None:
        raise Stop(Exit.USAGE, "which wording is this? give its NAME with --file")
    client = connected(config, key_file)
    if file is not None:
        made = client.post("/v1/wordings", {"name": name, "text": csv_text(file)})
        found = {"items": [made]}
    else:
        found = client.get("/v1/wordings")
        found["items"] = [w for w in found["items"] if name in (None, w["name"])]
    if as_json:
        print_json(found)
        return
    rows = (
        (f"{w['name']}/{w['version']}", w["text_hash"][:12], w["recorded_by"], w["text"])
        for w in found["items"]
    )
    listing("Wordings", ("wording", "sha-256", "by", "text"), rows)


def _list(page: dict[str, Any], *, as_json: bool, given: object = None) -> None:
    if as_json:
        print_json(given or page)
        return
    rows = (
        (c["id"], c["number"], c["purpose"], c["method"], when(c["expires_at"]), when(c["withdrawn_at"]))
        for c in page["items"]
    )
    listing("Consents", ("id", "number", "purpose", "method", "until", "withdrawn"), rows)
