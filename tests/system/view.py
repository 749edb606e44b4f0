"""A look into a site's database from outside."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
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


def overtaken(directory: Path) -> Iterator[tuple[object, ...]]:
    """Yield each hand-off committed after its recipient's opt-out: the audit log is in commit order."""
    query = """
        SELECT message.id, handed.seq, stopped.seq
          FROM audit AS stopped
          JOIN message ON substr(lower(hex(message.number_index)), 1, 16) = stopped.target
          JOIN audit AS handed ON handed.target = message.id
         WHERE stopped.action = 'opt-out' AND handed.action = 'hand-off' AND handed.outcome = 'ALLOW'
           AND message.kind = 'message' AND handed.seq > stopped.seq
    """
    yield from read(directory, query)
