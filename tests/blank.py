"""An empty database of the present schema, migrated once for all tests of a process."""

from __future__ import annotations

import os
import tempfile
from contextlib import AbstractAsyncContextManager
from functools import lru_cache
from pathlib import Path

from gateway.store import Database, dialect
from gateway.store.schema_version import upgrade


def blank(path: Path) -> None:
    """Put one at `path`, where there must be none."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(_migrated())


def fresh(path: Path) -> AbstractAsyncContextManager[Database]:
    """Put one at `path`, and open it."""
    blank(path)
    return Database.open(f"sqlite:///{path}")


@lru_cache
def _migrated() -> bytes:
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "blank.db"
        engine = dialect.engine(f"sqlite:///{path}", writer=True, size=1)
        upgrade(engine)
        engine.dispose()  # the last to close it leaves all of it in the one file
        assert not list(path.parent.glob("*-wal"))
        return path.read_bytes()
