"""Parts in doubt: listed for people, and settled by their word where no evidence comes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, RowMapping

from gateway.bell import Bell
from gateway.errors import Conflict, NotFound
from gateway.model import CancelReason, Clock, Event, Status
from gateway.records import Caller, Scope
from gateway.store import Database, Keyring, audit, doubts, lifecycle, messages, outbox
from gateway.store.schema import part


class Word(StrEnum):
    """What a person may say of a part in doubt."""

    SENT = "sent"  # the recipient has it, or the bill shows it
    NOT_SENT = "not_sent"  # the recipient has nothing: send it (if the policy still lets it go)
    GIVE_UP = "give_up"  # nobody will ever know: it stays in doubt, and nothing more of its message is sent


@dataclass(frozen=True, slots=True)
class DoubtView:
    """A part that was handed over, and of which nobody knows whether the network took it."""

    message_id: str
    part: int
    parts: int
    to: str
    modem: str  # empty where the second hand-off, by any of them, did not come to it
    handed_over_at: datetime
    cause: str
    on_doubt: str
    expires_at: datetime


@dataclass(slots=True)
class Doubts:
    """Callers see and settle the doubts of their own messages; who may approve, everybody's."""

    database: Database
    keyring: Keyring
    bell: Bell
    clock: Clock

    async def list(self, caller: Caller) -> tuple[DoubtView, ...]:
        """Return what is in doubt, oldest first."""
        rows = await self.database.read(lambda c: doubts.unsettled(c, _whose(caller)))
        return tuple(self._view(row) for row in rows)

    async def resolve(self, caller: Caller, message_id: str, number: int, word: Word) -> None:
        """Settle a doubt. Raises `NotFound` if the message is not the caller's, `Conflict` if it is none."""
        await self.database.write(lambda c: self._resolve(c, caller, message_id, number, word, self.clock()))
        self.bell.ring()

    def _resolve(
        self, connection: Connection, caller: Caller, ident: str, number: int, word: Word, now: datetime
    ) -> None:
        whole, whose = messages.one(connection, ident), _whose(caller)
        if whole is None or whose not in (None, whole["person_id"]):
            raise NotFound(f"there is no message {ident}")
        row = doubts.one(connection, ident, number)
        if row is None:
            raise Conflict("NOT_IN_DOUBT", f"part {number} of {ident} is not in doubt, or no longer")
        _SETTLE[word](connection, row, caller, now)
        audit.record(
            connection,
            now,
            actor=caller.handle,
            action="doubt-resolved",
            target=ident,
            outcome=word.value,
            detail={"part": number, "evidence": "a person's word"},
        )

    def _view(self, row: RowMapping) -> DoubtView:
        ident = row["message_id"]
        return DoubtView(
            message_id=ident,
            part=row["number"],
            parts=row["parts"],
            to=self.keyring.open("message", "number", ident, row["number_sealed"]),
            modem=row["modem"] or "",
            handed_over_at=row["claimed_at"],
            cause=row["cause"] or "",
            on_doubt=row["on_doubt"],
            expires_at=row["expires_at"],
        )


def _whose(caller: Caller) -> str | None:
    return None if Scope.APPROVE in caller.scopes else caller.person_id


def _sent(connection: Connection, row: RowMapping, _caller: Caller, now: datetime) -> None:
    values = {"sent_at": row["claimed_at"]}
    ident, number = row["message_id"], row["number"]
    lifecycle.change(connection, ident, number, Status.UNCERTAIN, Event.ACCEPTED, now, **values)
    doubts.over(connection, ident)


def _not_sent(connection: Connection, row: RowMapping, caller: Caller, now: datetime) -> None:
    ident, number = row["message_id"], row["number"]
    cause = f"not sent, says {caller.handle}"
    doubts.over(connection, ident)
    outbox.give_back(connection, ident, number, Status.UNCERTAIN, now, cause=cause, mr=None)


def _give_up(connection: Connection, row: RowMapping, caller: Caller, now: datetime) -> None:
    ident = row["message_id"]
    doubts.leave(connection, ident, row["number"], f"{row['cause']}; left so by {caller.handle}", now)
    mine = part.c.message_id == ident
    cause = "an earlier part is in doubt for good"
    lifecycle.cancel_waiting(connection, mine, CancelReason.CALLER, now, cause)


_SETTLE = {Word.SENT: _sent, Word.NOT_SENT: _not_sent, Word.GIVE_UP: _give_up}
