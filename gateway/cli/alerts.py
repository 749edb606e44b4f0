"""`schoolgate alert`: what needs a person now, and whether letters arrive."""

from __future__ import annotations

import asyncio
from typing import Any

import typer

from gateway.cli.exits import Exit, Stop
from gateway.cli.options import ConfigOption, JsonOption, KeyFileOption, configuration, connected
from gateway.cli.output import listing, print_json, say, when

app = typer.Typer(help="What needs a person.", no_args_is_help=True)


@app.command("list")
def every(
    config: ConfigOption = None, key_file: KeyFileOption = None, *, as_json: JsonOption = False
) -> None:
    """List what needs a person now, the oldest first."""
    page = connected(config, key_file).get("/v1/alerts")
    if as_json:
        print_json(page)
        return
    show(page["items"])


def show(alerts: list[dict[str, Any]]) -> None:
    """Print a table of alerts."""
    rows = ((when(a["since"]), a["about"], a["what"], a["remedy"]) for a in alerts)
    listing("Needs a person", ("since", "about", "what is wrong", "what to do"), rows)


@app.command("test")
def letter(config: ConfigOption = None, *, as_json: JsonOption = False) -> None:
    """Send a letter to everybody in [alerts] mail_to now, to see whether it arrives."""
    from gateway.alerts import NotSent, postbox_of

    loaded = configuration(config)
    postbox = postbox_of(loaded.alerts)
    if postbox is None:
        raise Stop(Exit.CONFIGURATION, "no letters are sent: set smtp_host and mail_to under [alerts]")
    name = loaded.gateway.name
    try:
        refused = asyncio.run(
            postbox.send(f"[Schoolgate {name}] a test", "Letters from the SMS gateway arrive.\n")
        )
    except NotSent as exc:
        raise Stop(Exit.TEMPORARY, f"{exc}; see smtp_* under [alerts]") from exc
    if as_json:
        print_json({"sent": len(postbox.recipients) - refused, "refused": refused})
    else:
        say(f"The server took it for {len(postbox.recipients) - refused}: look whether it arrives.")
    if refused:
        raise Stop(Exit.FAILED, f"the server refused {refused} of the addresses in mail_to")
