"""What transactions read once for all: never older than what anybody wrote."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Connection

from gateway.store import Database, audit, people

NOW = datetime(2026, 9, 1, tzinfo=UTC)
ANNA = {"id": "per_1", "handle": "anna", "name_sealed": b"x", "status": "active", "created_at": NOW}
KEY = {
    "id": "k1",
    "person_id": "per_1",
    "kind": "live",
    "label": "test",
    "secret_hash": b"x",
    "scopes": [],
    "created_at": NOW,
    "expires_at": NOW,
}


def enter(connection: Connection) -> None:
    people.add(connection, ANNA)
    people.add_key(connection, KEY)


def status(connection: Connection) -> tuple[str, frozenset[str]]:
    found = people.authority(connection, "k1")
    assert found is not None
    return found[0]["person_status"], frozenset(found[1])


async def test_a_suspension_is_seen_by_what_follows_in_the_same_commit(database: Database) -> None:
    def transaction(connection: Connection) -> list[tuple[str, frozenset[str]]]:
        enter(connection)
        seen = [status(connection)]
        people.amend(connection, "per_1", status="suspended")
        seen.append(status(connection))
        people.grant(connection, "per_1", "sender", by="test", now=NOW, expires_at=NOW)
        seen.append(status(connection))
        people.take_role(connection, "per_1", "sender")
        return [*seen, status(connection)]

    none, sender = frozenset[str](), frozenset({"sender"})
    assert await database.write(transaction) == [
        ("active", none),
        ("suspended", none),
        ("suspended", sender),
        ("suspended", none),
    ]


@pytest.mark.parametrize("ask", ["write", "read", "glance"])
async def test_a_suspension_is_seen_by_whoever_asks_next(database: Database, ask: str) -> None:
    await database.write(enter)
    assert await getattr(database, ask)(status) == ("active", frozenset())
    await database.write(lambda c: people.amend(c, "per_1", status="suspended"))
    assert await getattr(database, ask)(status) == ("suspended", frozenset())


@pytest.mark.parametrize("ask", ["write", "read", "glance"])
async def test_a_suspension_by_another_process_is_seen_by_whoever_asks_next(
    database: Database, tmp_path: Path, ask: str
) -> None:
    await database.write(enter)
    assert await getattr(database, ask)(status) == ("active", frozenset())
    with closing(sqlite3.connect(tmp_path / "store.db")) as other, other:
        other.execute("UPDATE person SET status = 'suspended'")
    assert await getattr(database, ask)(status) == ("suspended", frozenset())


async def test_what_was_rolled_back_is_not_remembered(database: Database) -> None:
    def fails(connection: Connection) -> None:
        people.amend(connection, "per_1", status="suspended")
        assert status(connection)[0] == "suspended"
        raise LookupError

    await database.write(enter)
    with pytest.raises(LookupError):
        await database.write(fails)
    assert await database.write(status) == ("active", frozenset())


async def test_a_commit_that_is_rolled_back_leaves_the_audit_chain_whole(database: Database) -> None:
    def entry(connection: Connection) -> int:
        audit.record(connection, NOW, actor="a", action="b", target="c", outcome="d")
        return audit.last(connection)[0]

    def fails(connection: Connection) -> int:
        entry(connection)
        raise ValueError

    first = await database.write(entry)
    try:
        await database.write(fails)
    except ValueError:
        assert await database.write(entry) == first + 1
    else:
        raise AssertionError("the transaction must fail")
