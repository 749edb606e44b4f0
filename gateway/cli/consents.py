"""`schoolgate consent`: the evidence that people agreed (4.1)."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

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

app = typer.Typer(help="Consents: who agreed to be texted, and the evidence (4.1).", no_args_is_help=True)

Day = Annotated[datetime, typer.Option(formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"], metavar="YYYY-MM-DD")]


@app.command()
def add(
    number: Annotated[str, typer.Argument(metavar="NUMBER", help="Best as +447…")],
    purpose: Annotated[list[str], typer.Option(help="What they agreed to; several times.")],
    method: Annotated[str, typer.Option(help="paper_form, web_form, spoken, email or sms.")],
    wording: Annotated[str, typer.Option(help="Which wording was shown.")],
    evidence: Annotated[str, typer.Option(help="Where the proof is kept.")],
    given_at: Day,
    expires_at: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], metavar="YYYY-MM-DD", help="Else by the policy.")
    ] = None,
    config: ConfigOption = None,
    key_file: KeyFileOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Record one person's consent, one entry for each purpose."""
    body: dict[str, Any] = {
        "number": number,
        "purposes": purpose,
        "method": method,
        "wording": wording,
        "evidence": evidence,
        "given_at": given_at.astimezone().isoformat(),
    }
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
    try:
        text = file.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        raise Stop(Exit.USAGE, f"{file}: not UTF-8 at byte {exc.start}; save it as CSV UTF-8") from exc
    client = connected(config, key_file)
    report = client.call("POST", "/v1/consents/import", text.encode(), {"Content-Type": "text/csv"})
    if as_json:
        print_json(report)
        return
    say(f"{report['imported']} lines are on record.")
    if report["suppressed"]:
        say(f"{report['suppressed']} of their numbers have opted out, and still get nothing (4.3).")


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


def _list(page: dict[str, Any], *, as_json: bool, given: object = None) -> None:
    if as_json:
        print_json(given or page)
        return
    rows = (
        (c["id"], c["number"], c["purpose"], c["method"], when(c["expires_at"]), when(c["withdrawn_at"]))
        for c in page["items"]
    )
    listing("Consents", ("id", "number", "purpose", "method", "until", "withdrawn"), rows)
