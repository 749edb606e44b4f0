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
from hashlib import sha256
from json.encoder import encode_basestring_ascii as quoted
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, bindparam, column, func, insert, select, table, text

from gateway.store import dialect
from gateway.store.prepared import Prepared
from gateway.store.schema import audit
from gateway.verify_audit import START, Broken, canonical

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
    """Return an entry; `detail` holds ids, codes and counts under names, never personal data."""
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
    plain = json.loads(canonical(detail))  # with names in the order that a reader finds them to have
    append(
        connection,
        [row(now, actor=actor, action=action, target=target, outcome=outcome, clauses=clauses, detail=plain)],
    )


def append(connection: Connection, rows: Iterable[dict[str, Any]]) -> None:
    """Append entries made by `row`, in their order; their details have text for names."""
    entries = list(rows)
    if entries:
        kept = dialect.remembered(connection)
        linked = list(_chained(entries, *(kept.get("audit") or last(connection))))
        _APPEND.run_many(connection, linked)
        kept["audit"] = (linked[-1]["seq"], linked[-1]["hash"].hex())


# Columns without a type: the JSON goes in as the very text that was hashed.
_APPEND: Final = Prepared(insert(table(audit.name, *(column(each.name) for each in audit.c))))
_LAST: Final = "SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1"


def _chained(entries: Sequence[dict[str, Any]], seq: int, prev: str) -> Iterator[dict[str, Any]]:
    for entry in entries:
        seq += 1
        at, clauses, detail = _instant(entry["at"]), canonical(entry["clauses"]), canonical(entry["detail"])
        hashed = _HASHED % (
            *(quoted(entry["action"]), quoted(entry["actor"]), at, clauses, detail),
            *(quoted(entry["outcome"]), prev, seq, quoted(entry["target"])),
        )
        found = sha256(hashed.encode()).digest()
        yield entry | {
            "seq": seq,
            "at": (entry["at"] - _EPOCH) // _MICROSECOND,
            "clauses": clauses,
            "detail": detail,
            "prev": bytes.fromhex(prev),
            "hash": found,
        }
        prev = found.hex()


# The canonical text of an entry, as `verify_audit.digest` makes it: to put it together costs a third.
_HASHED: Final = (
    '{"action":%s,"actor":%s,"at":"%s","clauses":%s,"detail":%s,'
    '"outcome":%s,"prev":"%s","seq":%d,"target":%s}'
)


def about_number(number_index: bytes) -> str:
    """Return the target of entries about a number: enough of its keyed hash to be found by, and no more."""
    return number_index.hex()[:16]


def last(connection: Connection) -> tuple[int, str]:
    """Return number and hash (hex) of the last entry; 0 and zeros where there is none."""
    found = connection.exec_driver_sql(_LAST).first()
    return (0, START) if found is None else (found[0], found[1].hex())


def newest(connection: Connection) -> datetime | None:
    """Return the latest time in the last hundred entries; None where there is none."""
    recent = select(audit.c.at).order_by(audit.c.seq.desc()).limit(100)
    return max(connection.scalars(recent), default=None)


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
