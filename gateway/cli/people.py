"""`schoolgate person`: who may do what, written straight into the store."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli.direct import user, with_access
from gateway.cli.exits import Exit, Stop
from gateway.cli.options import ConfigOption, JsonOption, KeyFileOption, connected
from gateway.cli.output import asked, details, listing, print_json, say, when

if TYPE_CHECKING:
    from gateway.access import Access
    from gateway.records import PersonView

app = typer.Typer(help="People, their roles and their acknowledgement of the policy.", no_args_is_help=True)

Handle = Annotated[str, typer.Argument(metavar="HANDLE", help="The person's short name, such as jsmith.")]
Role = Annotated[str, typer.Argument(metavar="ROLE", help="Such as sender, approver or template_author.")]


@app.command()
def add(
    handle: Handle,
    name: Annotated[str, typer.Option("--name", help="The name in full.")],
    role: Annotated[list[str] | None, typer.Option(help="A role; may be given several times.")] = None,
    config: ConfigOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Enter a person, with roles that end after the policy's months (3.2).

    Once two people can decide together, roles are given by two: `person grant`.
    """
    from gateway.granting import Granting

    roles = tuple(role or ())
    _change(config, lambda a: Granting(a).add_person(handle, name, roles, by=user()), as_json=as_json)


@app.command("list")
def every(config: ConfigOption = None, *, as_json: JsonOption = False) -> None:
    """List everybody."""
    people = with_access(config, lambda access: access.people())
    if as_json:
        print_json({"items": people})
        return
    rows = ((p.handle, p.name, p.status, _roles(p), when(p.acknowledged_at)) for p in people)
    listing("People", ("handle", "name", "status", "roles until", "acknowledged"), rows)


@app.command()
def suspend(handle: Handle, config: ConfigOption = None, *, as_json: JsonOption = False) -> None:
    """Refuse every key of a person from the next request on (3.1)."""
    _change(config, lambda access: access.suspend(handle, by=user()), as_json=as_json)


@app.command()
def activate(handle: Handle, config: ConfigOption = None, *, as_json: JsonOption = False) -> None:
    """End a suspension."""
    _change(config, lambda access: access.activate(handle, by=user()), as_json=as_json)


@app.command()
def grant(
    handle: Handle,
    role: Role,
    config: ConfigOption = None,
    key_file: KeyFileOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Give a role, or renew it (3.2): alone before there are two who can decide, else a second one must."""
    from gateway.errors import Conflict
    from gateway.granting import Granting

    try:
        _change(config, lambda access: Granting(access).grant(handle, role, by=user()), as_json=as_json)
    except Conflict:
        asked = connected(config, key_file).post("/v1/roles", {"handle": handle, "role": role})
        if as_json:
            print_json(asked)
        else:
            say(f"Not given yet. A second person decides: schoolgate approval show {asked['id']}")


@app.command("revoke-role")
def revoke_role(
    handle: Handle, role: Role, config: ConfigOption = None, *, as_json: JsonOption = False
) -> None:
    """Take a role away at once."""
    _change(config, lambda access: access.revoke_role(handle, role, by=user()), as_json=as_json)


@app.command()
def acknowledge(
    handle: Handle,
    config: ConfigOption = None,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="The person has agreed on paper; do not ask.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Record that a person acknowledged the policy in force (9.2); nobody sends before that."""
    if not (yes or agreed(with_access(config, lambda access: access.to_acknowledge(handle)))):
        raise Stop(Exit.FAILED, f"not acknowledged: {handle} cannot send until then (9.2)")
    method = "paper" if yes else "command"
    _change(config, lambda access: access.acknowledge(handle, by=user(), method=method), as_json=as_json)


@app.command()
def number(
    handle: Handle,
    to: Annotated[str, typer.Argument(metavar="NUMBER", help="A mobile; it is kept sealed.")],
    config: ConfigOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Enter the number at which a person is told of the policy: `policy tell`."""
    _change(config, lambda access: access.reach(handle, to, by=user()), as_json=as_json)


def agreed(shown: str) -> bool:
    """Show the statement and ask; on standard error, where it is in nobody's way."""
    typer.echo(shown, err=True)
    return asked("Acknowledge? [y/N]").casefold() in ("y", "yes")


def _change(config: ConfigOption, work: Callable[[Access], Awaitable[PersonView]], *, as_json: bool) -> None:
    person = with_access(config, work)
    if as_json:
        print_json(person)
        return
    pairs = {
        "name": person.name,
        "status": person.status,
        "roles until": _roles(person),
        "acknowledged": when(person.acknowledged_at),
    }
    details(person.handle, pairs)
    if person.acknowledged_at is None:
        say(f"The policy in force is not acknowledged yet: schoolgate person acknowledge {person.handle}")


def _roles(person: PersonView) -> str:
    return ", ".join(f"{role} {when(end)[:10]}" for role, end in person.roles.items())
