"""Everything that SQLite and PostgreSQL do differently. Nothing else in the store may know."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine, SelectBase, Table, UpdateBase, create_engine, event
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine import Connection, make_url

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql

_REMEMBERED, _VERSION = "remembered", "version"
# The tables of which rows are remembered.
_SOURCES = frozenset({"person", "role", "standing", "api_key", "template"})
_BUSY_MS = 10_000  # another process (the command line) may be writing


def engine(url: str, *, writer: bool, size: int) -> Engine:
    """Return an engine for `url`; a writer takes the write lock at BEGIN, a reader cannot write."""
    if make_url(url).get_backend_name() != "sqlite":
        return create_engine(url, pool_size=size)
    made = create_engine(url, pool_size=size, max_overflow=0, connect_args={"check_same_thread": False})

    @event.listens_for(made, "connect")
    def _connect(connection: sqlite3.Connection, _record: object) -> None:
        try:
            _set_up(connection, writer=writer)
        except BaseException:  # the pool has not taken it yet, and would not close it
            connection.close()
            raise

    @event.listens_for(made, "begin")
    def _begin(connection: Connection) -> None:
        driver = connection.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)  # noqa: S101 - the dialect says so
        driver.execute("BEGIN IMMEDIATE" if writer else "BEGIN")
        version = driver.execute("PRAGMA data_version").fetchone()  # has another written?
        if connection.info.get(_VERSION) != version:
            connection.info[_REMEMBERED] = {}
        connection.info[_VERSION] = version

    @event.listens_for(made, "rollback")
    def _rollback(connection: Connection) -> None:
        connection.info[_REMEMBERED] = {}

    @event.listens_for(made, "before_execute")
    def _before(connection: Connection, statement: object, *_rest: object) -> None:
        changes(connection, statement)

    return made


def _set_up(connection: sqlite3.Connection, *, writer: bool) -> None:
    connection.isolation_level = None  # BEGIN is ours
    for pragma in (
        f"busy_timeout={_BUSY_MS}",
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "secure_delete=ON",
        "cache_size=-500",  # KiB; the kernel keeps the file, too
        *(() if writer else ("query_only=ON",)),
    ):
        connection.execute(f"PRAGMA {pragma}").close()


def unwaiting(engine: Engine) -> Connection | None:
    """Return a connection that fails rather than waits; None where each answer comes over a network."""
    if engine.dialect.name != "sqlite":
        return None
    connection = engine.connect()
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)  # noqa: S101 - the dialect says so
    driver.execute("PRAGMA busy_timeout=0").close()
    return connection


def remembered(connection: Connection) -> dict[Any, Any]:
    """Return what was read already from `_SOURCES` and has not changed since, whoever might have changed it.

    It is kept from one transaction to the next until this connection changes one of them, or another writes.
    """
    if connection.dialect.name != "sqlite":  # others write at the same time there
        return {}
    kept: dict[Any, Any] = connection.info[_REMEMBERED]
    return kept


def forget(connection: Connection) -> None:
    """Forget what was remembered: what it was learnt from did not happen."""
    if not (connection.closed or connection.invalidated):
        connection.info[_REMEMBERED] = {}


def changes(connection: Connection, statement: object) -> None:
    """Forget what was remembered if `statement` may change it."""
    if isinstance(statement, UpdateBase) and getattr(statement.table, "name", "") not in _SOURCES:
        return
    if not isinstance(statement, SelectBase):
        connection.info[_REMEMBERED] = {}


def insert(connection: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """Return an INSERT that knows ON CONFLICT on this connection's database."""
    if connection.dialect.name == "postgresql":
        from sqlalchemy.dialects import postgresql  # 4 MB that SQLite does not need

        return postgresql.insert(table)
    return sqlite.insert(table)


@contextmanager
def any_text(connection: Connection) -> Iterator[None]:
    """Read text that is no UTF-8 as what it is not, rather than fail: somebody changed a byte of it."""
    if connection.dialect.name != "sqlite":
        yield
        return
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)  # noqa: S101 - the dialect says so
    driver.text_factory = lambda stored: stored.decode(errors="surrogateescape")
    try:
        yield
    finally:
        driver.text_factory = str
