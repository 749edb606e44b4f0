"""`schoolgate send` and `schoolgate messages`."""

from __future__ import annotations

import time
from typing import Annotated, Any, Final

import typer

from gateway.cli.client import Client
from gateway.cli.exits import Exit
from gateway.cli.options import (
    ConfigOption,
    CursorOption,
    IdempotencyOption,
    JsonOption,
    KeyFileOption,
    LimitOption,
    connected,
    once_only,
    pairs,
)
from gateway.cli.output import details, listing, print_json, say, screen, when
from gateway.cli.problems import sentence

group = typer.Typer(help="Messages: what became of them, and why.", no_args_is_help=True)

ENDED: Final = {
    "delivered",
    "undelivered",
    "failed",
    "expired",
    "cancelled",
    "uncertain",
    "held",
    "scheduled",
}
_POLL: Final = 0.5  # seconds

LanguageOption = Annotated[
    str | None, typer.Option(help="Of the template; else the recipient's, if it is known, else English.")
]
SlotOption = Annotated[list[str] | None, typer.Option("--slot", metavar="NAME=VALUE", help="Several times.")]
Ident = Annotated[str, typer.Argument(metavar="ID")]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(send)
    app.add_typer(group, name="messages")
    app.add_typer(group, name="message", hidden=True)


def send(
    to: Annotated[str, typer.Argument(metavar="NUMBER", help="Best as +447…")],
    template: Annotated[
        str | None, typer.Argument(metavar="TEMPLATE", help="The name of an approved template.")
    ] = None,
    text: Annotated[
        str | None,
        typer.Option(help="Instead of a template; a second person reads it before it goes. Needs --purpose."),
    ] = None,
    purpose: Annotated[str | None, typer.Option(help="What for, as the policy names it.")] = None,
    slot: SlotOption = None,
    language: LanguageOption = None,
    reference: Annotated[str | None, typer.Option(help="Your own name for it; no personal data.")] = None,
    idempotency_key: IdempotencyOption = None,
    wait: Annotated[float, typer.Option(metavar="SECONDS", help="Wait so long for its outcome.")] = 0,
    config: ConfigOption = None,
    key_file: KeyFileOption = None,
    *,
    break_glass: Annotated[
        bool,
        typer.Option("--break-glass", help="Past an opt-out, where the policy has that; two people decide."),
    ] = False,
    check: Annotated[bool, typer.Option("--check", help="Only say what it would come to.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Send one message, if the policy lets it."""
    body: dict[str, Any] = {
        "to": to,
        "slots": pairs(slot, "--slot"),
    }
    given = {"template": template, "text": text, "purpose": purpose, "reference": reference}
    given["language"] = language
    body |= {name: value for name, value in given.items() if value is not None}
    if break_glass:
        body["break_glass"] = True
    client = connected(config, key_file)
    if check:
        _check(client.post("/v1/messages/check", body), as_json=as_json)
        return
    receipt = client.post("/v1/messages", body, **once_only(idempotency_key))
    if not wait:
        _accepted(receipt, as_json=as_json)
        return
    message = _outcome(client, receipt["id"], wait)
    _show(message, as_json=as_json)
    if message["status"] not in ("delivered", "sent", "held", "scheduled"):
        raise typer.Exit(int(Exit.TEMPORARY if message["status"] in ("queued", "sending") else Exit.FAILED))


def _accepted(receipt: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(receipt)
        return
    held = f" ({receipt['hold_reason']})" if receipt.get("hold_reason") else ""
    say(f"{receipt['id']} is {receipt['status']}{held}; parts: {receipt['parts']}")


def _outcome(client: Client, ident: str, seconds: float) -> dict[str, Any]:
    """Ask for a message until its outcome is known or the time is over; return it as it then is."""
    end = time.monotonic() + seconds
    with screen().status("waiting for its outcome") if screen().is_terminal else _Quiet():
        while True:
            message: dict[str, Any] = client.get(f"/v1/messages/{ident}")
            if message["status"] in ENDED or time.monotonic() >= end:
                return message
            time.sleep(_POLL)


class _Quiet:
    def __enter__(self) -> None: ...

    def __exit__(self, *_: object) -> None: ...


def _check(report: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(report)
    else:
        pairs_ = {
            "outcome": report["outcome"],
            "reasons": "\n".join(sentence(reason) for reason in report["reasons"]),
            "text": report["text"],
            "parts": report["parts"],
            "alphabet": report["alphabet"],
            "forced by": report["forced_by"],
            "before it in the queue": report["queue"],
        }
        details("Dry run: nothing was sent.", pairs_)
    if report["outcome"] == "DENY":
        raise typer.Exit(int(Exit.FAILED))


@group.command("list")
def every(
    status: Annotated[str | None, typer.Option(help="Only in this status.")] = None,
    reference: Annotated[str | None, typer.Option(help="Only with this reference.")] = None,
    limit: LimitOption = 50,
    cursor: CursorOption = None,
    config: ConfigOption = None,
    key_file: KeyFileOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """List the messages of the key's person, newest first."""
    page = connected(config, key_file).get(
        "/v1/messages", status=status, reference=reference, limit=limit, cursor=cursor
    )
    if as_json:
        print_json(page)
        return
    rows = (
        (m["id"], when(m["created_at"]), m["to"], _status(m), m["template"], m["reference"])
        for m in page["items"]
    )
    listing("Messages", ("id", "created", "to", "status", "template", "reference"), rows)


@group.command()
def show(
    ident: Ident, config: ConfigOption = None, key_file: KeyFileOption = None, *, as_json: JsonOption = False
) -> None:
    """Show one message and its parts."""
    _show(connected(config, key_file).get(f"/v1/messages/{ident}"), as_json=as_json)


@group.command()
def why(
    ident: Ident, config: ConfigOption = None, key_file: KeyFileOption = None, *, as_json: JsonOption = False
) -> None:
    """Show every decision taken on a message, with its clauses."""
    answer = connected(config, key_file).get(f"/v1/messages/{ident}/why")
    if as_json:
        print_json(answer)
        return
    rows = (
        (when(d["at"]), d["actor"], d["action"], d["outcome"], d["clauses"], d["detail"].get("codes"))
        for d in answer["items"]
    )
    listing(f"Decisions on {ident}", ("when", "who", "what", "outcome", "clauses", "codes"), rows)


@group.command()
def cancel(
    ident: Ident, config: ConfigOption = None, key_file: KeyFileOption = None, *, as_json: JsonOption = False
) -> None:
    """Cancel what still waits."""
    connected(config, key_file).call("DELETE", f"/v1/messages/{ident}")
    if as_json:
        print_json({"id": ident, "status": "cancelled"})
    else:
        say(f"{ident} is cancelled.")


def _show(message: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(message)
        return
    pairs_ = {name: message[name] for name in ("to", "text", "purpose", "template", "reference", "batch_id")}
    for name in ("created_at", "updated_at", "expires_at"):
        pairs_[name.removesuffix("_at")] = when(message[name])
    details(f"{message['id']} is {_status(message)}", pairs_)
    rows = (
        (
            p["number"],
            p["status"],
            p["modem"],
            p["attempts"],
            when(p["sent_at"]),
            when(p["final_at"]),
            p["cause"],
        )
        for p in message["parts"]
    )
    listing("Parts", ("part", "status", "modem", "attempts", "sent", "final", "cause"), rows)


def _status(message: dict[str, Any]) -> str:
    reason = message.get("hold_reason") or message.get("cancel_reason")
    return f"{message['status']} ({reason})" if reason else str(message["status"])
