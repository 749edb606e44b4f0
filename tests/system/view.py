"""A look into a site's database from outside."""

from __future__ import annotations

import sqlite3
from pathlib import Path


def read(directory: Path, query: str) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(f"file:{directory / 'schoolgate.db'}?mode=ro", uri=True)
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


def count(directory: Path, query: str) -> int:
    return int(str(read(directory, query)[0][0]))


def settled(directory: Path) -> bool:
    """Nothing waits and nothing is on its way to a modem."""
    open_ = "('held', 'scheduled', 'queued', 'sending')"
    return count(directory, f"SELECT count(*) FROM part WHERE status IN {open_}") == 0  # noqa: S608
