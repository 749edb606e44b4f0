"""`schoolgate doubt`: parts of which nobody knows whether they were sent, and a person's word on them."""

from __future__ import annotations

from typing import Annotated

import typer

from gateway.cli.options import ConfigOption, JsonOption, KeyFileOption, connected
from gateway.cli.output import listing, print_json, say, when

app = typer.Typer(help="Parts of which nobody knows whether they were sent.", no_args_is_help=True)

_DONE = {
    "sent": "Noted as sent.",
    "not_sent": "It is sent again, if the policy still lets it go.",
    "give_up": "It stays in doubt for good; nothing more of its message is sent.",
}


@app.command("list")
def every(
    config: ConfigOption = None, key_file: KeyFileOption = None, *, as_json: JsonOption = False
) -> None:
    """List what is in doubt, oldest first. Ask the recipient, or look at the bill; then `doubt resolve`."""
    page = connected(config, key_file).get("/v1/doubts")
    if as_json:
        print_json(page)
        return
    rows = (
        (
            d["message_id"],
            f"{d['part']} of {d['parts']}",
            d["to"],
            d["modem"],
            when(d["handed_over_at"]),
            d["on_doubt"],
            d["cause"],
        )
        for d in page["items"]
    )
    listing("In doubt", ("message", "part", "to", "modem", "handed over", "then", "what happened"), rows)


@app.command()
def resolve(
    message: Annotated[str, typer.Argument(metavar="MESSAGE", help="As `doubt list` shows it.")],
    outcome: Annotated[str, typer.Argument(help="sent, not_sent (send it again) or give_up.")],
    part: Annotated[int, typer.Option(min=1, help="Which part of it.")] = 1,
    config: ConfigOption = None,
    key_file: KeyFileOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Say what became of a part."""
    body = {"part": part, "outcome": outcome}
    connected(config, key_file).post(f"/v1/doubts/{message}", body)
    if as_json:
        print_json({"message": message, **body})
    else:
        say(_DONE[outcome])
