"""Look at messages: one, a page by filter, their parts; and batches."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, RowMapping, Select, func, insert, or_, select, update

from gateway.ids import first_id
from gateway.model import FINAL, WAITING, HoldReason, Status
from gateway.store.schema import batch, message, part, template

_TICK: Final = timedelta(milliseconds=2)  # more than ids are exact to


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which messages; None is no condition."""

    person_id: str
    status: Status | None = None
    reference: str | None = None
    purpose: str | None = None
    batch_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    among: Collection[Status] = ()  # statuses; none is no condition


def _messages() -> Select[Any]:
    return select(message, template.c.name.label("template_name")).outerjoin(
        template, template.c.id == message.c.template_id
    )


def one(connection: Connection, ident: str) -> RowMapping | None:
    """Return one message."""
    return connection.execute(_messages().where(message.c.id == ident)).mappings().first()


def page(connection: Connection, wanted: Filter, before: str | None, limit: int) -> Sequence[RowMapping]:
    """Return messages, newest first, those before the id `before`."""
    way = _way(wanted)

    def said(name: str) -> ColumnElement[Any]:
        return message.c[name] if name in way else func.coalesce(message.c[name], "")

    names = ("person_id", "batch_id", "status", "reference", "purpose")
    given = {name: value for name in names if (value := getattr(wanted, name)) is not None}
    query = _messages().where(*(said(name) == value for name, value in given.items()))
    if wanted.among:
        query = query.where(said("status").in_(sorted(wanted.among)))
    query = query.where(*_within(wanted.since, wanted.until))
    if before is not None:
        query = query.where(message.c.id < before)
    return connection.execute(query.order_by(message.c.id.desc()).limit(limit)).mappings().all()


def _way(wanted: Filter) -> Collection[str]:
    """Return the columns of the index that leads to the fewest: no other is to know the conditions.

    A batch has few messages, and few are in most statuses; all but few are delivered.
    """
    if wanted.batch_id is not None:
        return ("batch_id",)
    if wanted.reference is not None:
        return ("person_id", "reference")
    common = wanted.status in (None, Status.DELIVERED) and not wanted.among
    if wanted.purpose is not None and common:
        return ("person_id", "purpose")
    return ("status",) if wanted.status is not None or wanted.among else ("person_id",)


def _within(since: datetime | None, until: datetime | None) -> Iterator[ColumnElement[bool]]:
    """Yield what keeps to a time; ids sort by it, so an index ends the search where the time does."""
    if since is not None:
        yield message.c.created_at >= since
        yield message.c.id >= first_id("msg", since)
    if until is not None:
        yield message.c.created_at < until
        yield message.c.id < first_id("msg", until + _TICK)


def parts_of(connection: Connection, idents: Sequence[str]) -> Mapping[str, Sequence[RowMapping]]:
    """Return the parts of each message, in order."""
    found: dict[str, list[RowMapping]] = {ident: [] for ident in idents}
    query = select(part).where(part.c.message_id.in_(idents)).order_by(part.c.message_id, part.c.number)
    for row in connection.execute(query).mappings():
        found[row["message_id"]].append(row)
    return found


def add_batch(connection: Connection, values: Mapping[str, Any]) -> None:
    """Insert a batch."""
    connection.execute(insert(batch).values(dict(values)))


def amend_batch(connection: Connection, ident: str, **values: object) -> None:
    """Change a batch."""
    connection.execute(update(batch).where(batch.c.id == ident).values(values))


def one_batch(connection: Connection, ident: str) -> RowMapping | None:
    """Return one batch."""
    return connection.execute(select(batch).where(batch.c.id == ident)).mappings().first()


def waiting_texts(connection: Connection, after: str, limit: int) -> Sequence[RowMapping]:
    """Return `id` and `body_sealed` of people's messages that wait, in order, those after the id `after`."""
    query = select(message.c.id, message.c.body_sealed).where(
        message.c.status.in_(sorted(WAITING)), message.c.person_id.is_not(None), message.c.id > after
    )
    return connection.execute(query.order_by(message.c.id).limit(limit)).mappings().all()


def held_of_batch(connection: Connection, ident: str, limit: int) -> Sequence[RowMapping]:
    """Return the messages of a batch that wait for it or for its approval, in order."""
    waits = (message.c.status == Status.HELD) & message.c.hold_reason.in_(
        (HoldReason.BATCH, HoldReason.APPROVAL)
    )
    query = select(message).where(message.c.batch_id == ident, waits).order_by(message.c.id)
    return connection.execute(query.limit(limit)).mappings().all()


def batch_content(connection: Connection, ident: str) -> RowMapping:
    """Return what a batch consists of: `messages`, `parts`, `template`, `purpose`, `first`, `expires_at`."""
    query = (
        select(
            func.count().label("messages"),
            func.sum(message.c.parts).label("parts"),
            func.min(template.c.name).label("template"),
            func.min(message.c.purpose).label("purpose"),
            func.min(message.c.id).label("first"),
            func.max(message.c.id).label("last"),
            func.max(message.c.template_id).label("template_id"),
            func.max(message.c.expires_at).label("expires_at"),
        )
        .outerjoin(template, template.c.id == message.c.template_id)
        .where(message.c.batch_id == ident)
    )
    return connection.execute(query).mappings().one()


def batches_accepting(connection: Connection) -> Sequence[str]:
    """Return the batches whose acceptance a crash cut off."""
    return connection.execute(select(batch.c.id).where(batch.c.status == "accepting")).scalars().all()


def batches_unsettled(connection: Connection) -> Sequence[str]:
    """Return the batches of which some messages are not yet what was decided about the batch."""
    held, reason = message.c.status == Status.HELD, message.c.hold_reason
    behind = or_(
        held & (reason == HoldReason.BATCH),
        held & (reason == HoldReason.APPROVAL) & (batch.c.status == "released"),
        message.c.status.in_(WAITING) & (batch.c.status == "cancelled"),
    )
    waiting = message.c.status.in_(WAITING)  # by the index of statuses
    query = select(batch.c.id).distinct().join(message, message.c.batch_id == batch.c.id)
    return connection.execute(query.where(waiting, behind)).scalars().all()


def batch_counts(connection: Connection, ident: str) -> Mapping[Status, int]:
    """Return how many messages of a batch are in each status."""
    query = (
        select(message.c.status, func.count()).where(message.c.batch_id == ident).group_by(message.c.status)
    )
    return {Status(status): count for status, count in connection.execute(query)}


def open_counts(connection: Connection) -> Mapping[Status, int]:
    """Return how many messages are in each status that is not final."""
    alive = [status for status in Status if status not in FINAL]
    query = (
        select(message.c.status, func.count()).where(message.c.status.in_(alive)).group_by(message.c.status)
    )
    return dict.fromkeys(alive, 0) | {Status(status): count for status, count in connection.execute(query)}
