"""One way to write: transactions run one after another in a thread of their own, committed in groups.

A transaction is a plain function of a connection. All that wait when the writer is free share one
commit (one fsync). If any of them fails, the group is rolled back and each runs again by itself, so
a function may run twice and must have no effect but on the database.
"""

from __future__ import annotations

import asyncio
import errno
import sqlite3
import threading
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import DatabaseError, OperationalError

from gateway.store import dialect
from gateway.store.schema_version import upgrade

T = TypeVar("T")
Transaction = Callable[[Connection], T]

_READERS = 2
_GROUP = 64


class StoreUnavailable(Exception):
    """The database cannot be read or written now (busy, full, gone); nothing was changed."""


class StoreDamaged(Exception):
    """The file is no database, or its contents are damaged; the message names the way out."""


@dataclass(slots=True)
class _Job:
    run: Transaction[Any]
    done: asyncio.Future[Any]


class Database:
    """Reads in parallel, writes in order. `write` returns only after the commit is on the disk."""

    def __init__(self, url: str) -> None:
        self._writer_engine = dialect.engine(url, writer=True, size=1)
        self._reader_engine = dialect.engine(url, writer=False, size=_READERS + 1)
        self._writer = ThreadPoolExecutor(1, "store-writer")
        self._readers = ThreadPoolExecutor(_READERS, "store-reader")
        self._connection: Connection | None = None  # the writer's
        self._own = threading.local()  # each reader's
        self._here: Connection | None = None  # the loop's
        self._read_by: list[Connection] = []
        self._waiting: deque[_Job] = deque()
        self._draining = False
        self.on_commit: Callable[[], None] = _nothing  # called in the loop; somebody may wait for news

    @classmethod
    @asynccontextmanager
    async def open(cls, url: str) -> AsyncIterator[Database]:
        """Open the database, bring its schema up to date, and close it at the end."""
        database = cls(url)
        try:
            loop = asyncio.get_running_loop()
            with _translated():
                await loop.run_in_executor(database._writer, upgrade, database._writer_engine)
            yield database
        finally:
            await database._close()

    async def write(self, transaction: Transaction[T]) -> T:
        """Run `transaction` and commit it; all of it happened, or none and this raises.

        Raises `StoreUnavailable` when the database refuses. Once given, it is carried out even if
        the caller is cancelled meanwhile.
        """
        loop = asyncio.get_running_loop()
        job = _Job(transaction, loop.create_future())
        self._waiting.append(job)
        if not self._draining:
            self._draining = True
            loop.run_in_executor(self._writer, self._drain, loop)
        result: T = await job.done
        return result

    async def read(self, query: Transaction[T]) -> T:
        """Run `query` on a consistent snapshot; it cannot write."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._readers, self._run_read, query)

    async def glance(self, query: Transaction[T]) -> T:
        """Do as `read` for a few rows found by key: right here, for to hand it to a thread takes longer.

        Where the database makes it wait, a thread waits.
        """
        try:
            if (here := self._at_hand()) is not None:
                with here.begin():
                    return query(here)
        except (DatabaseError, sqlite3.DatabaseError):
            self._let_go()
        return await self.read(query)

    def _at_hand(self) -> Connection | None:
        if self._here is None:
            self._here = dialect.unwaiting(self._reader_engine)
        return self._here

    def _let_go(self) -> None:
        if self._here is not None:
            self._here.invalidate()  # else a reader would get it, and not wait either
            self._here.close()
            self._here = None

    def _run_read(self, query: Transaction[T]) -> T:
        with _translated():
            connection = self._reading()
            with connection.begin():
                return query(connection)

    def _reading(self) -> Connection:
        """Return this thread's connection: to fetch one each time costs."""
        connection: Connection | None = getattr(self._own, "connection", None)
        if connection is None or connection.closed or connection.invalidated:
            connection = self._own.connection = self._reader_engine.connect()
            self._read_by.append(connection)
        return connection

    def _drain(self, loop: asyncio.AbstractEventLoop) -> None:
        """Carry out what waits, in groups (writer thread)."""
        while self._waiting:
            group = [self._waiting.popleft() for _ in range(min(len(self._waiting), _GROUP))]
            results = self._run_group(group)
            loop.call_soon_threadsafe(self._settle, group, results)
        loop.call_soon_threadsafe(self._drained, loop)

    def _run_group(self, group: list[_Job]) -> list[Any]:
        """Return each job's result, or the exception that it raised."""
        if len(group) > 1:
            try:
                with self._begun() as connection:
                    return [job.run(connection) for job in group]
            except Exception:  # noqa: BLE001, S110 - one of them: each again by itself, to learn which
                pass
        return [self._run_one(job) for job in group]

    def _run_one(self, job: _Job) -> Any:  # noqa: ANN401 - whatever the job returns
        try:
            with _translated(), self._begun() as connection:
                return job.run(connection)
        except Exception as exc:  # noqa: BLE001 - handed to the caller that awaits it
            return _Failure(exc)

    @contextmanager
    def _begun(self) -> Iterator[Connection]:
        """Begin a transaction on the writer's connection, which stays: to fetch it each time costs."""
        if self._connection is None or self._connection.closed or self._connection.invalidated:
            self._connection = self._writer_engine.connect()
        try:
            with self._connection.begin():
                yield self._connection
        except BaseException:
            # A commit that fails is no rollback to SQLAlchemy; the pool makes one of what comes back to it.
            dialect.forget(self._connection)
            self._connection.close()
            raise

    def _hang_up(self) -> None:
        if self._connection is not None:
            self._connection.close()

    def _settle(self, group: list[_Job], results: list[Any]) -> None:
        _settle(group, results)
        self.on_commit()

    def _drained(self, loop: asyncio.AbstractEventLoop) -> None:
        self._draining = bool(self._waiting)
        if self._draining:
            loop.run_in_executor(self._writer, self._drain, loop)

    async def _close(self) -> None:
        loop = asyncio.get_running_loop()
        while self._draining:
            await loop.run_in_executor(self._writer, _nothing)
        await loop.run_in_executor(self._writer, self._hang_up)
        self._writer.shutdown()
        self._readers.shutdown()  # once what is being read is read
        self._let_go()
        for connection in self._read_by:
            connection.close()
        for engine in (self._reader_engine, self._writer_engine):
            engine.dispose()


@dataclass(frozen=True, slots=True)
class _Failure:
    error: Exception


def _settle(group: list[_Job], results: list[Any]) -> None:
    for job, result in zip(group, results, strict=True):
        if job.done.cancelled():
            continue
        if isinstance(result, _Failure):
            job.done.set_exception(result.error)
        else:
            job.done.set_result(result)


def _nothing() -> None:
    """Pass through the writer's queue."""


class _translated:  # noqa: N801 - reads as a statement
    """Turn the driver's refusals into `StoreUnavailable`; leave every other error alone."""

    def __enter__(self) -> None: ...

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        cause = error.orig if isinstance(error, DatabaseError) else error  # prepared statements: the driver's
        if isinstance(error, OperationalError | sqlite3.OperationalError):
            raise StoreUnavailable(_sentence(cause)) from error
        if isinstance(cause, sqlite3.DatabaseError) and _is_damage(cause):
            raise StoreDamaged(
                f"the database is damaged: {cause}; stop the gateway, then put the last backup in its "
                "place: schoolgate restore"
            ) from error
        if isinstance(error, OSError) and error.errno == errno.ENOSPC:
            raise StoreUnavailable("the disk is full") from error


def _is_damage(error: sqlite3.DatabaseError) -> bool:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # without what extends it
    return code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def _sentence(cause: BaseException | None) -> str:
    if isinstance(cause, sqlite3.OperationalError):
        return f"the database says: {cause}"
    return "the database does not answer"
