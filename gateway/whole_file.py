"""A small file replaced in one step: a power cut leaves it as it was or as it is, never empty or half."""

from __future__ import annotations

import os
from pathlib import Path


def replace(path: Path, data: bytes, mode: int = 0o600) -> None:
    """Write `path` anew. Once this returns it is on the disk, under its name; what was there is gone.

    Raises `OSError`; what was there is then still there. One writer at a time.
    """
    fresh = path.with_name(f"{path.name}.new")
    fresh.unlink(missing_ok=True)  # of one that was killed
    try:
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())  # else the name may reach the disk before what it names
        fresh.replace(path)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise
    onto_disk(path.parent)


def onto_disk(path: Path) -> None:
    """Return once a file, or the names in a folder, are on the disk. Raises `OSError`."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
