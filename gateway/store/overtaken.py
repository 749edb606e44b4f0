"""Messages that were handed over although their number had opted out: there must be none (6.2).

It is computed from what is on record, not from what the rules should have done. The order of the audit log
is the order of the commits, so it decides where clocks are too close; where it says nothing, they do.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

from sqlalchemy import BigInteger, Connection, bindparam, or_, select, type_coerce

from gateway.store.audit import about_number
from gateway.store.monthly import Line, Span
from gateway.store.schema import audit, message, part, suppression

_CLOSE: Final = 60_000_000  # microseconds: closer than this, clocks do not decide


def handed_over_after_opt_out(
    connection: Connection, span: Span, kinds: Collection[str], purposes: Mapping[str, Collection[str]]
) -> int:
    """Return how many messages of `kinds` a modem was given in the span after their opt-out.

    `purposes`: what an opt-out of each topic covers; one of "" or of an unknown topic covers everything.
    """
    found = connection.execute(
        _CANDIDATES, {"since": span.since, "until": span.until, "kinds": sorted(kinds)}
    ).all()
    return len({row.message_id for row in found if _covers(row, purposes) and _after(connection, row)})


_CANDIDATES = (
    select(
        part.c.message_id,
        part.c.number,
        part.c.claimed_at,
        message.c.purpose,
        suppression.c.id,
        suppression.c.topic,
        suppression.c.since,
        suppression.c.number_index,
    )
    .select_from(suppression)
    .join(message, message.c.number_index == suppression.c.number_index)
    .join(part, part.c.message_id == message.c.id)
    .where(
        part.c.claimed_at >= bindparam("since"),
        part.c.claimed_at < bindparam("until"),
        type_coerce(part.c.claimed_at, BigInteger) > type_coerce(suppression.c.since, BigInteger) - _CLOSE,
        or_(suppression.c.lifted_at.is_(None), part.c.claimed_at < suppression.c.lifted_at),
        message.c.kind.in_(bindparam("kinds", expanding=True)),
    )
)


def _covers(row: Line, purposes: Mapping[str, Collection[str]]) -> bool:
    return row.topic not in purposes or row.purpose in purposes[row.topic]


def _after(connection: Connection, row: Line) -> bool:
    handed = _last(connection, row.message_id, "hand-off", "part", row.number)
    stopped = _last(connection, about_number(row.number_index), "opt-out", "suppression", row.id)
    if handed is None or stopped is None:
        return bool(row.claimed_at > row.since)
    return handed > stopped


def _last(connection: Connection, target: str, action: str, name: str, value: object) -> int | None:
    """Return the number of the last entry that let it go, or suppressed it."""
    query = select(audit.c.seq, audit.c.detail).where(
        audit.c.target == target, audit.c.action == action, audit.c.outcome.in_(("ALLOW", "suppressed"))
    )
    rows = connection.execute(query.order_by(audit.c.seq.desc()))
    return next((int(row.seq) for row in rows if row.detail.get(name) == value), None)
