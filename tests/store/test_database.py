import asyncio
import sqlite3
import threading
from pathlib import Path

import pytest
from sqlalchemy import Connection, func, insert, select, text
from sqlalchemy.exc import IntegrityError

from gateway.store import Database, StoreUnavailable
from gateway.store.schema import counter
from gateway.store.schema_version import SchemaTooNew


def _count(connection: Connection) -> int:
    return int(connection.execute(select(func.count()).select_from(counter)).scalar_one())


def _ask(connection: Connection, pragma: str) -> int:
    return int(connection.exec_driver_sql(pragma).scalar_one())


def _add(name: str):
    def transaction(connection: Connection) -> str:
        connection.execute(insert(counter).values(gateway="g", modem="m", name=name, value=1))
        return name

    return transaction


async def test_a_write_has_happened_when_it_returns(database: Database) -> None:
    assert await database.write(_add("one")) == "one"
    assert await database.read(_count) == 1


async def test_concurrent_writes_all_happen_and_each_gets_its_own_result(database: Database) -> None:
    names = [f"n{number}" for number in range(200)]
    assert await asyncio.gather(*(database.write(_add(name)) for name in names)) == names
    assert await database.read(_count) == 200


async def test_one_failing_write_of_a_group_fails_alone(database: Database) -> None:
    def bad(connection: Connection) -> None:
        _add("half")(connection)
        raise LookupError("not this one")

    results = await asyncio.gather(
        *(database.write(bad if number == 5 else _add(f"n{number}")) for number in range(20)),
        return_exceptions=True,
    )
    assert [number for number, result in enumerate(results) if isinstance(result, LookupError)] == [5]
    assert await database.read(_count) == 19


async def test_a_write_is_carried_out_though_its_caller_is_cancelled(database: Database) -> None:
    task = asyncio.create_task(database.write(_add("one")))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await database.write(_count) == 1


@pytest.mark.parametrize("ask", ["read", "glance"])
async def test_a_reader_cannot_write_and_reads_on(database: Database, ask: str) -> None:
    with pytest.raises(StoreUnavailable, match="readonly"):
        await getattr(database, ask)(_add("one"))
    assert await getattr(database, ask)(_count) == 0


async def test_a_glance_is_made_where_it_is_asked_and_else_by_a_thread(database: Database) -> None:
    def asked(connection: Connection) -> str:
        name = threading.current_thread().name
        if name == here and _ask(connection, "PRAGMA busy_timeout") == 0 and locked:
            raise sqlite3.OperationalError("database is locked")
        return name

    here, locked = threading.current_thread().name, False
    assert await database.glance(asked) == here
    locked = True
    assert (await database.glance(asked)).startswith("store-reader")
    assert await database.read(lambda c: _ask(c, "PRAGMA busy_timeout")) > 0  # not the one that does not wait


async def test_a_database_locked_by_another_process_is_unavailable_not_corrupt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.store.dialect._BUSY_MS", 50)
    path = tmp_path / "store.db"
    async with Database.open(f"sqlite:///{path}") as database:
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreUnavailable, match="locked"):
            await database.write(_add("one"))
        other.execute("ROLLBACK")
        other.close()
        assert await database.write(_add("one")) == "one"


async def test_a_newer_database_is_refused_with_the_way_out(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'store.db'}"
    async with Database.open(url) as database:
        await database.write(
            lambda c: c.execute(text("UPDATE alembic_version SET version_num='9999'")).rowcount
        )
    with pytest.raises(SchemaTooNew, match="newer release"):
        async with Database.open(url):
            pass


async def test_commits_reach_the_disk_before_they_are_answered(database: Database) -> None:
    pragmas = await database.write(
        lambda c: (
            c.execute(text("PRAGMA journal_mode")).scalar(),
            c.execute(text("PRAGMA synchronous")).scalar(),
        )
    )
    assert pragmas == ("wal", 2)  # 2 is FULL


async def test_a_commit_that_fails_does_not_keep_the_next_from_writing(database: Database) -> None:
    def orphan(connection: Connection) -> None:
        connection.execute(text("PRAGMA defer_foreign_keys = ON"))  # then it is the commit that fails
        connection.execute(text("INSERT INTO role VALUES ('per_no', 'sender', 'test', 1, 2)"))

    with pytest.raises(IntegrityError):
        await database.write(orphan)
    assert await database.write(_add("one")) == "one"
