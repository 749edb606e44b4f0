"""The audit log: every decision and change, in the transaction that makes it (clause 1.3).

Entries form a chain (`gateway.verify_audit` says how): each holds the hash of the one before. There is one
writer, so the last entry that a transaction sees is the last there is; where several write (PostgreSQL),
the primary key lets one of them through and the others fail.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, bindparam, func, select, text

from gateway.store import dialect
from gateway.store.schema import audit
from gateway.verify_audit import START, Broken, canonical, digest

_NOTHING: Final[Mapping[str, object]] = {}
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


def row(
    now: datetime,
    *,
    actor: str,
    action: str,
    target: str,
    outcome: str,
    clauses: Sequence[str] = (),
    detail: Mapping[str, object] = _NOTHING,
) -> dict[str, Any]:
    """Return an entry; `detail` holds ids, codes and counts, never personal data."""
    return {
        "at": now,
        "actor": actor,
        "action": action,
        "target": target,
        "outcome": outcome,
        "clauses": list(clauses),
        "detail": dict(detail),
    }


def record(
    connection: Connection,
    now: datetime,
    *,
    actor: str,
    action: str,
    target: str,
    outcome: str,
    clauses: Sequence[str] = (),
    detail: Mapping[str, object] = _NOTHING,
) -> None:
    """Append one entry."""
    entry = row(
        now, actor=actor, action=action, target=target, outcome=outcome, clauses=clauses, detail=detail
    )
    append(connection, [entry])


def append(connection: Connection, rows: Iterable[dict[str, Any]]) -> None:
    """Append entries made by `row`, in their order."""
    entries = list(rows)
    if entries:
        kept = dialect.remembered(connection)
        linked = list(_chained(entries, *(kept.get("audit") or last(connection))))
        connection.exec_driver_sql(_APPEND[connection.dialect.paramstyle], linked)
        kept["audit"] = (linked[-1][0], linked[-1][-1].hex())


# Straight to the driver, for every hand-off waits for it: SQLAlchemy's own way takes three times as long.
# The JSON goes in as the very text that was hashed.
_APPEND: Final = {
    "qmark": "INSERT INTO audit (seq, at, actor, action, target, outcome, clauses, detail, prev, hash) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    "pyformat": "INSERT INTO audit (seq, at, actor, action, target, outcome, clauses, detail, prev, hash) "
    "VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
}
_LAST: Final = "SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1"


def _chained(entries: Sequence[dict[str, Any]], seq: int, prev: str) -> Iterator[tuple[Any, ...]]:
    for entry in entries:
        seq += 1
        # As whoever reads it will find it: JSON makes text of every key, and lists of tuples.
        detail = json.loads(canonical(entry["detail"]))
        found = digest(entry | {"seq": seq, "at": _instant(entry["at"]), "detail": detail, "prev": prev})
        yield (
            seq,
            (entry["at"] - _EPOCH) // _MICROSECOND,
            entry["actor"],
            entry["action"],
            entry["target"],
            entry["outcome"],
            canonical(entry["clauses"]),
            canonical(detail),
            bytes.fromhex(prev),
            bytes.fromhex(found),
        )
        prev = found


def about_number(number_index: bytes) -> str:
    """Return the target of entries about a number: enough of its keyed hash to be found by, and no more."""
    return number_index.hex()[:16]


def last(connection: Connection) -> tuple[int, str]:
    """Return number and hash (hex) of the last entry; 0 and zeros where there is none."""
    found = connection.exec_driver_sql(_LAST).first()
    return (0, START) if found is None else (found[0], found[1].hex())


def of_target(connection: Connection, target: str) -> Sequence[RowMapping]:
    """Return every entry about `target`, oldest first."""
    return connection.execute(_OF_TARGET, {"target": target}).mappings().all()


_OF_TARGET = select(audit).where(audit.c.target == bindparam("target")).order_by(audit.c.seq)


def entries(connection: Connection, after: int, limit: int) -> list[dict[str, Any]]:
    """Return up to `limit` entries after number `after`, each as it was hashed, with its hash.

    Raises `Broken` for one that cannot have been written by us.
    """
    found: list[dict[str, Any]] = []
    walk(connection, after, limit, found.append)
    return found


def walk(connection: Connection, after: int, limit: int, take: Callable[[dict[str, Any]], object]) -> None:
    """Give up to `limit` entries after number `after` to `take`, one at a time. Raises as `entries` does."""
    with dialect.any_text(connection):
        for each in connection.execute(_STORED, {"after": after, "limit": limit}):
            take(_entry(each))


# As it is on the disk: a changed byte in a JSON column must show, so SQLAlchemy must not parse it.
_STORED = text(
    "SELECT seq, at, actor, action, target, outcome, clauses, detail, prev, hash FROM audit "
    "WHERE seq > :after ORDER BY seq LIMIT :limit"
)


def _entry(stored: Sequence[Any]) -> dict[str, Any]:
    seq, at, actor, action, target, outcome, clauses, detail, prev, own = stored
    try:
        return {
            "seq": seq,
            "at": _instant(_EPOCH + timedelta(microseconds=at)),
            "actor": actor,
            "action": action,
            "target": target,
            "outcome": outcome,
            "clauses": _clauses(clauses),
            "detail": _parsed(detail),
            "prev": bytes.hex(prev),
            "hash": bytes.hex(own),
        }
    except (ValueError, TypeError, OverflowError) as exc:
        raise Broken(seq, "was changed after it was written") from exc


def _parsed(stored: str) -> Any:  # noqa: ANN401 - JSON
    value = json.loads(stored)
    if canonical(value) != stored:
        raise ValueError("not as we write it")
    return value


_clauses = lru_cache(_parsed)  # there are few


def _instant(at: datetime) -> str:
    return (at if at.tzinfo is UTC else at.astimezone(UTC)).isoformat(timespec="microseconds")


def between(connection: Connection, since: datetime | None, until: datetime | None) -> tuple[int, int]:
    """Return the numbers of the entry before the first, and of the last, from `since` to before `until`."""
    conditions = [] if since is None else [audit.c.at >= since]
    conditions += [] if until is None else [audit.c.at < until]
    found = connection.execute(select(func.min(audit.c.seq), func.max(audit.c.seq)).where(*conditions)).one()
    return (0, 0) if found[0] is None else (found[0] - 1, found[1])
