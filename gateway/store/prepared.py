"""Statements of the hot path: compiled once, then straight to the driver.

What SQLAlchemy does anew at every execution takes several times as long as SQLite does. Only for statements
whose parameters are all plain: no lists for IN.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Select, UpdateBase
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.selectable import CompoundSelect

from gateway.store import dialect

Values = Mapping[str, Any]
Row = Mapping[Any, Any]
_Turn = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class _Ready:
    """A statement as the driver takes it."""

    sql: str
    given: tuple[tuple[str, Any, _Turn | None], ...]  # in order: name, default, conversion

    def parameters(self, values: Values) -> list[Any]:
        return [
            turn(values.get(name, default)) if turn is not None else values.get(name, default)
            for name, default, turn in self.given
        ]


class Prepared:
    """A statement to be run often. Other databases than SQLite are spoken to in SQLAlchemy's own way."""

    def __init__(self, statement: Select[Any] | CompoundSelect[Any] | UpdateBase) -> None:
        """Compile nothing yet: which columns an INSERT or UPDATE sets is seen from the values of a call."""
        self._statement: Final = statement
        self._names: Final = tuple(str(column.key) for column in statement.exported_columns)
        self._ready: dict[tuple[str, ...], _Ready] = {}
        self._turns: tuple[tuple[int, _Turn], ...] = ()  # columns whose values are not as the driver has them

    def run(self, connection: Connection, values: Values) -> int:
        """Return how many rows were changed."""
        driver = self._driver(connection)
        if driver is None:
            return connection.execute(self._statement, dict(values)).rowcount
        ready = self._for(connection, values)
        return driver.execute(ready.sql, ready.parameters(values)).rowcount

    def run_many(self, connection: Connection, rows: Sequence[Values]) -> None:
        """Run it for each of `rows`, which have the same keys."""
        driver = self._driver(connection)
        if driver is None:
            connection.execute(self._statement, [dict(row) for row in rows])
        elif rows:
            ready = self._for(connection, rows[0])
            driver.executemany(ready.sql, [ready.parameters(row) for row in rows])

    def rows(self, connection: Connection, values: Values) -> list[Row]:
        """Return all rows, each by column name."""
        driver = self._driver(connection)
        if driver is None:
            return [dict(row) for row in connection.execute(self._statement, dict(values)).mappings()]
        ready = self._for(connection, values)
        return [self._row(found) for found in driver.execute(ready.sql, ready.parameters(values)).fetchall()]

    def first(self, connection: Connection, values: Values) -> Row | None:
        """Return the first row, None where there is none."""
        found = self.rows(connection, values)
        return found[0] if found else None

    def _driver(self, connection: Connection) -> sqlite3.Connection | None:
        if not connection.in_transaction():
            connection.begin()  # as SQLAlchemy does before the first statement
        driver = connection.connection.driver_connection
        if not isinstance(driver, sqlite3.Connection):
            return None
        dialect.changes(connection, self._statement)
        return driver

    def _row(self, found: Sequence[Any]) -> Row:
        if self._turns:
            found = list(found)
            for place, turn in self._turns:
                found[place] = turn(found[place])
        return dict(zip(self._names, found, strict=True))

    def _for(self, connection: Connection, values: Values) -> _Ready:
        keys = tuple(values)
        if (ready := self._ready.get(keys)) is None:
            ready = self._ready[keys] = self._prepare(connection, keys)
        return ready

    def _prepare(self, connection: Connection, keys: tuple[str, ...]) -> _Ready:
        speaks = connection.dialect
        compiled = self._statement.compile(dialect=speaks, column_keys=list(keys))
        assert isinstance(compiled, SQLCompiler)  # noqa: S101 - it is no DDL
        if compiled.post_compile_params or compiled.literal_execute_params:
            raise TypeError(f"no plain parameters: {compiled}")
        self._turns = tuple(
            (place, turn)
            for place, column in enumerate(self._statement.exported_columns)
            if (turn := column.type.dialect_impl(speaks).result_processor(speaks, None)) is not None
        )
        given = []
        for name in compiled.positiontup or ():
            bind = compiled.binds[name]
            if bind.required and bind.key not in keys and name not in keys:
                raise TypeError(f"{name} is not among {keys}")
            turn = bind.type.dialect_impl(speaks).bind_processor(speaks)
            given.append((name, None if bind.callable else bind.value, turn))
        return _Ready(str(compiled), tuple(given))
