"""What happened in a month, counted by the database (clause 8.1). For readers: it looks at every row of it.

Messages are found by their identifiers, which sort by time, and audit entries by bisection: neither needs
an index that every hand-off would pay for.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Row, Text, and_, cast, exists, func, or_, select

from gateway.ids import first_id
from gateway.store.schema import audit, consent, inbox, message, recipient_hold, suppression, template

Line = Row[*tuple[Any, ...]]

_SLACK: Final = timedelta(hours=1)  # entries are written in order, not stamped in order


@dataclass(frozen=True, slots=True)
class Span:
    """From `since` to before `until`."""

    since: datetime
    until: datetime


def volumes(connection: Connection, span: Span) -> Sequence[Line]:
    """Return how many messages (`many`) were accepted of each kind, purpose, template, person and status."""
    columns = (
        message.c.kind,
        message.c.purpose,
        message.c.template_id,
        message.c.person_id,
        message.c.status,
        message.c.test,
    )
    query = select(*columns, func.count().label("many"), func.sum(message.c.parts).label("parts"))
    return connection.execute(query.where(_made_in(span)).group_by(*columns)).all()


def accepted(connection: Connection, span: Span, kinds: Collection[str]) -> int:
    """Return how many messages of these kinds were accepted, those of test keys apart."""
    query = select(func.count()).select_from(message).where(_sent(span, kinds))
    return int(connection.execute(query).scalar_one())


def covered(connection: Connection, span: Span, kinds: Collection[str]) -> int:
    """Return how many of them had a consent in force for their number and purpose when they were accepted."""
    at = message.c.created_at
    found = exists().where(
        consent.c.number_index == message.c.number_index,
        consent.c.purpose == message.c.purpose,
        consent.c.given_at <= at,
        consent.c.expires_at > at,
        or_(consent.c.withdrawn_at.is_(None), consent.c.withdrawn_at > at),
    )
    query = select(func.count()).select_from(message).where(_sent(span, kinds), found)
    return int(connection.execute(query).scalar_one())


def _sent(span: Span, kinds: Collection[str]) -> Any:  # noqa: ANN401 - a condition
    return and_(_made_in(span), message.c.kind.in_(sorted(kinds)), message.c.test.is_(False))


def _made_in(span: Span) -> Any:  # noqa: ANN401 - a condition
    return and_(
        message.c.id >= first_id("msg", span.since),
        message.c.id < first_id("msg", span.until),
    )


def template_names(connection: Connection) -> Mapping[str, str]:
    """Return `name/version (language)` by id."""
    rows = connection.execute(select(template.c.id, template.c.name, template.c.version, template.c.language))
    return {row.id: f"{row.name}/{row.version} ({row.language})" for row in rows}


def entries(connection: Connection, span: Span) -> Sequence[Line]:
    """Return how many audit entries (`many`) have each actor, action, outcome and clauses (JSON text).

    `last`: when the last was written.
    """
    first, last = _near(connection, span.since - _SLACK), _near(connection, span.until + _SLACK)
    columns = (audit.c.actor, audit.c.action, audit.c.outcome, cast(audit.c.clauses, Text).label("clauses"))
    query = select(*columns, func.count().label("many"), func.max(audit.c.at).label("last")).where(
        audit.c.seq > first, audit.c.seq <= last, audit.c.at >= span.since, audit.c.at < span.until
    )
    return connection.execute(query.group_by(*columns)).all()


def _near(connection: Connection, at: datetime) -> int:
    """Return the number of an entry written at about that time: the last before it, were clocks perfect."""
    low, high = 0, int(connection.execute(select(func.max(audit.c.seq))).scalar() or 0)
    while low < high:
        middle = (low + high + 1) // 2
        stamp = connection.execute(select(audit.c.at).where(audit.c.seq == middle)).scalar()
        low, high = (middle, high) if stamp is not None and stamp < at else (low, middle - 1)
    return low


def of_log(connection: Connection, target: str, action: str, span: Span) -> Sequence[Line]:
    """Return at, outcome and detail of the entries about one target, oldest first."""
    query = select(audit.c.at, audit.c.outcome, audit.c.detail).where(
        audit.c.target == target, audit.c.action == action, audit.c.at >= span.since, audit.c.at < span.until
    )
    return connection.execute(query.order_by(audit.c.seq)).all()


def last_of_log(connection: Connection, target: str, action: str) -> Line | None:
    """Return at, outcome and detail of the last entry about one target."""
    query = select(audit.c.at, audit.c.outcome, audit.c.detail).where(
        audit.c.target == target, audit.c.action == action
    )
    return connection.execute(query.order_by(audit.c.seq.desc()).limit(1)).first()


def opt_outs(connection: Connection, span: Span) -> Mapping[str, int]:
    """Return how many opt-outs were made, by source."""
    query = select(suppression.c.source, func.count()).where(
        suppression.c.since >= span.since, suppression.c.since < span.until
    )
    rows = connection.execute(query.group_by(suppression.c.source))
    return {row[0]: row[1] for row in rows}


def lifted(connection: Connection, span: Span) -> int:
    """Return how many opt-outs were lifted."""
    query = select(func.count()).where(
        suppression.c.lifted_at >= span.since, suppression.c.lifted_at < span.until
    )
    return int(connection.execute(query).scalar_one())


def seconds_to_suppress(connection: Connection, span: Span) -> list[float]:
    """Return, sorted, how long each opt-out by text took from the SMSC's stamp, where the text is still kept.

    The stamp has whole seconds and is of another clock: what seems negative is 0.
    """
    query = (
        select(suppression.c.since, func.min(inbox.c.sent_at).label("sent_at"))
        .join(
            inbox,
            and_(
                inbox.c.number_index == suppression.c.number_index,
                inbox.c.received_at == suppression.c.since,
                inbox.c.tier == "act",
            ),
        )
        .where(
            suppression.c.source == "sms",
            suppression.c.since >= span.since,
            suppression.c.since < span.until,
            inbox.c.sent_at.is_not(None),
        )
        .group_by(suppression.c.id, suppression.c.since)
    )
    return sorted(max(0.0, (row.since - row.sent_at).total_seconds()) for row in connection.execute(query))


def replies_held(connection: Connection, span: Span) -> Sequence[Line]:
    """Return since and resolved_at of the replies that were held for a person to read."""
    query = select(recipient_hold.c.since, recipient_hold.c.resolved_at).where(
        recipient_hold.c.since >= span.since, recipient_hold.c.since < span.until
    )
    return connection.execute(query).all()


def consents_ended(connection: Connection, span: Span) -> tuple[int, int]:
    """Return how many consents expired, and how many were withdrawn."""
    expired = and_(
        consent.c.expires_at >= span.since,
        consent.c.expires_at < span.until,
        or_(consent.c.withdrawn_at.is_(None), consent.c.withdrawn_at > consent.c.expires_at),
    )
    withdrawn = and_(consent.c.withdrawn_at >= span.since, consent.c.withdrawn_at < span.until)
    counts = (select(func.count()).select_from(consent).where(each) for each in (expired, withdrawn))
    first, second = (int(connection.execute(each).scalar_one()) for each in counts)
    return first, second
