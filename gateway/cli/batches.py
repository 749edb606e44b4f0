"""`schoolgate batch`: the same template to a list of people."""

from __future__ import annotations

import csv
import time
from collections import Counter
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from gateway.cli.client import Client
from gateway.cli.exits import Exit, Stop
from gateway.cli.messages import ENDED, LanguageOption, SlotOption
from gateway.cli.options import (
    ConfigOption,
    IdempotencyOption,
    JsonOption,
    KeyFileOption,
    connected,
    once_only,
    pairs,
)
from gateway.cli.output import complain, listing, print_json, say, screen
from gateway.cli.problems import sentence

_POLL: Final = 0.5  # seconds
_SHOWN: Final = 20


app = typer.Typer(help="The same template to many people.", no_args_is_help=True)

Ident = Annotated[str, typer.Argument(metavar="ID", help="As `batch send` told it.")]


@app.command()
def send(
    file: Annotated[
        Path, typer.Argument(metavar="FILE.csv", help="Columns: number, reference if any, and the slots.")
    ],
    template: Annotated[str, typer.Argument(metavar="TEMPLATE", help="The name of an approved template.")],
    slot: SlotOption = None,
    language: LanguageOption = None,
    idempotency_key: IdempotencyOption = None,
    config: ConfigOption = None,
    key_file: KeyFileOption = None,
    *,
    follow: Annotated[bool, typer.Option("--follow", help="Show how it goes, to its end.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Send to everyone on a list whom the policy lets; refusals are shown line by line."""
    client = connected(config, key_file)
    body = _body(template, slot, language, _recipients(file))
    _post(client, body, idempotency_key, follow=follow, as_json=as_json)


@app.command("to")
def send_to(
    template: Annotated[str, typer.Argument(metavar="TEMPLATE", help="The name of an approved template.")],
    groups: Annotated[list[str], typer.Argument(metavar="GROUP…", help="As `group list` shows them.")],
    slot: SlotOption = None,
    language: LanguageOption = None,
    idempotency_key: IdempotencyOption = None,
    config: ConfigOption = None,
    key_file: KeyFileOption = None,
    *,
    follow: Annotated[bool, typer.Option("--follow", help="Show how it goes, to its end.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Send to groups of contacts: one text for each number, in its contact's language."""
    client = connected(config, key_file)
    body = _body(template, slot, language, [{"group": group} for group in groups])
    _post(client, body, idempotency_key, follow=follow, as_json=as_json)


def _body(
    template: str, slot: list[str] | None, language: str | None, recipients: list[dict[str, Any]]
) -> dict[str, Any]:
    body = {"template": template, "slots": pairs(slot, "--slot"), "recipients": recipients}
    return body if language is None else body | {"language": language}


def _post(
    client: Client, body: dict[str, Any], idempotency_key: str | None, *, follow: bool, as_json: bool
) -> None:
    answer = client.post("/v1/batches", body, **once_only(idempotency_key))
    if follow and answer["status"] == "released":
        _follow(client, answer["id"])
        answer["messages"] = client.get(f"/v1/batches/{answer['id']}")["messages"]
    if as_json:
        print_json(answer)
    else:
        _show(answer)
    if not answer["accepted"]:
        raise typer.Exit(int(Exit.FAILED))


@app.command()
def show(
    ident: Ident, config: ConfigOption = None, key_file: KeyFileOption = None, *, as_json: JsonOption = False
) -> None:
    """Show how far a batch is."""
    _view(connected(config, key_file).get(f"/v1/batches/{ident}"), as_json=as_json)


@app.command()
def approve(
    ident: Ident, config: ConfigOption = None, key_file: KeyFileOption = None, *, as_json: JsonOption = False
) -> None:
    """Let a held batch go; only with the key of a person other than its sender (3.3)."""
    _view(connected(config, key_file).post(f"/v1/batches/{ident}/approve"), as_json=as_json)


@app.command()
def cancel(
    ident: Ident, config: ConfigOption = None, key_file: KeyFileOption = None, *, as_json: JsonOption = False
) -> None:
    """Cancel what of a batch has not left yet."""
    _view(connected(config, key_file).call("DELETE", f"/v1/batches/{ident}"), as_json=as_json)


def _recipients(file: Path) -> list[dict[str, Any]]:
    try:
        rows = list(csv.DictReader(file.read_text(encoding="utf-8-sig").splitlines(), strict=True))
    except (UnicodeDecodeError, csv.Error) as exc:
        raise Stop(Exit.USAGE, f"{file}: {exc}; it must be CSV in UTF-8") from exc
    if not rows or "number" not in rows[0]:
        raise Stop(Exit.USAGE, f"{file}: needs a header with a column `number`, and a line for each person")
    return [_recipient(file, line, row) for line, row in enumerate(rows, 2)]


def _recipient(file: Path, line: int, row: dict[str | Any, str | Any]) -> dict[str, Any]:
    if None in row or None in row.values():
        raise Stop(Exit.USAGE, f"{file}, line {line}: has not as many fields as the header")
    made: dict[str, Any] = {"to": row.pop("number")}
    if reference := row.pop("reference", ""):
        made["reference"] = reference
    return made | {"slots": row}


def _follow(client: Client, ident: str) -> None:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=screen(), disable=not screen().is_terminal) as progress:
        task = progress.add_task(ident)
        while True:
            counts: dict[str, int] = client.get(f"/v1/batches/{ident}")["messages"]
            done = sum(count for status, count in counts.items() if status in ENDED)
            progress.update(task, completed=done, total=sum(counts.values()))
            if done == sum(counts.values()):
                return
            time.sleep(_POLL)


def _view(view: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(view)
        return
    say(f"{view['id']} is {view['status']}: {view['accepted']} accepted, {view['refused']} refused.")
    listing("Messages", ("status", "how many"), sorted(view["messages"].items()))


def _show(answer: dict[str, Any]) -> None:
    say(f"{answer['id']} is {answer['status']}: {answer['accepted']} accepted, {answer['refused']} refused.")
    if answer["status"] == "held":
        say("More people than one may decide about alone: a second person must approve it (3.3).")
    refused = [result for result in answer["results"] if result["status"] == "refused"]
    reasons = Counter(sentence(reason) for result in refused for reason in result["reasons"])
    complain(f"{count} × {text}" for text, count in reasons.items())
    lines = [result["position"] + 2 for result in refused]
    if lines:
        more = " …" if len(lines) > _SHOWN else ""
        complain([f"refused lines of the file: {', '.join(map(str, lines[:_SHOWN]))}{more}"])
    if "messages" in answer:
        listing("Messages", ("status", "how many"), sorted(answer["messages"].items()))
