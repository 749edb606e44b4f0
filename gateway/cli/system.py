"""`schoolgate init --system`: what the installed service lacks, made where it looks for it."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gateway.cli import escrow
from gateway.cli.exits import Exit, Stop
from gateway.cli.init import first_person
from gateway.cli.output import print_json, say

if TYPE_CHECKING:
    from gateway.config import Config

CONFIG: Final = Path("/etc/schoolgate/schoolgate.toml")
_PRIVATE: Final = 0o077


def init_system(handle: str, name: str, *, accepted: bool, as_json: bool) -> None:
    """Make keys, database, first person and their key; nothing that exists is overwritten."""
    from gateway.config import load
    from gateway.store import create_key_file

    if os.geteuid() != 0:
        raise Stop(Exit.NOT_PERMITTED, "only root can do that: sudo schoolgate init --system")
    if not CONFIG.exists():
        raise Stop(Exit.CONFIGURATION, f"{CONFIG} is not there; install first: sudo make install")
    config = load(CONFIG)
    ours = _ours(config)
    there = [str(each) for each in ours if each.exists()]
    if there:
        raise Stop(Exit.FAILED, f"nothing was done, for these exist already: {', '.join(there)}")
    before = os.umask(_PRIVATE)
    try:
        create_key_file(config.store.key_file)
        key = asyncio.run(first_person(config, handle, name, accepted=accepted))
        _give_away(config.store.path)
    except BaseException:
        for each in ours:  # none was there: they are ours
            each.unlink(missing_ok=True)
        raise
    finally:
        os.umask(before)
    if as_json:
        print_json({"owner": handle, "key": key, "acknowledged": accepted, "key_file": config.cli.key_file})
    else:
        _next(config, handle, accepted=accepted)


def _ours(config: Config) -> list[Path]:
    database = config.store.path
    sides = [database.with_name(database.name + end) for end in ("-wal", "-shm")]
    return [config.store.key_file, database, *sides, *([config.cli.key_file] if config.cli.key_file else [])]


def _give_away(database: Path) -> None:
    """Give the database to whom its directory belongs: the service's user."""
    owner = database.parent.stat()
    for each in database.parent.glob(f"{database.name}*"):
        os.chown(each, owner.st_uid, owner.st_gid)


def _next(config: Config, handle: str, *, accepted: bool) -> None:
    say(f"Made: {config.store.key_file}, {config.store.path}, {config.cli.key_file}.")
    if sys.stdin.isatty():
        escrow.offer(config.store.key_file)
    else:
        say("The keys are not on paper yet. Without them no backup can be read: sudo schoolgate escrow show")
    say("\nNext:")
    if not accepted:
        say(f"  sudo schoolgate person acknowledge {handle}    (9.2: nobody sends before that)")
    say(f"  edit {config.policy.file}: the organisation's name and its texts; then a [[modem]] in {CONFIG}")
    say("  sudo schoolgate check-config")
    say("  sudo systemctl start schoolgate && schoolgate status")
