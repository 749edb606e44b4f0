"""Bring the messages of a batch in line with what was decided about the batch, a slice at a time.

What was decided is one row, committed first; its messages follow in transactions so short that an opt-out
or a hand-off between them never waits. After a crash the rest follows at the start.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, Connection

from gateway.model import CancelReason, Clock, HoldReason
from gateway.store import Database, lifecycle, messages
from gateway.store.schema import message

_SLICE: Final = 40  # messages in one transaction

_Step = Callable[[Connection, str, datetime, int | None], int]


async def follow(database: Database, ident: str, clock: Clock) -> None:
    """Bring every message of a batch in line; other transactions run between the slices."""
    while await database.write(lambda c: align(c, ident, clock(), _SLICE)) == _SLICE:
        pass


def align(connection: Connection, ident: str, now: datetime, most: int | None = None) -> int:
    """Bring messages (at most so many) in line with their batch as it now is; return how many."""
    row = messages.one_batch(connection, ident)
    step = None if row is None else _STEPS.get(row["status"])
    return 0 if step is None else step(connection, ident, now, most)


def _release(connection: Connection, ident: str, now: datetime, most: int | None) -> int:
    which = _mine(ident) & message.c.hold_reason.in_((HoldReason.BATCH, HoldReason.APPROVAL))
    return lifecycle.let_go(connection, which, now, most)


def _hold(connection: Connection, ident: str, now: datetime, most: int | None) -> int:
    which = _mine(ident) & (message.c.hold_reason == HoldReason.BATCH)
    return lifecycle.hold_for(connection, which, HoldReason.APPROVAL, now, most)


def _cancel(connection: Connection, ident: str, now: datetime, most: int | None) -> int:
    return len(lifecycle.cancel_waiting(connection, _mine(ident), CancelReason.CALLER, now, most=most))


_STEPS: Final[Mapping[str, _Step]] = {"released": _release, "held": _hold, "cancelled": _cancel}


def _mine(ident: str) -> ColumnElement[bool]:
    return message.c.batch_id == ident
