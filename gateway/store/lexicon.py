"""The versions of the organisation's own words."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, Select, func, insert, select, update

from gateway.store.schema import lexicon, person

_author = person.alias("author")
_approver = person.alias("approver")


def _rows() -> Select[Any]:
    return (
        select(lexicon, _author.c.handle.label("author"), _approver.c.handle.label("approver"))
        .join(_author, _author.c.id == lexicon.c.author_id)
        .outerjoin(_approver, _approver.c.id == lexicon.c.approver_id)
    )


def add(connection: Connection, values: Mapping[str, Any]) -> int:
    """Insert a draft as the next version; return that version."""
    last = connection.execute(select(func.max(lexicon.c.version))).scalar() or 0
    connection.execute(insert(lexicon).values(version=last + 1, **values))
    return int(last) + 1


def one(connection: Connection, ident: str) -> RowMapping | None:
    """Return one version."""
    return connection.execute(_rows().where(lexicon.c.id == ident)).mappings().first()


def published(connection: Connection) -> RowMapping | None:
    """Return the version in force; None where there is none."""
    return connection.execute(_rows().where(lexicon.c.status == "published")).mappings().first()


def every(connection: Connection) -> Sequence[RowMapping]:
    """Return all versions, newest first."""
    return connection.execute(_rows().order_by(lexicon.c.version.desc())).mappings().all()


def publish(connection: Connection, ident: str, *, approver_id: str, now: datetime) -> None:
    """Put a draft in force; the version before it is retired."""
    before = lexicon.c.status == "published"
    connection.execute(update(lexicon).where(before).values(status="retired", ended_at=now))
    values = {"status": "published", "approver_id": approver_id, "published_at": now}
    connection.execute(update(lexicon).where(lexicon.c.id == ident).values(values))


def refuse(connection: Connection, ident: str, now: datetime) -> bool:
    """End a draft; False where it is none."""
    statement = update(lexicon).where(lexicon.c.id == ident, lexicon.c.status == "draft")
    return connection.execute(statement.values(status="refused", ended_at=now)).rowcount > 0


def stored(path: Path) -> tuple[int, str] | None:
    """Return version and document in force in a database file, without opening it for more than that.

    None where there is no such file, or it is older than own words are. Raises `OSError` where it cannot
    be read.
    """
    if not path.exists():
        return None
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            found = connection.execute(_STORED).fetchone()
    except sqlite3.OperationalError as exc:
        if "no such table" in str(exc):
            return None
        raise OSError(f"{path}: {exc}") from exc
    return None if found is None else (int(found[0]), str(found[1]))


_STORED: Final = "SELECT version, document FROM lexicon WHERE status = 'published'"
