"""What is older than it may be (clause 1.2): found on a snapshot, removed a few rows at a time.

Finding looks through whole tables, so it is for readers; removing takes ids, so no other write waits long.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Table,
    and_,
    bindparam,
    case,
    delete,
    exists,
    func,
    null,
    or_,
    select,
    tuple_,
    update,
)

from gateway.model import WAITING, Status
from gateway.store.schema import (
    auto_reply,
    batch,
    consent,
    contact,
    inbound,
    inbox,
    incident,
    legal_hold,
    message,
    opt_in,
    part,
    recipient_hold,
    reference,
    suspect_number,
)
from gateway.store.seal import Keyring

_ALIVE: Final = sorted(WAITING | {Status.SENDING})
_SEALED_NOTHING: Final = 29  # bytes: key number, nonce and tag around an empty text
Remove = Callable[[Connection, Sequence[str]], object]


@dataclass(frozen=True, slots=True)
class Cutoffs:
    """What happened before these instants is no longer kept."""

    bodies: datetime
    inbound: datetime
    metadata: datetime
    consents: datetime  # of the consent's end


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of thing with an end: how to find what is over, and how to remove it."""

    key: Column[Any]
    over: Callable[[Cutoffs], ColumnElement[bool]]
    remove: Remove

    def find(self, connection: Connection, cutoffs: Cutoffs, limit: int) -> Sequence[str]:
        """Return the ids of at most `limit` rows that are kept too long."""
        query = select(self.key).where(self.over(cutoffs), *_not_held(self.key.table)).limit(limit)
        return connection.execute(query).scalars().all()


def kinds(keyring: Keyring) -> Mapping[str, Kind]:
    """Return everything that has an end, in the order in which it is removed."""
    return {
        "bodies": Kind(message.c.id, _body_over, lambda c, ids: _forget_bodies(c, keyring, ids)),
        "inbox": Kind(inbox.c.id, lambda at: _past(inbox, inbox.c.id, at), _by(inbox.c.id)),
        "inbound": Kind(
            inbound.c.id,
            lambda at: and_(inbound.c.kind != "pending", _past(inbound, inbound.c.inbox_id, at)),
            _by(inbound.c.id),
        ),
        "auto_replies": Kind(
            auto_reply.c.message_id, lambda at: auto_reply.c.at < at.inbound, _by(auto_reply.c.message_id)
        ),
        "messages": Kind(
            message.c.id,
            lambda at: and_(message.c.created_at < at.metadata, message.c.status.not_in(_ALIVE)),
            forget_messages,
        ),
        "batches": Kind(
            batch.c.id,
            lambda at: and_(
                batch.c.created_at < at.metadata, ~exists().where(message.c.batch_id == batch.c.id)
            ),
            _by(batch.c.id),
        ),
        "holds": Kind(
            recipient_hold.c.id,
            lambda at: recipient_hold.c.resolved_at < at.metadata,
            _by(recipient_hold.c.id),
        ),
        "incidents": Kind(incident.c.id, lambda at: incident.c.closed_at < at.metadata, _by(incident.c.id)),
        "consents": Kind(consent.c.id, lambda at: _ended() < at.consents, _by(consent.c.id)),
        "opt_ins": Kind(opt_in.c.id, lambda at: opt_in.c.ended_at < at.metadata, _by(opt_in.c.id)),
        "doubts": Kind(
            suspect_number.c.id,
            lambda at: suspect_number.c.verified_at < at.metadata,
            _by(suspect_number.c.id),
        ),
        "contacts": Kind(contact.c.id, _forgotten, _by(contact.c.id)),
    }


def _not_held(table: Any) -> Iterator[ColumnElement[bool]]:  # noqa: ANN401 - a table, or what stands for one
    """Yield the condition that the number of a row is under no legal hold of its own.

    A row that may know a number but does not (a PDU that nobody could read) waits for every hold to end.
    """
    if "number_index" not in table.c:
        return
    index = table.c.number_index
    held = exists().where(
        legal_hold.c.lifted_at.is_(null()), or_(legal_hold.c.number_index == index, index.is_(null()))
    )
    yield ~held


def _forgotten(at: Cutoffs) -> ColumnElement[bool]:
    """Return whether nobody has touched a contact since, and no consent of its number is on record."""
    agreed = exists().where(consent.c.number_index == contact.c.number_index)
    return and_(contact.c.updated_at < at.metadata, ~agreed)


def _body_over(at: Cutoffs) -> ColumnElement[bool]:
    return and_(
        message.c.created_at < at.bodies,
        message.c.status.not_in(_ALIVE),
        func.length(message.c.body_sealed) > _SEALED_NOTHING,
    )


def _past(table: Table, inbox_id: ColumnElement[Any], at: Cutoffs) -> ColumnElement[bool]:
    """Return whether it came in before, and no person still has to read it."""
    waits = exists().where(recipient_hold.c.inbox_id == inbox_id, recipient_hold.c.resolved_at.is_(null()))
    return and_(table.c.received_at < at.inbound, ~waits)


def _ended() -> ColumnElement[Any]:
    earlier = consent.c.withdrawn_at < consent.c.expires_at
    return case((earlier, consent.c.withdrawn_at), else_=consent.c.expires_at)


def _by(key: Column[Any]) -> Remove:
    return lambda connection, ids: connection.execute(delete(key.table).where(key.in_(ids)))


def _forget_bodies(connection: Connection, keyring: Keyring, ids: Sequence[str]) -> None:
    """Put nothing, sealed, in the place of each text, and forget what it read like."""
    connection.execute(update(part).where(part.c.message_id.in_(ids)).values(wording=null()))
    rows = [{"of": ident, "nothing": keyring.seal("message", "body", ident, "")} for ident in ids]
    connection.execute(_FORGET_BODY, rows)


_FORGET_BODY = update(message).where(message.c.id == bindparam("of")).values(body_sealed=bindparam("nothing"))


def forget_messages(connection: Connection, ids: Sequence[str]) -> None:
    """Remove messages with their parts, and the names that callers gave them."""
    named = select(message.c.key_id, message.c.reference).where(
        message.c.id.in_(ids), message.c.reference.is_not(null())
    )
    connection.execute(delete(reference).where(tuple_(reference.c.key_id, reference.c.reference).in_(named)))
    connection.execute(delete(part).where(part.c.message_id.in_(ids)))
    connection.execute(delete(message).where(message.c.id.in_(ids)))
