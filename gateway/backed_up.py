"""When the last backup was made: a mark beside the database, for the disk of the backups may be elsewhere."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from gateway import whole_file


def note(database: Path, backup: Path) -> None:
    """Note that a backup of `database` was made just now. Raises `OSError`."""
    whole_file.replace(_mark(database), f"{backup}\n".encode())


def last(database: Path) -> datetime | None:
    """Return when the last one was made; None where none is known of."""
    try:
        return datetime.fromtimestamp(_mark(database).stat().st_mtime, UTC)  # its maker may have been root
    except OSError:
        return None


def _mark(database: Path) -> Path:
    return database.with_name(f"{database.stem}.backup")
