"""Find the part that a status report is about (3GPP TS 23.040, 9.2.2.3)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import combinations
from typing import Final

from sqlalchemy import Connection, bindparam, literal_column, select

from gateway.model import Status
from gateway.store import lifecycle
from gateway.store.prepared import Prepared, Row
from gateway.store.schema import part

_SLACK: Final = timedelta(minutes=10)  # between our clock and the SMSC's, where both are right
_NEVER: Final = datetime(9999, 1, 1, tzinfo=UTC)


def part_reported(
    connection: Connection,
    *,
    sim: str | None,
    mr: int,
    number_index: bytes,
    scts: datetime | None,
    handed_over: tuple[datetime, datetime | None],
) -> Row | None:
    """Return the part that a report is about: of that SIM, TP-MR and recipient; None if none is certain.

    `handed_over` is between when, by our clock, it must have been; None for no end. The SMSC's stamp, made
    as it takes the message, tells a reference from its reuse; but clocks and zones are often wrong, so
    where nothing fits the stamp it does not count. A part that is `sent` goes first, of several the one that
    was handed over nearest to the stamp (a modem may begin to count anew); one whose end is known
    means that the report is a repeat; one that waits to be sent again by its rule is in doubt still.
    Nothing is certain while a part to the recipient has no result yet.
    Where all else fails it is the one part whose TP-MR is this one with digits lost, as poor lines lose them.
    """
    first, last = handed_over[0], handed_over[1] or _NEVER
    mine: dict[str, object] = {"sim": sim, "mr": mr, "number_index": number_index}
    ever = mine | {"first": first, "last": last}
    near = {"first": scts - _SLACK, "last": min(scts + _SLACK, last)} if scts is not None else ever
    if (row := _by_reference(connection, mine | near, scts)) is not None:
        return row
    open_ = [*_OPEN.rows(connection, ever), *_TO_GO_AGAIN.rows(connection, ever)]
    if any(each["status"] == Status.SENDING for each in open_):
        return None
    fitting = [each for each in open_ if near["first"] <= each["claimed_at"] <= near["last"]]
    if scts is not None and (row := _meant(fitting, mr)) is not None:
        return row
    row = _by_reference(connection, ever, None)
    row = row or _meant([each for each in open_ if each["mr"] in (None, mr)], mr)
    if row is not None or scts is None or fitting:
        return row
    return _misheard(connection, mine | near, mr)


def _by_reference(connection: Connection, mine: dict[str, object], scts: datetime | None) -> Row | None:
    rows = _BY_REFERENCE.rows(connection, mine)
    waiting = [row for row in rows if row["status"] == Status.SENT] or rows
    if scts is None or not waiting:
        return waiting[0] if waiting else None
    return min(waiting, key=lambda row: abs(row["claimed_at"] - scts))


def _meant(doubtful: Sequence[Row], mr: int) -> Row | None:
    """Return the part that was given up with this reference, else the only one."""
    own = [row for row in doubtful if row["mr"] == mr] or doubtful
    return own[0] if len(own) == 1 else None


def _misheard(connection: Connection, near: dict[str, object], mr: int) -> Row | None:
    """Return the one part that waits for its report and whose TP-MR is `mr` with digits lost."""
    rows = [
        _by_reference(connection, near | {"mr": each}, None) for each in sorted(set(_with_digits_lost(mr)))
    ]
    waiting = [row for row in rows if row is not None and row["status"] == Status.SENT]
    return waiting[0] if len(waiting) == 1 else None


def _with_digits_lost(mr: int) -> Iterator[int]:
    digits = str(mr)
    for left in range(1, len(digits)):
        yield from (int("".join(kept)) for kept in combinations(digits, left))


def carries(connection: Connection, gateway: str, modem: str, mr: int, since: datetime) -> bool:
    """Return whether a part that this modem took since then is known to have that TP-MR."""
    query = select(part.c.number).where(
        part.c.gateway == gateway,
        part.c.modem == modem,
        part.c.mr == mr,
        part.c.status.in_(_REPORTED),
        part.c.claimed_at >= since,
    )
    return connection.execute(query.limit(1)).first() is not None


_MINE = (
    part.c.sim.is_not_distinct_from(bindparam("sim")),
    part.c.number_index == bindparam("number_index"),
    part.c.claimed_at.between(bindparam("first"), bindparam("last")),
)
_REPORTED = (Status.SENT, Status.DELIVERED, Status.UNDELIVERED)
_IS_REPORTED = part.c.status.in_([literal_column(f"'{each.value}'") for each in _REPORTED])
_BY_REFERENCE = Prepared(
    select(part)
    .where(
        _IS_REPORTED,
        part.c.mr == bindparam("mr"),
        part.c.mr.is_not(None),
        *_MINE,
    )
    .order_by(part.c.claimed_at.desc())
)
_IS_OPEN = part.c.status.in_([literal_column("'sending'"), literal_column("'uncertain'")])
_OPEN = Prepared(select(part).where(_IS_OPEN, *_MINE))
_TO_GO_AGAIN = Prepared(select(part).where(lifecycle.WAITS, lifecycle.MAY_BE_THERE, *_MINE))
