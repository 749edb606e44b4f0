"""Put a backup in the place of the database, without breaking a promise that was made since."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from sqlalchemy import true

from gateway.backup import DATABASE, verify
from gateway.binding import binding, enter
from gateway.model import CancelReason
from gateway.store import Keyring, audit, copying, lifecycle
from gateway.whole_file import onto_disk

_SENT_SINCE: Final = "restored from a backup: it may have been sent since"


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore did."""

    cancelled: int  # messages that waited when the backup was made
    opt_outs: int  # that came after the backup, and holds; they were kept
    ended: int  # consents withdrawn and keys revoked after the backup; they stay so
    before: Path | None  # where the database that was there is now


def restore(path: Path, database: Path, keyring: Keyring, now: datetime, *, by: str) -> Restored:
    """Verify a backup and make it the database. The gateway must not be running.

    What waited in the backup is cancelled, for it may have been sent since; what came after it and binds
    (`gateway.binding`) is kept where the present database can still be read.
    Raises `BackupUnusable`, `SchemaTooNew`, and `BlockingIOError` where the database is in use.
    """
    verify(path, keyring, database.parent)
    fresh = database.with_name(f"{database.name}.restoring")
    try:
        shutil.copyfile(path / DATABASE, fresh)
        fresh.chmod(0o600)
        _give_away(fresh)
        if database.exists():
            with copying.alone(database):  # nobody writes to it while we look
                pass
        since = binding(database)
        with copying.upgraded(fresh) as connection:
            kept, ended = enter(connection, since)
            cancelled = len(
                lifecycle.cancel_waiting(connection, true(), CancelReason.CALLER, now, _SENT_SINCE)
            )
            detail = {"cancelled": cancelled, "opt_outs_kept": kept, "ended": ended}
            audit.record(
                connection, now, actor=by, action="restored", target=path.name, outcome="ok", detail=detail
            )
        with copying.alone(fresh):
            pass
        onto_disk(fresh)
        before = _put_aside(database, now)
        fresh.replace(database)
        onto_disk(database.parent)
    finally:
        for each in (fresh, *(fresh.with_name(fresh.name + end) for end in ("-wal", "-shm", "-journal"))):
            each.unlink(missing_ok=True)
    return Restored(cancelled, kept, ended, before)


def _give_away(path: Path) -> None:
    """Restored by root, the database still belongs to whom its directory belongs to."""
    if os.geteuid() == 0:
        owner = path.parent.stat()
        os.chown(path, owner.st_uid, owner.st_gid)


def _put_aside(database: Path, now: datetime) -> Path | None:
    if not database.exists():
        return None
    aside = database.with_name(f"{database.name}.before-{now.astimezone(UTC):%Y%m%dT%H%M%SZ}")
    aside.hardlink_to(database)  # it is in its place until the other is
    for end in ("-wal", "-shm"):
        side = database.with_name(database.name + end)
        if side.exists():
            side.rename(aside.with_name(aside.name + end))
    return aside
