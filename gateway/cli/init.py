"""`schoolgate init`: a working gateway from nothing, and never at the cost of something."""

from __future__ import annotations

import asyncio
import os
import shlex
import sys
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from gateway.cli.direct import user
from gateway.cli.exits import Exit, Stop
from gateway.cli.options import JsonOption, write_secret
from gateway.cli.output import asked, print_json, say
from gateway.cli.people import agreed

if TYPE_CHECKING:
    from gateway.access import Access
    from gateway.config import Config
    from gateway.records import KeyView

ROLES: Final = ("owner", "admin", "sender", "contact_manager", "approver")
CONFIG, POLICY, KEY = "schoolgate.toml", "policy.toml", "owner.key"
_FILES: Final = (CONFIG, POLICY, KEY, "schoolgate.keys", "schoolgate.db")
_PRIVATE: Final = 0o077


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(init)


def init(
    directory: Annotated[Path, typer.Argument(metavar="[DIR]", help="Where it all goes.")] = Path(),
    owner: Annotated[str | None, typer.Option(help="The first person's short name, such as jsmith.")] = None,
    name: Annotated[str | None, typer.Option(help="The first person's name in full.")] = None,
    *,
    system: Annotated[
        bool, typer.Option("--system", help="For the installed service: keys, database and person.")
    ] = False,
    acknowledge: Annotated[
        bool, typer.Option("--acknowledge", help="The first person has agreed to keep to the policy.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Make configuration, keys, database and the first person. Nothing that exists is overwritten."""
    from gateway.config import load

    if system:
        from gateway.cli.system import init_system

        handle, full_name = _told(owner, name)
        init_system(handle, full_name, accepted=acknowledge or _asked(handle), as_json=as_json)
        return
    there = [str(directory / each) for each in _FILES if (directory / each).exists()]
    if there:
        raise Stop(Exit.FAILED, f"nothing was done, for these exist already: {', '.join(there)}")
    handle, full_name = _told(owner, name)
    accepted = acknowledge or _asked(handle)
    before = os.umask(_PRIVATE)
    try:
        _write_files(directory)
        config = load(directory / CONFIG)
        key = asyncio.run(first_person(config, handle, full_name, accepted=accepted))
    except BaseException:
        for each in (*_FILES, "schoolgate.db-wal", "schoolgate.db-shm"):  # none was there: they are ours
            (directory / each).unlink(missing_ok=True)
        raise
    finally:
        os.umask(before)
    if as_json:
        made = {"config": str(directory / CONFIG), "owner": handle, "key": key, "acknowledged": accepted}
        print_json(made | {"key_file": str(directory / KEY)})
    else:
        _next(directory, handle, accepted=accepted)


def _told(owner: str | None, name: str | None) -> tuple[str, str]:
    """Return the first person's handle and name; ask for what was not given."""
    if not sys.stdin.isatty() and (owner is None or name is None):
        raise Stop(Exit.USAGE, "who is the first person? Give --owner HANDLE and --name 'FULL NAME'")
    return owner or asked("Your short name (a-z, 0-9):"), name or asked("Your name in full:")


def _asked(handle: str) -> bool:
    from policy import PolicySettings
    from policy.document import statement

    return sys.stdin.isatty() and agreed(statement(PolicySettings.load(), handle, None))


def _write_files(directory: Path) -> None:
    from gateway.store import create_key_file

    directory.mkdir(parents=True, exist_ok=True)
    example = resources.files("gateway.cli").joinpath("example.toml").read_text(encoding="utf-8")
    for line in (f'file = "{POLICY}"', f'key_file = "{KEY}"'):
        example = example.replace(f"# {line}  ", line)
    (directory / CONFIG).write_text(example, encoding="utf-8")
    shipped = resources.files("policy").joinpath("default.toml").read_text(encoding="utf-8")
    (directory / POLICY).write_text(shipped, encoding="utf-8")
    create_key_file(directory / "schoolgate.keys")


async def first_person(config: Config, handle: str, name: str, *, accepted: bool) -> KeyView:
    """Open the store, and enter the first person and their key."""
    from gateway.access import Access
    from gateway.clock import utc_now
    from gateway.daemon import opened

    async with opened(config) as store:
        access = Access(
            database=store.database, keyring=store.keyring, settings=store.settings, clock=utc_now
        )
        await access.add_person(handle, name, ROLES, by=user())
        if accepted:
            await access.acknowledge(handle, by=user())
        return await _first_key(access, handle, config)


async def _first_key(access: Access, handle: str, config: Config) -> KeyView:
    from gateway.records import KeyKind

    view, token = await access.create_key(
        handle, kind=KeyKind.LIVE, label="command line", scopes=None, by=user()
    )
    assert config.cli.key_file is not None  # noqa: S101 - we wrote that file
    write_secret(config.cli.key_file, token)
    return view


def _next(directory: Path, handle: str, *, accepted: bool) -> None:
    here = directory.resolve() == Path.cwd()
    option = "" if here else f" --config {shlex.quote(str(directory / CONFIG))}"
    say(f"Made in {directory.resolve()}: {CONFIG}, {POLICY}, schoolgate.keys, schoolgate.db, {KEY}.")
    say(f"{handle} has the roles {', '.join(ROLES)}, and the command line uses their key ({KEY}).")
    say("Without schoolgate.keys nothing in the store can be read; keep it on paper: schoolgate escrow show")
    say("\nNext:")
    if not accepted:
        say(f"  schoolgate person acknowledge {handle}{option}    (9.2: nobody sends before that)")
    say(f"  edit {directory / POLICY}: the organisation's name and its texts; then a [[modem]] in {CONFIG}")
    say(f"  schoolgate check-config{option}")
    say(f"  schoolgate run{option}")
    say("  A wording needs two people (3.3), so a second one, who drafts what the first approves:")
    say(f"  schoolgate person add HANDLE --name 'FULL NAME' --role template_author{option}")
