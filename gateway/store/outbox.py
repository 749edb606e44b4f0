"""The outbox: messages and their parts, entered sealed and claimed by compare-and-set.

Entering and claiming are here; finding what goes next is in `drawing`, every other change of a status in
`lifecycle`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Connection,
    and_,
    bindparam,
    exists,
    func,
    insert,
    or_,
    select,
    update,
)

from gateway.model import Event, HoldReason, Status
from gateway.store import dialect, lifecycle
from gateway.store.drawing import QUEUED, Candidate, Course, candidate, next_queued
from gateway.store.prepared import Prepared
from gateway.store.schema import counter, message, part
from gateway.store.seal import Keyring

__all__ = [
    "Candidate",
    "Course",
    "NewMessage",
    "add",
    "any_due",
    "beat",
    "candidate",
    "claim",
    "hurry",
    "keep_to_lanes",
    "next_queued",
    "next_reference",
    "postpone",
    "release_modem",
    "seal",
    "set_reference",
    "waiting",
]


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


def waiting(connection: Connection, now: datetime | None = None) -> int:
    """Return how many parts are queued (those that are due, if `now` is given)."""
    query = select(func.count()).select_from(part).where(QUEUED)
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
    late = (QUEUED, part.c.not_before > now, or_(part.c.claimed_at > now, made_later))
    return connection.execute(update(part).where(*late).values(not_before=now)).rowcount


_ANY_DUE = Prepared(select(part.c.number).where(QUEUED, part.c.not_before <= bindparam("now")).limit(1))


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
    mine = (part.c.message_id == candidate.message_id, part.c.number == candidate.number, QUEUED)
    connection.execute(update(part).where(*mine).values(not_before=until))


def give_back(
    connection: Connection, message_id: str, number: int, status: Status, now: datetime, **values: object
) -> None:
    """Queue a part again that is proven not to have left; a message of which nothing has is any modem's."""
    lifecycle.change(connection, message_id, number, status, Event.GIVEN_BACK, now, **values)
    if number == 1:
        release_modem(connection, message_id)


def release_modem(connection: Connection, message_id: str) -> None:
    """Let any modem take a message of which nothing has left."""
    first = part.alias("first")
    lane = select(first.c.lane).where(first.c.message_id == message_id, first.c.number == 1).scalar_subquery()
    _assign(connection, message_id, {"modem": None, "lane": lane})


def _assign(connection: Connection, message_id: str, values: Mapping[str, object]) -> None:
    connection.execute(update(part).where(part.c.message_id == message_id, QUEUED).values(**values))


def keep_to_lanes(connection: Connection, lanes: Collection[str]) -> None:
    """Put what waits in a lane that is not one of `lanes` (any more) where every modem may take it."""
    strays = part.c.lane.not_in(["", *lanes])
    connection.execute(update(part).where(lifecycle.WAITS, strays).values(lane=""))


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
