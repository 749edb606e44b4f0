"""`schoolgate group`: contacts that get texts together; pruned every night (4.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from gateway.cli.exits import Exit, Stop
from gateway.cli.options import ConfigOption, JsonOption, KeyFileOption, connected
from gateway.cli.output import listing, print_json, say, when

if TYPE_CHECKING:
    from gateway.cli.client import Client

app = typer.Typer(help="Groups of contacts, for `batch to`.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="GROUP", help="Its name, such as year-7.")]
Contacts = Annotated[list[str], typer.Argument(metavar="CONTACT…", help="As `contact list` shows them.")]


@app.command()
def add(
    name: Name,
    label: Annotated[str, typer.Option(help="What people call it.")] = "",
    config: ConfigOption = None,
    key_file: KeyFileOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Make a group."""
    made = connected(config, key_file).post("/v1/groups", {"name": name, "label": label})
    _list([made], as_json=as_json, given=made)


@app.command("list")
def every(
    config: ConfigOption = None, key_file: KeyFileOption = None, *, as_json: JsonOption = False
) -> None:
    """List groups: how many contacts, and how many numbers, of which each gets one text."""
    page = connected(config, key_file).get("/v1/groups")
    _list(page["items"], as_json=as_json, given=page)


@app.command()
def rename(
    name: Name,
    to: Annotated[str | None, typer.Option("--to", help="The new name.")] = None,
    label: Annotated[str | None, typer.Option(help="What people call it.")] = None,
    config: ConfigOption = None,
    key_file: KeyFileOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Change a group's name or label; refused where somebody else has changed the group meanwhile."""
    client = connected(config, key_file)
    path = _path(client, name)
    group, tag = client.tagged(path)
    body = {"name": to or name, "label": group["label"] if label is None else label}
    made = client.put(path, body, tag)
    _list([made], as_json=as_json, given=made)


@app.command()
def remove(name: Name, config: ConfigOption = None, key_file: KeyFileOption = None) -> None:
    """Remove a group; its contacts stay."""
    client = connected(config, key_file)
    client.call("DELETE", _path(client, name))
    say(f"The group {name} is removed; its contacts stay.")


@app.command()
def join(
    name: Name,
    contacts: Contacts,
    config: ConfigOption = None,
    key_file: KeyFileOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Put contacts into a group."""
    _alter(connected(config, key_file), name, {"join": contacts}, as_json=as_json)


@app.command()
def leave(
    name: Name,
    contacts: Contacts,
    config: ConfigOption = None,
    key_file: KeyFileOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Take contacts out of a group."""
    _alter(connected(config, key_file), name, {"leave": contacts}, as_json=as_json)


def _alter(client: Client, name: str, body: dict[str, Any], *, as_json: bool) -> None:
    made = client.post(_path(client, name) + "/members", body)
    _list([made], as_json=as_json, given=made)


def _path(client: Client, name: str) -> str:
    for group in client.get("/v1/groups")["items"]:
        if name in (group["name"], group["id"]):
            return f"/v1/groups/{group['id']}"
    raise Stop(Exit.FAILED, f"there is no group {name}; `schoolgate group list` shows them")


def _list(groups: list[dict[str, Any]], *, as_json: bool, given: object) -> None:
    if as_json:
        print_json(given)
        return
    rows = (
        (g["name"], g["label"], g["contacts"], g["numbers"], when(g["updated_at"]), g["id"]) for g in groups
    )
    listing("Groups", ("name", "label", "contacts", "numbers", "changed", "id"), rows)
