"""How backups went: marks beside the database, for the disk of the backups may be elsewhere, or away."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from gateway import whole_file


class Task(StrEnum):
    """What may go well or not."""

    BACKUP = "backup"
    REHEARSAL = "rehearsal of a restore"


@contextmanager
def noted(database: Path, task: Task) -> Iterator[None]:
    """Note how a task went that is done in the block, as far as the disk takes that."""
    try:
        yield
    except Exception as exc:
        with suppress(OSError):  # what root writes is for the gateway, too
            whole_file.replace(_failed(database, task), str(exc).partition("\n")[0].encode(), 0o644)
        raise
    with suppress(OSError):
        whole_file.replace(_done(database, task), b"")
        _failed(database, task).unlink(missing_ok=True)


def last(database: Path, task: Task = Task.BACKUP) -> datetime | None:
    """Return when it went well last; None where nobody knows."""
    try:
        return datetime.fromtimestamp(_done(database, task).stat().st_mtime, UTC)  # whoever may read it
    except OSError:
        return None


def faults(database: Path) -> str:
    """Return what failed since it went well last, and why; empty where nothing did."""
    return "; ".join(filter(None, (_fault(database, task) for task in Task)))


def _fault(database: Path, task: Task) -> str:
    try:
        return f"the last {task} failed: {_failed(database, task).read_text().strip()}"
    except FileNotFoundError:
        return ""
    except (OSError, ValueError):
        return f"the last {task} failed"


def _done(database: Path, task: Task) -> Path:
    return database.with_name(f"{database.stem}.{task.name.lower()}")


def _failed(database: Path, task: Task) -> Path:
    return _done(database, task).with_suffix(f".{task.name.lower()}-failed")
