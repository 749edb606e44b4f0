"""Copies of a database: made while it is in use, examined, and opened beside it. SQLite's own ways."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, Engine, select

from gateway.store import dialect
from gateway.store.schema import metadata
from gateway.store.schema_version import upgrade
from gateway.store.seal import Keyring

_SEALED = "_sealed"
_TABLES = "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name"
_STEP = 512  # pages a step: a writer is never kept waiting for long
_PAUSE = 0.005  # seconds between steps


class CopyDamaged(Exception):
    """A database file is no database of ours, or damaged; the message says how that shows."""


@dataclass(frozen=True, slots=True)
class Contents:
    """What a database holds: the revision of its schema, and rows by table."""

    schema: str
    rows: Mapping[str, int]


def copy_live(source: Path, target: Path) -> Contents:
    """Copy a database that may be in use to a new file: one consistent state, checked, without side files.

    Writers go on meanwhile: the state that is copied is held on to, else each commit of another process would
    make the copy begin anew (sqlite3_backup_step). Returns what is in it. Raises `CopyDamaged` where the
    source is damaged, `OSError` where the disk refuses.
    """
    with (
        _refusals(source, target),
        closing(_opened(source)) as live,
        closing(sqlite3.connect(target)) as copy,
        target.open("rb") as written,
    ):
        live.execute("BEGIN")
        live.execute("SELECT count(*) FROM sqlite_schema").fetchone()  # from here on it is this state
        # Each step onto the disk at once: else a commit of the gateway waits for all that the kernel put off.
        live.backup(copy, pages=_STEP, sleep=_PAUSE, progress=lambda *_: os.fdatasync(written))
        live.rollback()
        copy.execute("PRAGMA journal_mode=DELETE")
    target.chmod(0o600)
    return examine(target)


def examine(path: Path) -> Contents:
    """Check every page, index and reference; return what is there. Raises `CopyDamaged`."""
    with _refusals(path), closing(_opened(path)) as connection:
        faults = [row[0] for row in connection.execute("PRAGMA integrity_check(5)") if row[0] != "ok"]
        faults += [f"{row[0]} refers to nothing" for row in connection.execute("PRAGMA foreign_key_check")][
            :5
        ]
        if faults:
            raise CopyDamaged(f"{path}: {'; '.join(faults)}")
        schema = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        tables = [row[0] for row in connection.execute(_TABLES) if not row[0].startswith("sqlite_")]
        rows = {name: connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in tables}  # noqa: S608
        return Contents(schema[0] if schema else "", rows)


def open_samples(path: Path, keyring: Keyring) -> int:
    """Open the newest value of each sealed column; return how many there were. Raises `SealBrokenError`."""
    opened = 0
    with _refusals(path), closing(_opened(path)) as connection:
        there = {row[0] for row in connection.execute(_TABLES)}
        for table in (each for each in metadata.sorted_tables if each.name in there and "id" in each.c):
            for column in (each.name for each in table.c if each.name.endswith(_SEALED)):
                newest = select(table.c.id, table.c[column]).where(table.c[column].is_not(None))
                row = connection.execute(f"{newest} ORDER BY rowid DESC LIMIT 1").fetchone()
                if row is not None:
                    keyring.open(table.name, column.removesuffix(_SEALED), row[0], row[1])
                    opened += 1
    return opened


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Make sure that nobody else has the database open; raise `BlockingIOError` where somebody has.

    Afterwards everything is in the one file, without side files.
    """
    with closing(sqlite3.connect(path, timeout=1, isolation_level=None)) as connection:
        try:
            connection.execute("PRAGMA journal_mode=DELETE")  # needs the database for itself
        except sqlite3.OperationalError as exc:
            raise BlockingIOError(f"{path} is in use") from exc
        except sqlite3.DatabaseError:
            pass  # damaged: nobody can use it
        yield


@contextmanager
def upgraded(path: Path) -> Iterator[Connection]:
    """Bring a copy to this release's schema, and yield a connection in a transaction of its own."""
    with _engine(path) as engine:
        upgrade(engine)
        with engine.connect() as connection, connection.begin():
            yield connection


@contextmanager
def as_it_is(path: Path) -> Iterator[Connection]:
    """Yield such a connection to a database whose schema stays, whatever it is."""
    with _engine(path) as engine, engine.connect() as connection, connection.begin():
        yield connection


@contextmanager
def _engine(path: Path) -> Iterator[Engine]:
    engine = dialect.engine(f"sqlite:///{path}", writer=True, size=1)
    try:
        yield engine
    finally:
        engine.dispose()


def _opened(path: Path) -> sqlite3.Connection:
    if not path.is_file():
        raise CopyDamaged(f"{path}: there is no such file")
    return sqlite3.connect(f"file:{path}?mode=ro", uri=True)


@contextmanager
def _refusals(path: Path, target: Path | None = None) -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as exc:
        if target is not None and exc.sqlite_errorcode == sqlite3.SQLITE_FULL:
            raise OSError(f"{target.parent}: the disk is full") from exc
        raise OSError(f"{path}: {exc}") from exc
    except sqlite3.DatabaseError as exc:
        raise CopyDamaged(f"{path}: {exc}") from exc
