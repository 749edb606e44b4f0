"""Put a backup in the place of the database, without breaking a promise that was made since."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, insert, select, true

from gateway.backup import DATABASE, verify
from gateway.model import CancelReason
from gateway.store import Keyring, audit, copying, lifecycle
from gateway.store.schema import recipient_hold, suppression

_SENT_SINCE: Final = "restored from a backup: it may have been sent since"


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore did."""

    cancelled: int  # messages that waited when the backup was made
    opt_outs: int  # that came after the backup, and were kept
    before: Path | None  # where the database that was there is now


def restore(path: Path, database: Path, keyring: Keyring, now: datetime, *, by: str) -> Restored:
    """Verify a backup and make it the database. The gateway must not be running.

    What waited in the backup is cancelled, for it may have been sent since; opt-outs and holds that came
    after it are kept where the present database can still be read.
    Raises `BackupUnusable`, and `BlockingIOError` where the database is in use.
    """
    verify(path, keyring)
    fresh = database.with_name(f"{database.name}.restoring")
    shutil.copyfile(path / DATABASE, fresh)
    fresh.chmod(0o600)
    _give_away(fresh)
    try:
        since = _since(database)
        with copying.upgraded(fresh) as connection:
            kept = sum(_keep(connection, row) for row in since)
            cancelled = len(
                lifecycle.cancel_waiting(connection, true(), CancelReason.CALLER, now, _SENT_SINCE)
            )
            detail = {"cancelled": cancelled, "opt_outs_kept": kept}
            audit.record(
                connection, now, actor=by, action="restored", target=path.name, outcome="ok", detail=detail
            )
        with copying.alone(fresh):
            pass
        before = _put_aside(database, now)
        fresh.rename(database)
    finally:
        for each in (fresh, *(fresh.with_name(fresh.name + end) for end in ("-wal", "-shm", "-journal"))):
            each.unlink(missing_ok=True)
    return Restored(cancelled, kept, before)


def _give_away(path: Path) -> None:
    """Restored by root, the database still belongs to whom its directory belongs to."""
    if os.geteuid() == 0:
        owner = path.parent.stat()
        os.chown(path, owner.st_uid, owner.st_gid)


def _since(database: Path) -> list[tuple[Any, RowMapping]]:
    """Return opt-outs and open holds of the present database; none where it cannot be read any more."""
    if not database.exists():
        return []
    with copying.alone(database):  # nobody writes to it while we look
        pass
    try:
        copying.examine(database)
    except (copying.CopyDamaged, OSError):
        return []
    with copying.upgraded(database) as connection:
        return [
            (table, row)
            for table, over in (
                (suppression, suppression.c.lifted_at),
                (recipient_hold, recipient_hold.c.resolved_at),
            )
            for row in connection.execute(select(table).where(over.is_(None))).mappings().all()
        ]


def _keep(connection: Connection, found: tuple[Any, RowMapping]) -> bool:
    """Enter an opt-out or hold that the backup lacks; return whether it was lacking."""
    table, row = found
    over = table.c.lifted_at if table is suppression else table.c.resolved_at
    same = [table.c.number_index == row["number_index"], over.is_(None)]
    if table is suppression:
        same.append(table.c.topic == row["topic"])
    if connection.execute(select(table.c.id).where(*same)).first() is not None:
        return False
    connection.execute(table.delete().where(table.c.id == row["id"]))  # lifted in the backup, in force since
    connection.execute(insert(table).values(**row))
    return True


def _put_aside(database: Path, now: datetime) -> Path | None:
    if not database.exists():
        return None
    aside = database.with_name(f"{database.name}.before-{now.astimezone(UTC):%Y%m%dT%H%M%SZ}")
    database.rename(aside)
    for end in ("-wal", "-shm"):
        side = database.with_name(database.name + end)
        if side.exists():
            side.rename(aside.with_name(aside.name + end))
    return aside
