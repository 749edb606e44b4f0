"""Which part goes next: in order of priority and age, among those that a modem may take."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    bindparam,
    exists,
    literal_column,
    or_,
    select,
    union_all,
)

from gateway.model import OnDoubt, Status
from gateway.store.prepared import Prepared, Row
from gateway.store.schema import message, part
from gateway.store.seal import Keyring


@dataclass(frozen=True, slots=True)
class Candidate:
    """A part and what is needed to decide on it and to build its PDU."""

    message_id: str
    number: int
    total: int
    number_index: bytes
    to: str
    kind: str
    purpose: str
    template_id: str | None
    key_id: str | None
    body: str
    concat_reference: int | None
    attempts: int
    expires_at: datetime
    wording: str | None
    more: bool  # something else is due after it
    priority: int = 0
    doubted: bool = False  # it was sent before, and may be there


@dataclass(frozen=True, slots=True)
class Course:
    """What a modem may take now, where there are rules."""

    lanes: tuple[str, ...]
    most: int  # the last priority


_ON_ITS_WAY: list[ColumnElement[str]] = [
    literal_column(f"'{each.value}'") for each in (Status.SENT, Status.DELIVERED, Status.UNDELIVERED)
]
QUEUED = part.c.status == literal_column("'queued'")  # a literal, so that the partial index is used


def next_queued(
    connection: Connection, keyring: Keyring, modem: str, now: datetime, course: Course | None = None
) -> Candidate | None:
    """Return the first part that this modem may take: in order of priority, age and part number.

    A part waits for the earlier parts of its message, and a message stays with the modem that sent
    its first part (one sender, one concatenation reference).
    """
    values: dict[str, Any] = {"now": now, "modem": modem}
    statement = _NEXT
    if course is not None:
        values |= {"most": course.most} | {f"lane{i}": lane for i, lane in enumerate(course.lanes)}
        statement = _next_of(len(course.lanes))
    rows = statement.rows(connection, values)
    return _candidate(keyring, rows[0], more=len(rows) > 1) if rows else None


_earlier = part.alias("earlier")
_ORDER = ("priority", "message_id", "number")
_next = (
    select(
        part.c.message_id,
        part.c.number,
        part.c.number_index,
        part.c.attempts,
        part.c.priority,
        part.c.expires_at,
        part.c.wording,
        message.c.parts,
        message.c.number_sealed,
        message.c.kind,
        message.c.purpose,
        message.c.template_id,
        message.c.key_id,
        message.c.body_sealed,
        message.c.concat_reference,
        message.c.on_doubt,
    )
    .join(message, message.c.id == part.c.message_id)
    .where(
        QUEUED,
        part.c.not_before <= bindparam("now"),
        or_(part.c.modem.is_(None), part.c.modem == bindparam("modem")),
        or_(
            part.c.number == 1,
            ~exists().where(
                _earlier.c.message_id == part.c.message_id,
                _earlier.c.number < part.c.number,
                _earlier.c.status.not_in(_ON_ITS_WAY),
            ),
        ),
    )
    .order_by(*(part.c[each] for each in _ORDER))
    .limit(2)  # the second tells that more follows
)
_NEXT = Prepared(_next.where(part.c.lane == literal_column("''")))


@cache
def _next_of(lanes: int) -> Prepared:
    """Return the statement for so many lanes: each is looked up in the index by itself."""
    each = [
        _next.where(part.c.lane == bindparam(f"lane{index}"), part.c.priority <= bindparam("most"))
        for index in range(lanes)
    ]
    found = union_all(*(select(one.subquery()) for one in each)).subquery("found")
    return Prepared(select(found).order_by(*(found.c[column] for column in _ORDER)).limit(2))


def _candidate(keyring: Keyring, row: Row, *, more: bool) -> Candidate:
    return candidate(
        keyring,
        row,
        row["message_id"],
        number=row["number"],
        concat_reference=row["concat_reference"],
        attempts=row["attempts"],
        priority=row["priority"],
        wording=row["wording"],
        more=more or row["number"] < row["parts"],
        doubted=row["on_doubt"] == OnDoubt.RESENT and row["attempts"] > 0,
    )


def candidate(keyring: Keyring, row: Row | RowMapping, ident: str, **of_part: Any) -> Candidate:  # noqa: ANN401 - the fields of `Candidate`
    """Return a part with what its message says, opened; `of_part` is what is known of the part itself."""
    return Candidate(
        message_id=ident,
        total=row["parts"],
        number_index=row["number_index"],
        to=keyring.open("message", "number", ident, row["number_sealed"]),
        kind=row["kind"],
        purpose=row["purpose"],
        template_id=row["template_id"],
        key_id=row["key_id"],
        body=keyring.open("message", "body", ident, row["body_sealed"]),
        expires_at=row["expires_at"],
        **of_part,
    )
