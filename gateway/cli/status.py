"""`schoolgate status`: one screen that says whether all is well, and if not, what to do."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from gateway.cli import alerts, document, modems
from gateway.cli.exits import Exit, Stop
from gateway.cli.options import ConfigOption, JsonOption, KeyFileOption, connected
from gateway.cli.output import print_json, say, screen
from gateway.cli.problems import ApiProblem

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gateway.cli.client import Client

_EVERY: Final = 2.0  # seconds
_MOST: Final = 200


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(status)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What there is to know now; None where the key may not see it."""

    ready: bool
    reasons: list[str]
    notices: list[str]
    modems: list[dict[str, Any]] | None
    queue: int | None  # parts that wait to be sent, everybody's
    holds: int | None
    approvals: int | None  # that are open, and the key's person may decide about or asked for
    opt_outs: int | None
    doubts: int | None
    alerts: list[dict[str, Any]] | None
    policy: dict[str, Any] | None  # in force
    duties: list[dict[str, Any]] | None  # findings about the policy that want somebody to do something


def status(
    config: ConfigOption = None,
    key_file: KeyFileOption = None,
    *,
    watch: Annotated[bool, typer.Option("--watch", help="Again every two seconds, until Ctrl-C.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Say whether the gateway is ready, and what waits. Exit code 1: it is not ready."""
    client = connected(config, key_file)
    while watch:
        _again(client, as_json=as_json)
        time.sleep(_EVERY)
    found = look(client)
    print_json(found) if as_json else _show(found)
    if not found.ready:
        raise typer.Exit(int(Exit.FAILED))


def _again(client: Client, *, as_json: bool) -> None:
    """Look once more. A gateway that does not answer, as while it is started anew, does not end the watch."""
    if not as_json:
        screen().clear()
    try:
        found = look(client)
        print_json(found) if as_json else _show(found)
    except Stop as exc:
        if exc.code is not Exit.UNAVAILABLE:
            raise
        if as_json:
            print_json({"ready": False, "reasons": exc.sentences})
        else:
            _headline(ready=False, why=exc.sentences)


def look(client: Client) -> Snapshot:
    """Ask the daemon for everything."""
    code, answer = client.exchange("GET", "/readyz")
    told = answer if isinstance(answer, dict) else {}
    ready = code == HTTPStatus.OK
    page = _permitted(client, "/v1/modems")
    return Snapshot(
        ready=ready,
        reasons=list(told.get("reasons", () if ready else [f"/readyz answers {code}"])),
        notices=list(told.get("notices", ())),
        modems=None if page is None else page["items"],
        queue=_queue(client),
        holds=_count(_permitted(client, "/v1/opt-outs/holds")),
        approvals=_count(_permitted(client, "/v1/approvals", limit=_MOST)),
        opt_outs=_count(_permitted(client, "/v1/opt-outs", limit=_MOST)),
        doubts=_count(_permitted(client, "/v1/doubts")),
        policy=_permitted(client, "/v1/policy"),
        duties=_duties(_permitted(client, "/v1/compliance")),
        alerts=None if (told := _permitted(client, "/v1/alerts")) is None else told["items"],
    )


def _queue(client: Client) -> int | None:
    """Return how many parts wait, from the metrics; None while the store does not answer."""
    found = re.search(rb"^schoolgate_queue_parts (\S+)$", client.raw("GET", "/metrics")[1], re.MULTILINE)
    return None if found is None else int(float(found[1]))


def _permitted(client: Client, path: str, **query: object) -> Any:  # noqa: ANN401 - JSON
    try:
        return client.get(path, **query)
    except ApiProblem as exc:
        if exc.status in (HTTPStatus.FORBIDDEN, HTTPStatus.SERVICE_UNAVAILABLE):  # /readyz says why
            return None
        raise


def _duties(found: dict[str, Any] | None) -> list[dict[str, Any]] | None:
    return None if found is None else [each for each in found["findings"] if each["state"] != "kept"]


def _count(page: dict[str, Any] | None) -> int | None:
    return None if page is None else len(page["items"])


def _show(found: Snapshot) -> None:
    _headline(ready=found.ready, why=(*found.reasons, *found.notices))
    if found.alerts:
        alerts.show(found.alerts)
    if found.modems is None:
        say("Modems: not to be had now, or with this key (modems:read)")
    else:
        modems.show(found.modems)
    say(f"Parts that wait to be sent: {'not known' if found.queue is None else found.queue}")
    say(f"Replies that wait for a person: {_number(found.holds)} (schoolgate opt-out holds)")
    say(f"What waits for a second person: {_number(found.approvals)} (schoolgate approval list)")
    say(f"Parts in doubt: {_number(found.doubts)} (schoolgate doubt list)")
    say(f"Opt-outs in force: {_number(found.opt_outs)}")
    if found.policy is not None:
        say(f"Policy version {found.policy['version']}: its review is {document.review_of(found.policy)}")
    for each in found.duties or ():
        say(f"  {each['clause']}: {each['says']} {each['remedy']}")


def _headline(*, ready: bool, why: Iterable[str]) -> None:
    screen().print("[bold green]ready" if ready else "[bold red]not ready", highlight=False)
    for each in why:
        say(f"  {each}")


def _number(count: int | None) -> str:
    if count is None:
        return "not to be had now, or with this key"
    return f"{count} or more" if count == _MOST else str(count)
