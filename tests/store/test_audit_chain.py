"""Clause 1.3: every change of the audit log shows, whoever makes it and wherever (real SQLite)."""

# ruff: noqa: S608 - the intruder writes SQL as it comes

from __future__ import annotations

import asyncio
import sqlite3
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, text

from gateway.store import Database, audit, dialect, schema_version
from gateway.verify_audit import START, Broken, Chain

NOW = datetime(2026, 3, 1, 2, 30, tzinfo=UTC)
COLUMNS = ("seq", "at", "actor", "action", "target", "outcome", "clauses", "detail", "prev", "hash")


def some(count: int) -> list[dict[str, object]]:
    return [
        audit.row(
            NOW + timedelta(seconds=number),
            actor="jsmith",
            action="submit",
            target=f"msg_{number}",
            outcome="DENY" if number % 2 else "ALLOW",
            clauses=["4.1", "7.2"],
            detail={"codes": ["CONSENT_MISSING"], "parts": number, "zeta": {"é": None, "a": [1.5, True]}},
        )
        for number in range(1, count + 1)
    ]


def checked(connection: Connection) -> Chain:
    chain = Chain()
    while found := audit.entries(connection, chain.seq, 3):
        for each in found:
            chain.take(each)
    return chain


def judged(path: Path) -> Chain:
    """Check the log of a database file."""
    engine = dialect.engine(f"sqlite:///{path}", writer=False, size=1)
    try:
        with engine.connect() as connection, connection.begin():
            return checked(connection)
    finally:
        engine.dispose()


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Return a database with seven entries, as its file's bytes, without triggers: the intruder's view."""
    path = tmp_path_factory.mktemp("audit") / "store.db"
    engine = dialect.engine(f"sqlite:///{path}", writer=True, size=1)
    schema_version.upgrade(engine)
    with engine.connect() as connection, connection.begin():
        audit.append(connection, some(7))
    with engine.connect() as connection, connection.begin():
        for name in ("audit_no_update", "audit_no_delete", "audit_continues"):
            connection.execute(text(f"DROP TRIGGER {name}"))
    engine.dispose()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")
    return path.read_bytes()


@pytest.fixture(scope="module")
def spoilt(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return where a test puts its copy."""
    return tmp_path_factory.mktemp("spoilt") / "store.db"


async def test_entries_of_one_transaction_and_of_many_continue_each_other(database: Database) -> None:
    await database.write(lambda c: audit.append(c, some(3)))
    await asyncio.gather(*(database.write(lambda c: audit.append(c, some(2))) for _ in range(20)))
    chain = await database.read(checked)
    assert chain.seq == 43
    assert await database.read(audit.last) == (43, chain.hash)


async def test_what_was_rolled_back_leaves_no_gap(database: Database) -> None:
    def failing(connection: Connection) -> None:
        audit.append(connection, some(4))
        raise LookupError

    done = await asyncio.gather(
        *(database.write(failing if n == 3 else lambda c: audit.append(c, some(1))) for n in range(9)),
        return_exceptions=True,
    )
    assert sum(isinstance(each, LookupError) for each in done) == 1
    assert (await database.read(checked)).seq == 8


async def test_an_empty_log_is_whole(database: Database) -> None:
    assert await database.read(audit.last) == (0, START)
    assert (await database.read(checked)).seq == 0


async def test_what_is_read_back_is_what_was_written(database: Database) -> None:
    (entry,) = some(1)
    given = entry | {"now": entry["at"], "detail": {1: "x", 10: "y", 2: (3,)}}
    del given["at"]
    await database.write(lambda c: audit.record(c, given.pop("now"), **given))
    (row,) = await database.read(lambda c: audit.of_target(c, "msg_1"))
    assert row["detail"] == {"1": "x", "2": [3], "10": "y"}
    assert row["at"] == NOW + timedelta(seconds=1)
    assert (await database.read(checked)).seq == 1


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET outcome = 'ALLOW' WHERE seq = 1",
        "DELETE FROM audit WHERE seq = 3",
        "DELETE FROM audit",
        "INSERT OR REPLACE INTO audit SELECT * FROM audit WHERE seq = 2",
        "INSERT INTO audit SELECT 9, at, actor, action, target, outcome, clauses, detail, prev, hash "
        "FROM audit WHERE seq = 3",
        "INSERT INTO audit SELECT 4, at, actor, action, target, outcome, clauses, detail, prev, hash "
        "FROM audit WHERE seq = 3",
    ],
)
async def test_1_3_the_database_refuses_to_change_the_log(database: Database, statement: str) -> None:
    await database.write(lambda c: audit.append(c, some(3)))
    with pytest.raises(Exception, match="the audit log only grows"):
        await database.write(lambda c: c.execute(text(statement)))
    assert (await database.read(checked)).seq == 3


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_1_3_any_changed_byte_of_any_field_of_any_row_is_found(
    original: bytes, spoilt: Path, data: st.DataObject
) -> None:
    spoilt.write_bytes(original)
    seq, column = data.draw(st.integers(1, 7)), data.draw(st.sampled_from(COLUMNS[2:]))
    with closing(sqlite3.connect(spoilt)) as connection:
        connection.execute("PRAGMA journal_mode=MEMORY")
        kind, stored = connection.execute(
            f"SELECT typeof({column}), CAST({column} AS BLOB) FROM audit WHERE seq = ?", (seq,)
        ).fetchone()
        changed = bytearray(stored)
        changed[data.draw(st.integers(0, len(stored) - 1))] ^= data.draw(st.integers(1, 255))
        cast = "TEXT" if kind == "text" else "BLOB"
        connection.execute(
            f"UPDATE audit SET {column} = CAST(? AS {cast}) WHERE seq = ?", (bytes(changed), seq)
        )
        connection.commit()
    with pytest.raises(Broken) as caught:
        judged(spoilt)
    assert caught.value.seq == seq


@settings(max_examples=60, deadline=None)
@given(seq=st.integers(1, 7), at=st.integers(-(2**63), 2**63 - 1))
def test_a_changed_instant_is_found(original: bytes, spoilt: Path, seq: int, at: int) -> None:
    spoilt.write_bytes(original)
    with closing(sqlite3.connect(spoilt)) as connection:
        before = connection.execute("SELECT at FROM audit WHERE seq = ?", (seq,)).fetchone()[0]
        connection.execute("UPDATE audit SET at = ? WHERE seq = ?", (at, seq))
        connection.commit()
    if at == before:
        return
    with pytest.raises(Broken) as caught:
        judged(spoilt)
    assert caught.value.seq == seq


@pytest.mark.parametrize("seq", range(1, 8))
@pytest.mark.parametrize("column", COLUMNS[2:])
def test_the_same_bytes_as_another_kind_of_value_are_found(
    original: bytes, spoilt: Path, column: str, seq: int
) -> None:
    spoilt.write_bytes(original)
    with closing(sqlite3.connect(spoilt)) as connection:
        other = "TEXT" if column in ("prev", "hash") else "BLOB"
        connection.execute(f"UPDATE audit SET {column} = CAST({column} AS {other}) WHERE seq = ?", (seq,))
        connection.commit()
    with pytest.raises(Broken) as caught:
        judged(spoilt)
    assert caught.value.seq == seq


@pytest.mark.parametrize(
    ("statements", "seq", "said"),
    [
        (["DELETE FROM audit WHERE seq = 1"], 1, "missing"),
        (["DELETE FROM audit WHERE seq = 4"], 4, "missing"),
        (["DELETE FROM audit WHERE seq IN (3, 4, 5)"], 3, "missing"),
        (  # a row removed, and those after it moved up
            ["DELETE FROM audit WHERE seq = 4", "UPDATE audit SET seq = seq - 1 WHERE seq > 4"],
            4,
            "changed",
        ),
        (
            [
                "UPDATE audit SET seq = 100 WHERE seq = 3",
                "UPDATE audit SET seq = 3 WHERE seq = 4",
                "UPDATE audit SET seq = 4 WHERE seq = 100",
            ],
            3,
            "changed",
        ),
        (  # room made, and a copy put there
            [
                "UPDATE audit SET seq = seq + 101 WHERE seq > 3",
                "UPDATE audit SET seq = seq - 100 WHERE seq > 100",
                "INSERT INTO audit SELECT 4, at, actor, action, target, outcome, clauses, detail, prev, hash "
                "FROM audit WHERE seq = 3",
            ],
            4,
            "changed",
        ),
    ],
)
def test_removed_swapped_and_inserted_rows_are_found(
    original: bytes, spoilt: Path, statements: list[str], seq: int, said: str
) -> None:
    spoilt.write_bytes(original)
    with closing(sqlite3.connect(spoilt)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()
    with pytest.raises(Broken, match=said) as caught:
        judged(spoilt)
    assert caught.value.seq == seq


def test_a_row_replaced_with_a_good_hash_of_its_own_does_not_fit_the_next(
    original: bytes, spoilt: Path
) -> None:
    spoilt.write_bytes(original)
    with closing(sqlite3.connect(spoilt)) as connection:
        names = ", ".join(COLUMNS)
        later = connection.execute(f"SELECT {names} FROM audit WHERE seq > 4").fetchall()
        connection.execute("DELETE FROM audit WHERE seq >= 4")
        connection.commit()
    engine = dialect.engine(f"sqlite:///{spoilt}", writer=True, size=1)
    with engine.connect() as connection, connection.begin():
        audit.append(connection, [some(4)[3] | {"outcome": "DENY"}])
        marks = ", ".join("?" * len(COLUMNS))
        for row in later:
            connection.exec_driver_sql(f"INSERT INTO audit ({names}) VALUES ({marks})", row)
    engine.dispose()
    with pytest.raises(Broken, match="one of the two was replaced") as caught:
        judged(spoilt)
    assert caught.value.seq == 5


def test_what_was_logged_before_there_was_a_chain_is_chained(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    engine = dialect.engine(f"sqlite:///{path}", writer=True, size=1)
    config = Config()
    config.set_main_option("script_location", str(Path(schema_version.__file__).with_name("migrations")))
    with engine.connect() as connection, connection.begin():
        config.attributes["connection"] = connection
        command.upgrade(config, "0002")
        for number in (1, 2, 5):
            connection.execute(
                text("INSERT INTO audit VALUES (:n, :n, 'é', 'submit', 'm', 'ALLOW', '[\"4.1\"]', :d)"),
                {"n": number, "d": '{"b": 1, "a": "\u00e9"}'},
            )
    schema_version.upgrade(engine)
    with engine.connect() as connection, connection.begin():
        assert checked(connection).seq == 3
        audit.append(connection, some(2))
        assert checked(connection).seq == 5
        assert audit.of_target(connection, "m")[0]["detail"] == {"a": "é", "b": 1}
    engine.dispose()


async def test_an_entry_costs_a_fraction_of_a_millisecond(database: Database) -> None:
    """The best of many runs: a busy machine has its bad moments, the work has not."""

    async def best(count: int) -> float:
        def one(connection: Connection) -> float:
            began = time.perf_counter()
            audit.append(connection, rows)
            return (time.perf_counter() - began) / count

        rows = some(count)
        return min([await database.write(one) for _ in range(50)])

    single, many = await best(1), await best(100)
    assert (many < 0.0002, single < 0.0005) == (True, True), (many, single)
