"""Templates and their versions (clause 3.3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, bindparam, case, func, insert, select, update

from gateway.store import dialect
from gateway.store.prepared import Prepared, Row
from gateway.store.schema import person, template

_author = person.alias("author")
_approver = person.alias("approver")


def _rows() -> Select[Any]:
    return (
        select(template, _author.c.handle.label("author"), _approver.c.handle.label("approver"))
        .join(_author, _author.c.id == template.c.author_id)
        .outerjoin(_approver, _approver.c.id == template.c.approver_id)
    )


_ONE = Prepared(_rows().where(template.c.id == bindparam("ident")))
_CURRENT = Prepared(
    _rows()
    .where(template.c.name == bindparam("name"), template.c.language == bindparam("language"))
    .order_by(case((template.c.status == "approved", 0), else_=1), template.c.version.desc())
    .limit(1)
)


def add(connection: Connection, values: Mapping[str, Any]) -> int:
    """Insert a draft as the next version of its name and language; return that version."""
    same = (template.c.name == values["name"]) & (template.c.language == values["language"])
    last = connection.execute(select(func.max(template.c.version)).where(same)).scalar() or 0
    connection.execute(insert(template).values(version=last + 1, **values))
    return int(last) + 1


def one(connection: Connection, ident: str) -> Row | None:
    """Return one version."""
    return _remembered(connection, _ONE, {"ident": ident})


def current(connection: Connection, name: str, language: str) -> Row | None:
    """Return the version that sends: the newest approved one; else the newest, which cannot."""
    return _remembered(connection, _CURRENT, {"name": name, "language": language})


def _remembered(connection: Connection, question: Prepared, values: Mapping[str, str]) -> Row | None:
    """Return the first row; one that is not there is not remembered: callers choose the names."""
    kept, place = dialect.remembered(connection), ("template", *values.values())
    found: Row | None = kept.get(place) or question.first(connection, values)
    if found is not None:
        kept[place] = found
    return found


def newest(connection: Connection, name: str, language: str) -> RowMapping | None:
    """Return the newest version, whatever its status."""
    query = _rows().where(template.c.name == name, template.c.language == language)
    return connection.execute(query.order_by(template.c.version.desc()).limit(1)).mappings().first()


def every(connection: Connection, name: str | None, status: str | None) -> Sequence[RowMapping]:
    """Return versions by name, language and version."""
    query = _rows()
    if name is not None:
        query = query.where(template.c.name == name)
    if status is not None:
        query = query.where(template.c.status == status)
    order = query.order_by(template.c.name, template.c.language, template.c.version)
    return connection.execute(order).mappings().all()


def approve(
    connection: Connection, row: Row, *, approver_id: str, now: datetime, expires_at: datetime
) -> None:
    """Make a draft the version that sends; the one before it is retired."""
    same = (template.c.name == row["name"]) & (template.c.language == row["language"])
    before = same & (template.c.status == "approved")
    connection.execute(update(template).where(before).values(status="retired", retired_at=now))
    connection.execute(
        update(template)
        .where(template.c.id == row["id"])
        .values(status="approved", approver_id=approver_id, approved_at=now, expires_at=expires_at)
    )


def retire(connection: Connection, ident: str, now: datetime) -> None:
    """End a version's life."""
    connection.execute(
        update(template).where(template.c.id == ident).values(status="retired", retired_at=now)
    )
