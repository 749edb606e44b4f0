"""Backups: a consistent copy of the database in use, the configuration beside it, and a sealed manifest.

A backup is a directory named by its instant in UTC. Numbers, texts and names in it are as sealed as in the
database; the key file is never part of it (policy clause 4.2). The manifest's seal proves two things: which
key file belongs to the backup, and that nothing in it was changed.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from gateway.store import Keyring, SealBrokenError, copying
from gateway.store.schema_version import HEAD, is_known
from gateway.whole_file import onto_disk

DATABASE: Final = "schoolgate.db"
MANIFEST: Final = "manifest.json"
_FORMAT: Final = 1
_UNFINISHED, _REHEARSAL = ".unfinished-", ".rehearsal-"
_ROOM: Final = 50 * 10**6  # bytes that a rehearsal leaves to the gateway
_STAMP: Final = "%Y%m%dT%H%M%SZ"


class BackupUnusable(Exception):
    """A backup that must not be relied on; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup as its manifest tells of it."""

    path: Path
    at: datetime
    schema: str
    rows: Mapping[str, int]
    size: int  # bytes of all its files


def check_place(directory: Path, database: Path, *, own_disk: bool) -> None:
    """Raise `BackupUnusable` without a database, or where `directory` is not there or not on its own disk.

    Beside the database it is made; elsewhere it might be made in the place where a disk is not mounted.
    """
    if not database.is_file():
        raise BackupUnusable(f"{database} is not there: the gateway makes it when it first starts")
    if directory.parent == database.parent:
        directory.mkdir(exist_ok=True, mode=0o700)
    if not directory.is_dir():
        raise BackupUnusable(f"{directory} is not there: mount its disk; or make it, for the gateway's user")
    if own_disk and directory.stat().st_dev == database.stat().st_dev:
        raise BackupUnusable(
            f"{directory} is on the disk of the database: mount its own, or take own_disk out of [backup]"
        )


def make(
    directory: Path,
    database: Path,
    extra: Sequence[Path],
    keyring: Keyring,
    now: datetime,
    *,
    own_disk: bool = False,
) -> Backup:
    """Back up `database` and the files `extra` into a new directory in `directory` (`check_place`).

    It appears whole or not at all. Raises `BackupUnusable`, `copying.CopyDamaged` where the database is
    damaged, `OSError` where the disk refuses.
    """
    check_place(directory, database, own_disk=own_disk)
    final = directory / now.astimezone(UTC).strftime(_STAMP)
    if final.exists():
        raise BackupUnusable(f"{final} exists already: one backup a second")
    with _place(directory, _UNFINISHED, database.parent) as work:
        contents = copying.copy_live(database, work / DATABASE)
        for each in extra:
            shutil.copyfile(each, work / each.name)
        body = {
            "format": _FORMAT,
            "at": now.astimezone(UTC).isoformat(),
            "schema": contents.schema,
            "rows": dict(contents.rows),
            "files": {each.name: _digest(each) for each in sorted(work.iterdir())},
        }
        proof = keyring.seal("backup", "manifest", final.name, _canonical(body))
        (work / MANIFEST).write_text(json.dumps(body | {"proof": proof.hex()}, indent=1) + "\n")
        for each in (*work.iterdir(), work):
            onto_disk(each)
        work.rename(final)
    onto_disk(directory)
    return _read(final)[0]


@contextmanager
def _place(directory: Path, prefix: str, turn: Path) -> Iterator[Path]:
    """Yield a fresh folder in `directory`, gone afterwards; to one after the other, by a lock on `turn`.

    What one that lost its power left is removed before.
    """
    lock = os.open(turn, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for left in directory.glob(f"{prefix}*"):
            shutil.rmtree(left, ignore_errors=True)
        with tempfile.TemporaryDirectory(prefix=prefix, dir=directory, ignore_cleanup_errors=True) as work:
            yield Path(work)
    finally:
        os.close(lock)


def listed(directory: Path) -> list[Backup]:
    """Return the backups in `directory`, newest first; a directory that is none of ours is passed over."""
    found = []
    for each in directory.iterdir() if directory.is_dir() else ():
        if _stamp(each.name) is not None:
            try:
                found.append(_read(each)[0])
            except BackupUnusable:
                continue
    return sorted(found, key=lambda backup: backup.at, reverse=True)


def verify(path: Path, keyring: Keyring, beside: Path) -> Backup:
    """Prove that a backup can be relied on, by restoring it into the folder `beside`; return what it is.

    Raises `BackupUnusable`, and `OSError` where there is no room for that.
    """
    backup, body, proof = _read(path)
    if not is_known(backup.schema):
        raise BackupUnusable(
            f"{path} has schema {backup.schema}, this release knows {HEAD}: restore it with the newer release"
        )
    try:
        if keyring.open("backup", "manifest", path.name, proof) != _canonical(body):
            raise BackupUnusable(f"{path}: its manifest was changed; use another backup")
    except SealBrokenError as exc:
        raise BackupUnusable(
            f"{path} was not made with this key file, or its manifest was changed; "
            "put the right key file back first (docs/operations.md, key lost)"
        ) from exc
    for name, digest in body["files"].items():
        if not (path / name).is_file() or _digest(path / name) != digest:
            raise BackupUnusable(f"{path}: {name} is missing or was changed; use another backup")
    _rehearse(path, backup, keyring, beside)
    return backup


def _rehearse(path: Path, backup: Backup, keyring: Keyring, beside: Path) -> None:
    if shutil.disk_usage(beside).free < backup.size + _ROOM:
        raise OSError(
            errno.ENOSPC, f"no room to rehearse a restore of {backup.size // 10**6} MB", str(beside)
        )
    with _place(beside, _REHEARSAL, beside) as place:
        copy = place / DATABASE
        shutil.copyfile(path / DATABASE, copy)
        try:
            contents = copying.examine(copy)
            copying.open_samples(copy, keyring)
            with copying.upgraded(copy):
                pass
        except (copying.CopyDamaged, SealBrokenError) as exc:
            raise BackupUnusable(f"{exc}; use another backup") from exc
        if contents.rows != backup.rows:
            raise BackupUnusable(
                f"{path}: the database does not hold what the manifest says; use another backup"
            )


def prune(directory: Path, now: datetime, *, days: int, months: int) -> list[Path]:
    """Remove what need not be kept; return it.

    Kept are all of the last `days`, the first of each of the last `months`, and the newest in any case.
    """
    backups = listed(directory)
    oldest_of_month = {backup.at.strftime("%Y%m"): backup for backup in backups}  # the last one written wins
    keep = {backup.path for backup in backups if backup.at > now - timedelta(days=days)}
    keep |= {backup.path for backup in list(oldest_of_month.values())[:months]}
    keep |= {backup.path for backup in backups[:1]}
    gone = [backup.path for backup in backups if backup.path not in keep]
    for path in gone:
        shutil.rmtree(path)
    return gone


def _read(path: Path) -> tuple[Backup, dict[str, Any], bytes]:
    try:
        body = json.loads((path / MANIFEST).read_text())
        proof = bytes.fromhex(body.pop("proof"))
        if body["format"] != _FORMAT:
            raise BackupUnusable(f"{path} has format {body['format']}: use a newer release to restore it")
        size = sum(each.stat().st_size for each in path.iterdir())
        made = Backup(path, datetime.fromisoformat(body["at"]), body["schema"], dict(body["rows"]), size)
        dict(body["files"])
    except OSError as exc:
        raise BackupUnusable(f"{path} is no backup: {MANIFEST}: {exc.strerror}") from exc
    except (ValueError, KeyError, TypeError, AttributeError) as exc:
        raise BackupUnusable(f"{path}: {MANIFEST} is damaged; use another backup") from exc
    return made, body, proof


def _stamp(name: str) -> datetime | None:
    try:
        return datetime.strptime(name, _STAMP).replace(tzinfo=UTC)
    except ValueError:
        return None


def _canonical(body: Mapping[str, Any]) -> str:
    return json.dumps(body, sort_keys=True, separators=(",", ":"))


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
