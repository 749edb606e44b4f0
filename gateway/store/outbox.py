"""The outbox: messages and their parts, entered sealed and claimed by compare-and-set.

Entering and claiming are here; every other change of a status is in `lifecycle`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    bindparam,
    exists,
    func,
    insert,
    literal_column,
    or_,
    select,
    union_all,
    update,
)

from gateway.model import WAITING, Event, HoldReason, Status
from gateway.store import dialect, lifecycle
from gateway.store.prepared import Prepared, Row
from gateway.store.schema import counter, message, part
from gateway.store.seal import Keyring


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMessage:
    """A message as it enters the outbox."""

    id: str
    batch_id: str | None = None
    kind: str
    person_id: str | None = None
    key_id: str | None = None
    reference: str | None = None
    number: str
    number_index: bytes
    purpose: str
    template_id: str | None = None
    body: str
    alphabet: str
    parts: int
    test: bool = False
    on_doubt: str = "ask"
    status: Status
    hold_reason: HoldReason | None = None
    priority: int
    lane: str = ""  # what routing goes by; empty where no rule speaks of the number
    not_before: datetime | None = None
    expires_at: datetime
    created_at: datetime
    wording: str | None = None  # keyed digest of the text; None: it does not count for its recipient


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


@dataclass(frozen=True, slots=True)
class Course:
    """What a modem may take now, where there are rules."""

    lanes: tuple[str, ...]
    most: int  # the last priority


def seal(keyring: Keyring, new: NewMessage) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return the rows of a message and its parts, sealed; no database is needed."""
    common = {"number_index": new.number_index, "status": new.status, "expires_at": new.expires_at}
    row = common | {
        "id": new.id,
        "batch_id": new.batch_id,
        "kind": new.kind,
        "person_id": new.person_id,
        "key_id": new.key_id,
        "reference": new.reference,
        "number_sealed": keyring.seal("message", "number", new.id, new.number),
        "purpose": new.purpose,
        "template_id": new.template_id,
        "body_sealed": keyring.seal("message", "body", new.id, new.body),
        "alphabet": new.alphabet,
        "parts": new.parts,
        "test": new.test,
        "on_doubt": new.on_doubt,
        "hold_reason": new.hold_reason,
        "not_before": new.not_before,
        "created_at": new.created_at,
        "updated_at": new.created_at,
    }
    parts = [
        common
        | {
            "message_id": new.id,
            "number": number,
            "priority": new.priority,
            "lane": new.lane,
            "not_before": new.not_before or new.created_at,
            "wording": new.wording if number == 1 else None,
        }
        for number in range(1, new.parts + 1)
    ]
    return row, parts


def add(connection: Connection, rows: Sequence[tuple[dict[str, Any], list[dict[str, Any]]]]) -> None:
    """Insert messages made by `seal`."""
    if rows:
        _ADD_MESSAGE.run_many(connection, [row for row, _ in rows])
        _ADD_PART.run_many(connection, [row for _, parts in rows for row in parts])


_ADD_MESSAGE, _ADD_PART = Prepared(insert(message)), Prepared(insert(part))


_ON_ITS_WAY: list[ColumnElement[str]] = [
    literal_column(f"'{each.value}'") for each in (Status.SENT, Status.DELIVERED, Status.UNDELIVERED)
]
_QUEUED = part.c.status == literal_column("'queued'")  # a literal, so that the partial index is used


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
    )
    .join(message, message.c.id == part.c.message_id)
    .where(
        _QUEUED,
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
    ident = row["message_id"]
    return Candidate(
        message_id=ident,
        number=row["number"],
        total=row["parts"],
        number_index=row["number_index"],
        to=keyring.open("message", "number", ident, row["number_sealed"]),
        kind=row["kind"],
        purpose=row["purpose"],
        template_id=row["template_id"],
        key_id=row["key_id"],
        body=keyring.open("message", "body", ident, row["body_sealed"]),
        concat_reference=row["concat_reference"],
        attempts=row["attempts"],
        priority=row["priority"],
        expires_at=row["expires_at"],
        wording=row["wording"],
        more=more or row["number"] < row["parts"],
    )


def waiting(connection: Connection, now: datetime | None = None) -> int:
    """Return how many parts are queued (those that are due, if `now` is given)."""
    query = select(func.count()).select_from(part).where(_QUEUED)
    if now is not None:
        query = query.where(part.c.not_before <= now)
    return int(connection.execute(query).scalar_one())


def any_due(connection: Connection, now: datetime) -> bool:
    """Return whether a queued part is due."""
    return _ANY_DUE.first(connection, {"now": now}) is not None


def hurry(connection: Connection, now: datetime) -> int:
    """Let parts be due that were made or tried in what is the future now: the clock was set back.

    Returns how many.
    """
    made_later = exists().where(message.c.id == part.c.message_id, message.c.created_at > now)
    late = (_QUEUED, part.c.not_before > now, or_(part.c.claimed_at > now, made_later))
    return connection.execute(update(part).where(*late).values(not_before=now)).rowcount


_ANY_DUE = Prepared(select(part.c.number).where(_QUEUED, part.c.not_before <= bindparam("now")).limit(1))


def claim(
    connection: Connection,
    candidate: Candidate,
    gateway: str,
    modem: str,
    sim: str | None,
    order: int,
    now: datetime,
    lane: str | None = None,
) -> None:
    """Write ahead that a modem takes this part; the message's later parts stay with it (in its `lane`)."""
    lifecycle.change(
        connection,
        candidate.message_id,
        candidate.number,
        Status.QUEUED,
        Event.CLAIMED,
        now,
        attempts=candidate.attempts + 1,
        gateway=gateway,
        modem=modem,
        sim=sim,
        claimed_at=now,
        claim_order=order,
        mr=None,
        cause=None,
    )
    if candidate.total > 1 and candidate.number == 1:
        own = {"modem": modem} if lane is None else {"modem": modem, "lane": lane}
        _assign(connection, candidate.message_id, own)


def postpone(connection: Connection, candidate: Candidate, until: datetime) -> None:
    """Let a queued part wait."""
    mine = (part.c.message_id == candidate.message_id, part.c.number == candidate.number, _QUEUED)
    connection.execute(update(part).where(*mine).values(not_before=until))


def release_modem(connection: Connection, message_id: str) -> None:
    """Let any modem take a message of which nothing has left."""
    first = part.alias("first")
    lane = select(first.c.lane).where(first.c.message_id == message_id, first.c.number == 1).scalar_subquery()
    _assign(connection, message_id, {"modem": None, "lane": lane})


def _assign(connection: Connection, message_id: str, values: Mapping[str, object]) -> None:
    connection.execute(update(part).where(part.c.message_id == message_id, _QUEUED).values(**values))


def keep_to_lanes(connection: Connection, lanes: Collection[str]) -> None:
    """Put what waits in a lane that is not one of `lanes` (any more) where every modem may take it."""
    waiting: list[ColumnElement[str]] = [literal_column(f"'{status.value}'") for status in sorted(WAITING)]
    strays = part.c.lane.not_in(["", *lanes])
    connection.execute(update(part).where(part.c.status.in_(waiting), strays).values(lane=""))


def next_reference(connection: Connection, gateway: str, modem: str) -> int:
    """Return the next 8-bit concatenation reference of that modem; it survives restarts."""
    key = and_(counter.c.gateway == gateway, counter.c.modem == modem, counter.c.name == "concat")
    value = connection.execute(
        update(counter).where(key).values(value=(counter.c.value + 1) % 256).returning(counter.c.value)
    ).scalar()
    if value is None:
        value = 1
        connection.execute(insert(counter).values(gateway=gateway, modem=modem, name="concat", value=value))
    return int(value)


def set_reference(connection: Connection, message_id: str, reference: int) -> None:
    """Keep the concatenation reference of a message: every part carries the same."""
    connection.execute(update(message).where(message.c.id == message_id).values(concat_reference=reference))


def beat(connection: Connection, now: datetime) -> None:
    """Write something, to know that the store writes."""
    key = {"gateway": "", "modem": "", "name": "heartbeat"}
    value = int(now.timestamp())
    statement = dialect.insert(connection, counter).values(**key, value=value)
    connection.execute(statement.on_conflict_do_update(index_elements=list(key), set_={"value": value}))
