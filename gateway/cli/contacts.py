"""`schoolgate contact`: names, numbers and languages; numbers in doubt (4.3)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gateway.cli.exits import Exit, Stop
from gateway.cli.options import (
    ConfigOption,
    CursorOption,
    JsonOption,
    KeyFileOption,
    LimitOption,
    connected,
    new_file,
)
from gateway.cli.output import details, listing, print_json, say, when

if TYPE_CHECKING:
    from gateway.cli.client import Client

app = typer.Typer(help="Contacts, and numbers that seem to be wrong (4.3).", no_args_is_help=True)

Ident = Annotated[str, typer.Argument(metavar="ID", help="As `contact list` shows it.")]
LanguageOption = Annotated[str | None, typer.Option(help="In which to write to them: en, cy, ur …")]
LabelOption = Annotated[list[str] | None, typer.Option(help="Such as year-7; several times.")]


@app.command()
def add(
    number: Annotated[str, typer.Argument(metavar="NUMBER", help="Best as +447…")],
    name: Annotated[str, typer.Argument(metavar="NAME")],
    language: LanguageOption = None,
    label: LabelOption = None,
    config: ConfigOption = None,
    key_file: KeyFileOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Enter a contact. It permits nothing: consent does."""
    body = {"number": number, "name": name, "language": language, "labels": label or []}
    _show(connected(config, key_file).post("/v1/contacts", body), as_json=as_json)


@app.command()
def change(
    ident: Ident,
    number: Annotated[str | None, typer.Option(help="The new number.")] = None,
    name: Annotated[str | None, typer.Option(help="The new name.")] = None,
    language: LanguageOption = None,
    label: LabelOption = None,
    config: ConfigOption = None,
    key_file: KeyFileOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Change what is given, and nothing else; refused where somebody else has changed it meanwhile.

    An empty --language or --label takes away what is there.
    """
    client = connected(config, key_file)
    contact, tag = client.tagged(f"/v1/contacts/{ident}")
    body = {
        "number": number or contact["number"],
        "name": name or contact["name"],
        "language": contact["language"] if language is None else language or None,
        "labels": contact["labels"] if label is None else [each for each in label if each],
    }
    _show(client.put(f"/v1/contacts/{ident}", body, tag), as_json=as_json)


@app.command()
def remove(ident: Ident, config: ConfigOption = None, key_file: KeyFileOption = None) -> None:
    """Remove a contact from the book and its groups; consents and opt-outs stay."""
    connected(config, key_file).call("DELETE", f"/v1/contacts/{ident}")
    say(f"{ident} is removed.")


@app.command()
def show(
    ident: Ident, config: ConfigOption = None, key_file: KeyFileOption = None, *, as_json: JsonOption = False
) -> None:
    """Show one contact."""
    _show(connected(config, key_file).get(f"/v1/contacts/{ident}"), as_json=as_json)


@app.command("list")
def every(
    number: Annotated[str | None, typer.Option(help="Only with this number.")] = None,
    group: Annotated[str | None, typer.Option(help="Only of this group.")] = None,
    limit: LimitOption = 50,
    cursor: CursorOption = None,
    config: ConfigOption = None,
    key_file: KeyFileOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """List contacts, newest first."""
    client = connected(config, key_file)
    page = client.get("/v1/contacts", number=number, group=group, limit=limit, cursor=cursor)
    if as_json:
        print_json(page)
        return
    rows = (
        (c["id"], c["name"], c["number"], c["language"], c["labels"], c["groups"], _state(c))
        for c in page["items"]
    )
    listing("Contacts", ("id", "name", "number", "language", "labels", "groups", "state"), rows)


@app.command("import")
def import_list(
    file: Annotated[Path, typer.Argument(metavar="FILE.csv", help="number,name[,language,labels,groups]")],
    config: ConfigOption = None,
    key_file: KeyFileOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Take in a whole list, or (with any fault) nothing of it. Opt-outs stay in force (4.3)."""
    client = connected(config, key_file)
    text = csv_text(file)
    report = client.call("POST", "/v1/contacts/import", text.encode(), {"Content-Type": "text/csv"})
    if as_json:
        print_json(report)
        return
    say(f"{report['added']} added, {report['changed']} changed, {report['unchanged']} as they were.")
    gone = [line["line"] for line in report["lines"] if line["opted_out"]]
    if gone:
        say(f"Opted out, and still not to be texted (4.3): lines {', '.join(map(str, gone))}.")


@app.command()
def export(
    out: Annotated[Path, typer.Option("--out", metavar="FILE.csv", help="A new file.")],
    config: ConfigOption = None,
    key_file: KeyFileOption = None,
) -> None:
    """Write all contacts into a list that can be imported. It holds personal data in clear."""
    export_list(out, connected(config, key_file), "/v1/contacts/export")


@app.command()
def suspects(
    config: ConfigOption = None, key_file: KeyFileOption = None, *, as_json: JsonOption = False
) -> None:
    """List the numbers that are blocked until somebody has verified them."""
    page = connected(config, key_file).get("/v1/suspect-numbers")
    if as_json:
        print_json(page)
        return
    rows = (
        (s["id"], s["reason"], s["failures"] or "", when(s["since"]), s["contacts"], s["source"])
        for s in page["items"]
    )
    listing("Numbers in doubt", ("id", "why", "failures", "since", "contacts", "shown by"), rows)


@app.command()
def doubt(
    number: Annotated[str, typer.Argument(metavar="NUMBER", help="Best as +447…")],
    config: ConfigOption = None,
    key_file: KeyFileOption = None,
) -> None:
    """Block a number that you believe to be wrong, until it is verified."""
    connected(config, key_file).post("/v1/suspect-numbers", {"number": number})
    say("The number is blocked until it is verified: schoolgate contact suspects")


@app.command()
def verify(
    ident: Annotated[str, typer.Argument(metavar="ID", help="As `contact suspects` shows it.")],
    evidence: Annotated[str, typer.Option(help="How and when its owner confirmed it.")],
    config: ConfigOption = None,
    key_file: KeyFileOption = None,
) -> None:
    """Unblock a number that its owner has confirmed."""
    connected(config, key_file).post(f"/v1/suspect-numbers/{ident}/verify", {"evidence": evidence})
    say("The number may be texted again, as far as consent goes.")


def csv_text(file: Path) -> str:
    """Return a list as text; raise `Stop` where it is not UTF-8."""
    try:
        return file.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        raise Stop(Exit.USAGE, f"{file}: not UTF-8 at byte {exc.start}; save it as CSV UTF-8") from exc


def export_list(out: Path, client: Client, place: str) -> None:
    """Write a list with personal data into a new file that only its owner can read."""
    with new_file(out) as file:
        file.write(client.file(place))
    say(f"{out}: it holds personal data in clear. Keep it safe, and delete it when it has served.")


def _state(contact: dict[str, Any]) -> str:
    states = (("opted out", contact["opted_out"]), ("number in doubt", contact["suspect"]))
    return ", ".join(name for name, true in states if true)


def _show(contact: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(contact)
        return
    shown = {name: contact[name] for name in ("number", "language", "labels", "groups")}
    details(f"{contact['name']} ({contact['id']})", shown | {"state": _state(contact)})
