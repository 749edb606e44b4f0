"""`schoolgate sending`: suspend all sending at once, and let it go on (8.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from gateway.cli.exits import Exit, Stop
from gateway.cli.options import ConfigOption, JsonOption, KeyFileOption, configuration, connected
from gateway.cli.output import listing, print_json, say, when

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from gateway.building import Store
    from gateway.switch import StopView

app = typer.Typer(help="Suspend all sending at once, and let it go on (8.1).", no_args_is_help=True)

Reason = Annotated[str, typer.Option("--reason", help="Why; it is kept in the record.")]


@app.command()
def suspend(
    reason: Reason,
    config: ConfigOption = None,
    key_file: KeyFileOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Let nothing in and nothing out from now on; what waits is kept.

    Without an API key, or where no gateway answers, it is written into the store: a gateway that runs sees it
    within seconds, and one that does not starts suspended.
    """
    done = "All sending is suspended. What waits is kept. It goes on with: schoolgate sending resume"
    try:
        stop = connected(config, key_file).post("/v1/sending/suspend", {"reason": reason})
    except Stop as exc:
        if exc.code not in (Exit.UNAVAILABLE, Exit.CONFIGURATION):
            raise
        stop = _written(config, reason)
        done = "All sending is suspended: a gateway that runs sees it within seconds, another as it starts."
    if as_json:
        print_json(stop)
    else:
        say(done)


@app.command()
def resume(
    reason: Reason,
    config: ConfigOption = None,
    key_file: KeyFileOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Let sending go on; only with the key of a person who may (sending:resume)."""
    stop = connected(config, key_file).post("/v1/sending/resume", {"reason": reason})
    if as_json:
        print_json(stop)
    else:
        say(f"Sending goes on since {when(stop['ended_at'])}.")


@app.command()
def show(config: ConfigOption = None, key_file: KeyFileOption = None, *, as_json: JsonOption = False) -> None:
    """Say whether sending goes on, and when it did not."""
    found: dict[str, Any] = connected(config, key_file).get("/v1/sending")
    if as_json:
        print_json(found)
        return
    say("All sending is suspended." if found["suspended"] else "Sending goes on.")
    rows = (
        (when(s["since"]), s["made_by"], s["reason"], when(s["ended_at"]), s["ended_by"], s["ended_why"])
        for s in found["stops"]
    )
    listing("Suspensions", ("since", "by", "why", "until", "ended by", "why ended"), rows)


def _written(config: ConfigOption, reason: str) -> StopView:
    """Suspend sending in the store of a gateway that does not run."""
    from gateway.bell import Bell
    from gateway.cli.direct import user, with_store
    from gateway.clock import utc_now
    from gateway.gate import Gate
    from gateway.switch import Sending

    def suspended(store: Store) -> Awaitable[StopView]:
        return Sending(store.database, Gate(lambda: None), Bell(), utc_now).suspend(user(), reason)

    return with_store(configuration(config), suspended)
