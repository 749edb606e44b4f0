"""A database with a million finished messages, made in a minute or two: rows go in by SQL, all at once."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from bench.rig import EVERYBODY, Rig
from gateway.clock import utc_now
from gateway.config import load
from gateway.daemon import opened
from gateway.ids import new_id
from gateway.store import Keyring
from tests.system.site import eventually

COUNT: Final = 1_000_000
_LONG_AGO: Final = timedelta(days=60)  # not so long that the nightly purge would remove anything
_BODY: Final = "The trip to the museum is on Friday. Reply STOP to opt out."
_COLUMNS: Final = (
    *("id", "kind", "person_id", "key_id", "reference", "number_index", "number_sealed", "purpose"),
    *("template_id", "body_sealed", "alphabet", "parts", "test", "on_doubt", "status", "expires_at"),
    *("created_at", "updated_at"),
)
_PARTS: Final = """
    INSERT INTO part (message_id, number, number_index, priority, status, not_before, expires_at, attempts,
                      gateway, modem, sim, mr, claimed_at, sent_at, final_at, tp_status)
    SELECT id, 1, number_index, 20, 'delivered', created_at, expires_at, 1,
           'main', 'sim0', '8944000000000000000', rowid % 256, created_at, created_at, updated_at, 0
    FROM message
"""


async def fill(directory: Path, count: int = COUNT) -> None:
    """Store `count` delivered messages of one person in the database of a furnished site."""
    config = load(directory / "schoolgate.toml")
    async with opened(config) as store:
        keyring = store.keyring
        person, template = await store.database.read(
            lambda c: (
                c.exec_driver_sql("SELECT id FROM person WHERE handle = 'office'").scalar_one(),
                c.exec_driver_sql("SELECT id FROM template LIMIT 1").scalar_one(),
            )
        )
    with closing(sqlite3.connect(config.store.path, isolation_level=None)) as connection:
        for before in ("PRAGMA synchronous=OFF", "PRAGMA cache_size=-200000", "BEGIN"):
            connection.execute(before)
        marks = ", ".join("?" * len(_COLUMNS))
        statement = f"INSERT INTO message ({', '.join(_COLUMNS)}) VALUES ({marks})"  # noqa: S608 - our own
        connection.executemany(statement, _rows(keyring, person, template, utc_now() - _LONG_AGO, count))
        connection.execute(_PARTS)
        for after in ("COMMIT", "PRAGMA wal_checkpoint(TRUNCATE)"):
            connection.execute(after)
    os.sync()  # else the disk is busy with it long after


async def settled(r: Rig) -> None:
    """Wait until the nightly work that follows a start has looked through all of it."""
    log = r.site.directory / "daemon.log"
    done = ("action=audit_verified", "action=purged", "action=lists_kept")
    await eventually(lambda: all(each in log.read_text() for each in done), 120, what=", ".join(done))


def _rows(
    keyring: Keyring, person: str, template: str, start: datetime, count: int
) -> Iterator[tuple[Any, ...]]:
    indexes = {number: keyring.index(number) for number in EVERYBODY}
    step = (_LONG_AGO - timedelta(days=1)) / count
    for index in range(count):
        at = start + index * step
        ident, number, stamp = new_id("msg", at), EVERYBODY[index % 900], int(at.timestamp() * 1e6)
        yield (
            *(ident, "message", person, "0" * 12, f"r{index}", indexes[number]),
            *(keyring.seal("message", "number", ident, number), "event_notice", template),
            *(keyring.seal("message", "body", ident, _BODY), "gsm7", 1, False, "ask", "delivered"),
            *(stamp + 86_400_000_000, stamp, stamp + 5_000_000),
        )
