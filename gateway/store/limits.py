"""What the limits count: what numbers got lately, and how much keys and people have sent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    bindparam,
    case,
    func,
    insert,
    literal_column,
    select,
    type_coerce,
    update,
)

from gateway.model import Status
from gateway.store.prepared import Prepared, Row
from gateway.store.schema import Instant, part, usage

_CHUNK = 500  # numbers in one statement

_NOT_SENT: Final[list[ColumnElement[Any]]] = [
    literal_column(f"'{status.value}'") for status in (Status.CANCELLED, Status.EXPIRED)
]
_RECENT = select(part.c.number_index, part.c.not_before, part.c.wording).where(
    part.c.wording.is_not(None),  # as the partial index has it
    part.c.not_before.between(bindparam("since"), bindparam("until")),
    part.c.status.not_in(_NOT_SENT),
)
_OF_ONE = Prepared(_RECENT.where(part.c.number_index == bindparam("index")))
_OF_MANY = _RECENT.where(part.c.number_index.in_(bindparam("indexes", expanding=True)))


def recent(
    connection: Connection, indexes: Sequence[bytes], since: datetime, until: datetime
) -> Mapping[bytes, list[tuple[datetime, str]]]:
    """Return, for every number asked for, when its texts between these instants may leave, and their wording.

    What was cancelled or has expired is not among them, nor what does not count. One query for each 500.
    """
    found: dict[bytes, list[tuple[datetime, str]]] = {index: [] for index in indexes}
    for row in _rows(connection, list(found), {"since": since, "until": until}):
        found[row["number_index"]].append((row["not_before"], row["wording"]))
    return found


def _rows(connection: Connection, indexes: Sequence[bytes], between: Mapping[str, datetime]) -> Iterable[Row]:
    if len(indexes) == 1:
        yield from _OF_ONE.rows(connection, {**between, "index": indexes[0]})
        return
    for start in range(0, len(indexes), _CHUNK):
        some = {**between, "indexes": indexes[start : start + _CHUNK]}
        yield from connection.execute(_OF_MANY, some).mappings()


@dataclass(frozen=True, slots=True)
class Use:
    """How much a key or a person has sent in the minute or on the day that began at `since`."""

    holder: str
    span: str  # minute | day
    since: datetime
    used: int


def used(connection: Connection, key_id: str, person_id: str) -> Sequence[Use]:
    """Return what was last counted for a key and its person."""
    rows = _USED.rows(connection, {"key": key_id, "person": person_id})
    return [Use(row["holder"], row["span"], row["since"], row["used"]) for row in rows]


_USED = Prepared(select(usage).where(usage.c.holder.in_((bindparam("key"), bindparam("person")))))


def spend(connection: Connection, spent: Sequence[Use]) -> None:
    """Add to the counts; a count of an earlier minute or day begins anew."""
    for each in spent:
        if _SPEND.run(connection, {"of": each.holder, "in": each.span, "at": each.since, "more": each.used}):
            continue
        first = insert(usage).values(holder=each.holder, span=each.span, since=each.since, used=each.used)
        connection.execute(first)


_SPEND = Prepared(
    update(usage)
    .where(usage.c.holder == bindparam("of"), usage.c.span == bindparam("in"))
    .values(
        used=case((usage.c.since == bindparam("at"), usage.c.used), else_=0) + bindparam("more"),
        since=bindparam("at"),
    )
)


# -- SIMs -----------------------------------------------------------------------------------------------

_MICROSECONDS = 60_000_000  # of a minute


def given(connection: Connection, sim: str, since: datetime) -> Sequence[tuple[datetime, int]]:
    """Return how many parts a SIM was given in each minute since then, the oldest first."""
    micros = type_coerce(part.c.claimed_at, BigInteger)
    at = type_coerce(micros - micros % _MICROSECONDS, Instant).label("minute")
    query = select(at, func.count()).where(part.c.sim == sim, part.c.claimed_at >= since)
    return [(row[0], row[1]) for row in connection.execute(query.group_by(at).order_by(at))]


def given_lately(
    connection: Connection, sim: str, since: datetime
) -> Sequence[tuple[datetime, bytes, str | None]]:
    """Return when a SIM was given each part since then, to which number, in which wording."""
    query = select(part.c.claimed_at, part.c.number_index, part.c.wording)
    mine = query.where(part.c.sim == sim, part.c.claimed_at >= since).order_by(part.c.claimed_at)
    return [(row[0], row[1], row[2]) for row in connection.execute(mine)]
