"""What the claim of the next part costs when the store is large."""

from __future__ import annotations

import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, text

from bench.sending import Row
from gateway.clock import utc_now
from gateway.ids import new_id
from gateway.model import Event, Status
from gateway.store import Database, Keyring, create_key_file, lifecycle, load_key_file, outbox

_CLAIMS = 300
_START = datetime(2026, 1, 1, tzinfo=UTC)


def _new(keyring: Keyring, index: int, status: Status, at: datetime) -> outbox.NewMessage:
    number = f"+447700900{index % 1000:03d}"
    return outbox.NewMessage(
        id=new_id("msg", at),
        kind="message",
        number=number,
        number_index=keyring.index(number),
        purpose="event_notice",
        body="The trip is on Friday.",
        alphabet="gsm7",
        parts=1,
        status=status,
        priority=20,
        expires_at=at + timedelta(days=3650),
        created_at=at,
    )


async def _fill(database: Database, keyring: Keyring, count: int) -> None:
    """Store `count` finished messages and, spread among them, what is still queued."""
    every = count // _CLAIMS
    for start in range(0, count, 5000):
        rows = [
            outbox.seal(
                keyring,
                _new(
                    keyring,
                    index,
                    Status.QUEUED if index % every == 0 else Status.DELIVERED,
                    _START + timedelta(seconds=index),
                ),
            )
            for index in range(start, min(start + 5000, count))
        ]
        await database.write(lambda c, r=rows: outbox.add(c, r))
    await database.write(lambda c: c.execute(text("ANALYZE")).rowcount)


async def _claims(count: int) -> float:
    """Return the median seconds of one claim, committed, with so many messages in the store."""
    with tempfile.TemporaryDirectory(prefix="bench-") as directory:
        create_key_file(Path(directory) / "keys")
        keyring = load_key_file(Path(directory) / "keys")
        async with Database.open(f"sqlite:///{directory}/store.db") as database:
            await _fill(database, keyring, count)
            runs = []
            for _ in range(_CLAIMS // 2):
                began = time.perf_counter()
                await database.write(lambda c: _claim(c, keyring))
                runs.append(time.perf_counter() - began)
    return sorted(runs)[len(runs) // 2]


def _claim(connection: Connection, keyring: Keyring) -> None:
    now = utc_now()
    candidate = outbox.next_queued(connection, keyring, "sim0", now)
    assert candidate is not None
    outbox.claim(connection, candidate, "main", "sim0", None, 1, now)
    lifecycle.change(
        connection, candidate.message_id, candidate.number, Status.SENDING, Event.ACCEPTED, now, mr=1
    )


async def claim() -> list[Row]:
    """A million rows against a thousand."""
    small, large = await _claims(1000), await _claims(1_000_000)
    ratio = large / small
    got = f"{ratio:.2f}x ({small * 1e3:.2f} ms, {large * 1e3:.2f} ms)"
    return [Row("claim, 1,000,000 rows against 1,000", "<= 2x", got, ratio <= 2, (small, large))]
