"""What is on record about recipients, by blind index: opt-outs, holds, doubts, when they last wrote."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Connection,
    RowMapping,
    Select,
    Text,
    bindparam,
    case,
    cast,
    func,
    literal,
    literal_column,
    null,
    select,
    union_all,
    update,
)

from gateway.store import dialect
from gateway.store.prepared import Prepared, Row
from gateway.store.schema import (
    Instant,
    contact,
    inbox,
    recipient_hold,
    suppression,
    suspect_number,
)

_CHUNK = 500


@dataclass(slots=True)
class RecipientRow:
    """One recipient. `suppressed` maps a topic ('' = everything) to when it was opted out of."""

    suppressed: dict[str, datetime] = field(default_factory=dict)
    held_since: datetime | None = None
    last_inbound_at: datetime | None = None
    suspect_since: datetime | None = None  # a wrong number, or one that staff doubt
    failures: int = 0  # for good, in a row
    language: str | None = None  # of the contact with this number that was changed last
    _language_at: datetime | None = None

    def take(self, kind: str, detail: str, at: datetime) -> None:
        """Take in one record."""
        match kind:
            case "opt-out":
                self.suppressed[detail] = at
            case "hold":
                self.held_since = at
            case "failures":
                self.failures = int(detail)
            case "suspect":
                self.suspect_since = at
            case "language":
                if self._language_at is None or at > self._language_at:
                    self.language, self._language_at = detail, at
            case _:
                self.last_inbound_at = at

    def is_suspect(self, failures: int) -> bool:
        """Return whether the number is in doubt, after so many failures in a row or for another reason."""
        return self.suspect_since is not None or self.failures >= failures


@dataclass(frozen=True, slots=True)
class Hold:
    """Whose hold it was, and for which reply."""

    number_index: bytes
    inbox_id: str


def facts(
    connection: Connection, indexes: Sequence[bytes], *, spoken: bool = False
) -> Mapping[bytes, RecipientRow]:
    """Return a row for every index asked for; one query for each 500. `spoken`: their languages, too."""
    rows = {index: RecipientRow() for index in indexes}
    for row in in_chunks(connection, _SPOKEN if spoken else _RECORDS, list(rows)):
        rows[row["number_index"]].take(row["kind"], row["topic"], row["at"])
    return rows


Query = Select[Any] | CompoundSelect[Any]
Asks = Callable[[ColumnElement[bytes]], ColumnElement[bool]]
"""Makes the condition on a table's `number_index`."""


@dataclass(frozen=True, slots=True)
class ByNumber:
    """A query about numbers, built once for one of them (the hand-off's) and once for many (a batch's)."""

    one: Prepared
    many: Query

    @classmethod
    def of(cls, build: Callable[[Asks], Query]) -> ByNumber:
        """Build both from a function that is given how to ask."""
        return cls(
            Prepared(build(lambda column: column == bindparam("number"))),
            build(lambda column: column.in_(bindparam("numbers", expanding=True))),
        )


def in_chunks(connection: Connection, query: ByNumber, indexes: Sequence[bytes]) -> Iterator[Row]:
    """Run a query for all `indexes`, in runs that a parameter list can hold."""
    if len(indexes) == 1:
        yield from query.one.rows(connection, {"number": indexes[0]})
        return
    for start in range(0, len(indexes), _CHUNK):
        some = indexes[start : start + _CHUNK]
        yield from connection.execute(query.many, {"numbers": some}).mappings()


def _records(asks: Asks) -> list[Select[Any]]:
    nothing = literal("")
    failing = suspect_number.c.reason == literal_column("'failures'")
    return [
        select(
            literal("opt-out").label("kind"),
            suppression.c.number_index,
            suppression.c.topic,
            suppression.c.since.label("at"),
        ).where(asks(suppression.c.number_index), suppression.c.lifted_at.is_(null())),
        select(literal("hold"), recipient_hold.c.number_index, nothing, recipient_hold.c.since).where(
            asks(recipient_hold.c.number_index),
            recipient_hold.c.resolved_at.is_(null()),
            recipient_hold.c.kind != literal_column("'appointment'"),  # opted out, or wants texts again
        ),
        select(
            case((failing, "failures"), else_="suspect"),
            suspect_number.c.number_index,
            cast(suspect_number.c.failures, Text),
            suspect_number.c.since,
        ).where(asks(suspect_number.c.number_index), suspect_number.c.verified_at.is_(null())),
        select(
            literal("inbound"),
            inbox.c.number_index,
            nothing,
            func.max(inbox.c.received_at, type_=Instant),
        )
        .where(asks(inbox.c.number_index))
        .group_by(inbox.c.number_index),
    ]


def _language(asks: Asks) -> Select[Any]:
    known = contact.c.language.is_not(null())
    return select(
        literal("language"), contact.c.number_index, contact.c.language, contact.c.updated_at
    ).where(asks(contact.c.number_index), known)


_RECORDS = ByNumber.of(lambda asks: union_all(*_records(asks)))
_SPOKEN = ByNumber.of(lambda asks: union_all(*_records(asks), _language(asks)))


def suppress(
    connection: Connection,
    now: datetime,
    *,
    ident: str,
    number_index: bytes,
    topic: str,
    source: str,
    made_by: str,
) -> bool:
    """Opt a number out; False if it was already."""
    statement = (
        dialect.insert(connection, suppression)
        .values(
            id=ident,
            number_index=number_index,
            topic=topic,
            source=source,
            made_by=made_by,
            since=now,
        )
        .on_conflict_do_nothing()
    )
    return connection.execute(statement).rowcount > 0


def lift(
    connection: Connection, now: datetime, *, number_index: bytes, by: str, source: str | None = None
) -> Sequence[str]:
    """Lift a number's opt-outs (those of one source, if given); return their ids."""
    statement = update(suppression).where(
        suppression.c.number_index == number_index, suppression.c.lifted_at.is_(null())
    )
    if source is not None:
        statement = statement.where(suppression.c.source == source)
    lifted = statement.values(lifted_at=now, lifted_by=by).returning(suppression.c.id)
    return connection.execute(lifted).scalars().all()


def suppressions(
    connection: Connection, number_index: bytes | None, after: str | None, limit: int
) -> Sequence[RowMapping]:
    """Return active opt-outs, newest first, those before the id `after`."""
    query = select(suppression).where(suppression.c.lifted_at.is_(null()))
    if number_index is not None:
        query = query.where(suppression.c.number_index == number_index)
    if after is not None:
        query = query.where(suppression.c.id < after)
    return connection.execute(query.order_by(suppression.c.id.desc()).limit(limit)).mappings().all()


def hold(
    connection: Connection,
    now: datetime,
    *,
    ident: str,
    number_index: bytes,
    inbox_id: str,
    kind: str = "refusal",
) -> None:
    """Have a person read a reply; its number is paused until then, unless it is about an `appointment`.

    A `fragment` is a part (`inbox_id` is its PDU's) of a text whose rest has not come.
    """
    statement = dialect.insert(connection, recipient_hold).values(
        id=ident, number_index=number_index, inbox_id=inbox_id, kind=kind, since=now
    )
    connection.execute(statement)


def end_fragments(connection: Connection, now: datetime, pdus: Sequence[str], outcome: str) -> bool:
    """End the pauses for parts whose text is whole now; return whether there was one."""
    mine = recipient_hold.c.inbox_id.in_(pdus) & recipient_hold.c.resolved_at.is_(null())
    ended = update(recipient_hold).where(mine)
    values = {"resolved_at": now, "resolved_by": "gateway", "outcome": outcome}
    return connection.execute(ended.values(values)).rowcount > 0


def open_holds(connection: Connection) -> Sequence[RowMapping]:
    """Return the holds that wait for a person, oldest first."""
    query = select(recipient_hold).where(recipient_hold.c.resolved_at.is_(null()))
    return connection.execute(query.order_by(recipient_hold.c.since)).mappings().all()


def resolve_hold(
    connection: Connection,
    now: datetime,
    *,
    ident: str,
    by: str,
    outcome: str,
) -> Hold | None:
    """Close that hold and, unless it is about an appointment, the number's others; None if not open."""
    open_ = recipient_hold.c.resolved_at.is_(null())
    about = recipient_hold.c.kind == "appointment"
    query = select(recipient_hold.c.number_index, recipient_hold.c.inbox_id, about).where(
        recipient_hold.c.id == ident, open_
    )
    found = connection.execute(query).first()
    if found is None:
        return None
    index, inbox_id, alone = found
    mine = recipient_hold.c.id == ident if alone else (recipient_hold.c.number_index == index) & ~about
    ended = update(recipient_hold).where(mine, open_)
    connection.execute(ended.values(resolved_at=now, resolved_by=by, outcome=outcome))
    return Hold(bytes(index), inbox_id)


def is_held(connection: Connection, number_index: bytes) -> bool:
    """Return whether a number is paused."""
    return facts(connection, [number_index])[number_index].held_since is not None
