"""What the chain of the audit log costs: to add to it, and to check a million entries."""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection

from bench.sending import Row
from gateway import verify_audit
from gateway.auditing import Auditing
from gateway.clock import utc_now
from gateway.store import Database, audit, create_key_file, load_key_file

_START = datetime(2026, 1, 1, tzinfo=UTC)
_MANY = 1_000_000
_FACTS = {
    "codes": ["CONSENT_MISSING"],
    "key": "0123456789ab",
    "facts": {
        "consented": False,
        "opted_out": None,
        "held": False,
        "roles": ["sender"],
        "template": "trip/3",
    },
}


def _entries(count: int, first: int = 0) -> list[dict[str, object]]:
    return [
        audit.row(
            _START + timedelta(seconds=first + number),
            actor="office",
            action="submit",
            target=f"msg_{first + number:026d}",
            outcome="DENY",
            clauses=["4.1", "7.2"],
            detail=_FACTS | {"part": first + number},
        )
        for number in range(count)
    ]


async def _append(database: Database, count: int) -> float:
    """Return the median seconds that one of `count` entries adds to its transaction."""

    def timed(connection: Connection) -> float:
        entries = _entries(count)
        began = time.perf_counter()
        audit.append(connection, entries)
        return (time.perf_counter() - began) / count

    return sorted([await database.write(timed) for _ in range(201)])[100]


async def append() -> list[Row]:
    """One entry alone, as at a hand-off, and each of a hundred, as in a batch."""
    with tempfile.TemporaryDirectory(prefix="bench-") as directory:
        async with Database.open(f"sqlite:///{directory}/store.db") as database:
            one, many = await _append(database, 1), await _append(database, 100)
    got = f"alone {one * 1e3:.3f} ms, one of a hundred {many * 1e3:.3f} ms"
    return [Row("audit entry appended (p50)", "<= 0.2 ms", got, max(one, many) <= 0.0002, (one, many))]


async def _alone(export: Path) -> int:
    """Run the verifier of one file; return its exit code."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-I", verify_audit.__file__, str(export), stdout=asyncio.subprocess.DEVNULL
    )
    return await process.wait()


async def verify() -> list[Row]:
    """A million entries: in the database by `audit verify`, and exported by the verifier of one file."""
    with tempfile.TemporaryDirectory(prefix="bench-") as directory:
        create_key_file(Path(directory) / "keys")
        keyring, export = load_key_file(Path(directory) / "keys"), Path(directory) / "log"
        async with Database.open(f"sqlite:///{directory}/store.db") as database:
            for first in range(0, _MANY, 5000):
                await database.write(lambda c, f=first: audit.append(c, _entries(5000, f)))
            log = Auditing(database, keyring, "bench", utc_now)
            began = time.perf_counter()
            verdict = await log.verify()
            ours = time.perf_counter() - began
            assert (verdict.entries, verdict.first_bad) == (_MANY, None)
            with export.open("w") as file:
                async for each in log.export(None, None):
                    file.write(verify_audit.canonical(each) + "\n")
        began = time.perf_counter()
        assert await _alone(export) == 0
        theirs = time.perf_counter() - began
    got = f"in the store {ours:.1f} s, exported {theirs:.1f} s"
    return [Row("audit log of 1,000,000 verified", "<= 60 s", got, max(ours, theirs) <= 60, (ours, theirs))]
