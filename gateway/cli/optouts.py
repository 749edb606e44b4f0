"""`schoolgate opt-out`: who must not be texted, and the replies that wait for a person (6.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final

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
from gateway.cli.problems import ApiProblem
from gateway.cli.proofs import (
    EvidenceOption,
    GivenOption,
    MethodOption,
    PurposeOption,
    WordingOption,
    proof,
)

if TYPE_CHECKING:
    from gateway.cli.client import Client

_RESOLVED: Final = {
    "opt_out": "Opted out.",
    "not_an_opt_out": "Not an opt-out: what waited for it goes on.",
    "wrong_number": "The number is blocked until it is verified: schoolgate contact suspects",
}

app = typer.Typer(help="Opt-outs, and replies that may be one (6.2).", no_args_is_help=True)


@app.command()
def add(
    number: Annotated[str, typer.Argument(metavar="NUMBER", help="Best as +447…")],
    topic: Annotated[str, typer.Option(help="Only this topic; else everything.")] = "",
    config: ConfigOption = None,
    key_file: KeyFileOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Opt a number out at once; what waits for it is cancelled."""
    made = connected(config, key_file).post("/v1/opt-outs", {"number": number, "topic": topic})
    if as_json:
        print_json(made)
    else:
        say(f"Opted out since {when(made['since'])} ({made['id']}).")


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
    """List opt-outs in force, newest first. Numbers themselves are not kept."""
    page = connected(config, key_file).get("/v1/opt-outs", number=number, limit=limit, cursor=cursor)
    if as_json:
        print_json(page)
        return
    rows = (
        (o["id"], o["topic"] or "everything", o["source"], o["made_by"], when(o["since"]))
        for o in page["items"]
    )
    listing("Opt-outs", ("id", "of", "by way of", "made by", "since"), rows)


@app.command()
def lift(
    opt_out: Annotated[str, typer.Argument(metavar="OPT-OUT", help="As `opt-out list` shows it.")],
    number: Annotated[str, typer.Option(help="Whose it is: only its hash is kept.")],
    purpose: PurposeOption,
    method: MethodOption,
    wording: WordingOption,
    evidence: EvidenceOption,
    given_at: GivenOption,
    config: ConfigOption = None,
    key_file: KeyFileOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Ask for an opt-out to be lifted, with what was agreed since; a second person decides (6.2)."""
    body = proof(number, purpose, method, wording, evidence, given_at)
    asked = connected(config, key_file).post(f"/v1/opt-outs/{opt_out}/lift", body)
    if as_json:
        print_json(asked)
    else:
        say(f"Still opted out. A second person decides: schoolgate approval show {asked['id']}")


@app.command()
def holds(
    config: ConfigOption = None, key_file: KeyFileOption = None, *, as_json: JsonOption = False
) -> None:
    """List the replies that a person must read: their numbers get nothing until then."""
    client = connected(config, key_file)
    page = client.get("/v1/opt-outs/holds")
    if as_json:
        print_json(page)
        return
    rows = (
        (h["id"], when(h["since"]), "late" if h["late"] else "", h["kind"], *_reply(client, h))
        for h in page["items"]
    )
    listing("Waiting for a person", ("hold", "since", "", "as", "from", "reply"), rows)


@app.command()
def resolve(
    hold: Annotated[str, typer.Argument(metavar="HOLD", help="As `opt-out holds` shows it.")],
    outcome: Annotated[str, typer.Argument(help="opt_out, not_an_opt_out or wrong_number.")],
    config: ConfigOption = None,
    key_file: KeyFileOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Say what a reply meant; the number is then opted out, or gets what waited for it."""
    connected(config, key_file).post(f"/v1/opt-outs/holds/{hold}", {"outcome": outcome})
    if as_json:
        print_json({"hold": hold, "outcome": outcome})
    else:
        say(_RESOLVED.get(outcome, "Done."))


def _reply(client: Client, hold: dict[str, Any]) -> tuple[str, str]:
    """Return from whom a reply came and what it says."""
    if hold["kind"] == "fragment":
        return "", "(a part of a text whose rest has not come)"
    try:
        reply = client.get(f"/v1/inbox/{hold['inbox_id']}")
    except ApiProblem as exc:
        return "", f"({exc.status}: not to be seen with this key)"
    return reply["sender"], reply["text"]
