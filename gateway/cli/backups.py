"""`schoolgate backup` and `schoolgate restore`: copies that can be relied on, and the way back."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli.direct import user
from gateway.cli.exits import Exit, Stop
from gateway.cli.options import ConfigOption, JsonOption, configuration
from gateway.cli.output import asked, listing, print_json, say

if TYPE_CHECKING:
    from datetime import datetime

    from gateway.backup import Backup
    from gateway.config import Config


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(backup)
    app.command()(restore)


def backup(
    config: ConfigOption = None,
    *,
    only_list: Annotated[bool, typer.Option("--list", help="Show the backups that there are.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Back up the database while it is in use, and remove the backups that need not be kept."""
    from gateway import backup as backups
    from gateway.clock import utc_now

    loaded = configuration(config)
    if only_list:
        _show(backups.listed(_place(loaded)), as_json=as_json)
        return
    now = utc_now()
    made = _made(loaded, _beside(config, loaded), now)
    keep = {"days": loaded.backup.keep_days, "months": loaded.backup.keep_months}
    gone = backups.prune(loaded.backup.directory, now, **keep)
    if as_json:
        print_json({"made": made, "removed": gone})
        return
    say(f"Backed up to {made.path} ({made.size // 1024} KiB, {sum(made.rows.values())} rows).")
    say(f"Removed as no longer needed: {len(gone)}. The key file is not in a backup: keep it apart.")


def restore(
    which: Annotated[
        Path | None, typer.Argument(metavar="[BACKUP]", help="Its directory; else the newest there is.")
    ] = None,
    config: ConfigOption = None,
    *,
    only_verify: Annotated[
        bool, typer.Option("--verify", help="Only prove that it can be restored; nothing is changed.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Put a backup in the database's place. The gateway must be stopped. The present database is kept aside.

    What waited in the backup is cancelled, for it may have been sent since; opt-outs made since are kept,
    and consents withdrawn and keys revoked since stay so.
    """
    from gateway import restore as restoring
    from gateway.clock import utc_now
    from gateway.store import load_key_file

    loaded = configuration(config)
    if only_verify:
        proved = _proved(loaded, which)
        told = f"{proved.path} can be restored: {sum(proved.rows.values())} rows, schema {proved.schema}."
        print_json({"verified": proved}) if as_json else say(told)
        return
    chosen, keyring = which or _newest(loaded), load_key_file(loaded.store.key_file)
    if not yes and asked(f"Put {chosen} in the place of {loaded.store.path}? yes or no:") != "yes":
        raise Stop(Exit.FAILED, "nothing was done; to go on, answer yes or give --yes")
    try:
        done = restoring.restore(chosen, loaded.store.path, keyring, utc_now(), by=user())
    except BlockingIOError as exc:
        raise Stop(Exit.TEMPORARY, f"{exc}: stop the gateway first (sudo systemctl stop schoolgate)") from exc
    if as_json:
        print_json(done)
        return
    say(f"{chosen} is the database now. Before: {done.before or 'none'}.")
    say(f"Cancelled, for it may have been sent since: {done.cancelled}. Kept opt-outs: {done.opt_outs}.")
    say(f"Consents withdrawn and keys revoked since, which stay so: {done.ended}.")


def _place(config: Config) -> Path:
    directory = config.backup.directory
    if directory.parent != config.store.path.parent and not directory.is_dir():
        raise Stop(Exit.FAILED, f"{directory} is not there: mount its disk, or correct [backup] directory")
    return directory


def _newest(config: Config) -> Path:
    """Return the newest that this release can restore."""
    from gateway.backup import listed
    from gateway.store.schema_version import is_known

    directory = _place(config)
    found = listed(directory)
    if not found:
        raise Stop(Exit.FAILED, f"there is no backup in {directory}; make one: schoolgate backup")
    ours = [each for each in found if is_known(each.schema)]
    if not ours:
        raise Stop(
            Exit.FAILED, f"all backups in {directory} were made by a newer release: restore with that one"
        )
    return ours[0].path


def _beside(path: Path | None, config: Config) -> list[Path]:
    """Return what a backup holds besides the database: configuration and policy, never keys or PINs."""
    from gateway.cli.options import found

    return [path or found(), *([config.policy.file] if config.policy.file is not None else [])]


def _made(config: Config, extra: list[Path], now: datetime) -> Backup:
    from gateway.backed_up import Task, noted
    from gateway.backup import make
    from gateway.store import load_key_file
    from gateway.store.copying import CopyDamaged

    where, path, keyring = config.backup, config.store.path, load_key_file(config.store.key_file)
    try:
        with noted(path, Task.BACKUP):
            return make(where.directory, path, extra, keyring, now, own_disk=where.own_disk)
    except CopyDamaged as exc:
        raise Stop(
            Exit.CONFIGURATION,
            f"the database is damaged, and no backup was made of it: {exc}",
            "Stop the gateway and put the last backup in its place: schoolgate restore",
        ) from exc


def _proved(config: Config, which: Path | None) -> Backup:
    """Verify a backup; how that went with the newest is for the gateway to know."""
    from gateway.backed_up import Task, noted
    from gateway.backup import verify
    from gateway.store import load_key_file

    path, keyring = config.store.path, load_key_file(config.store.key_file)
    with nullcontext() if which is not None else noted(path, Task.REHEARSAL):
        return verify(which or _newest(config), keyring, path.parent)


def _show(found: list[Backup], *, as_json: bool) -> None:
    if as_json:
        print_json({"items": found})
        return
    rows = ((b.path.name, b.at, b.schema, sum(b.rows.values()), f"{b.size // 1024} KiB") for b in found)
    listing("Backups", ("backup", "made", "schema", "rows", "size"), rows)
