"""Bring the messages of a batch in line with what was decided about the batch, a slice at a time.

What was decided is one row, committed first; its messages follow in transactions so short that an opt-out
or a hand-off between them never waits. After a crash the rest follows at the start.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, Connection, RowMapping

from gateway import releasing
from gateway.facts import PolicyDesk
from gateway.model import CancelReason, Clock, HoldReason
from gateway.store import Database, audit, lifecycle, messages
from gateway.store.schema import message
from policy import SecondPerson

_SLICE: Final = 40  # messages in one transaction
_JUDGED: Final = 20  # those that the policy is asked about

_Step = Callable[[Connection, PolicyDesk, RowMapping, datetime, int], bool]


async def follow(database: Database, desk: PolicyDesk, ident: str, clock: Clock) -> None:
    """Bring every message of a batch in line; other transactions run between the slices."""
    while await database.write(lambda c: align(c, desk, ident, clock())):
        pass


def align(connection: Connection, desk: PolicyDesk, ident: str, now: datetime, most: int = _SLICE) -> bool:
    """Bring messages (at most so many) in line with their batch; say whether there may be more."""
    row = messages.one_batch(connection, ident)
    step = None if row is None else _STEPS.get(row["status"])
    return row is not None and step is not None and step(connection, desk, row, now, most)


def _release(connection: Connection, desk: PolicyDesk, row: RowMapping, now: datetime, most: int) -> bool:
    """Let them go. Where a second person did, time has passed: each is asked about once more."""
    if row["approver_id"] is None:
        which = _mine(row["id"]) & (message.c.hold_reason == HoldReason.BATCH)
        return lifecycle.let_go(connection, which, now, most) == most
    most = min(most, _JUDGED)
    agreed = (SecondPerson(asked_by=row["person_id"], decided_by=row["approver_id"]),)
    decided, entries = {}, []
    for each in messages.held_of_batch(connection, row["id"], most):
        decided[each["id"]], entry = releasing.judge(
            connection, desk, each, agreed, now, by="gateway", recipients=row["accepted"]
        )
        entries.append(entry)
    audit.append(connection, entries)
    releasing.settle(connection, decided, now)
    return len(decided) == most


def _hold(connection: Connection, _: PolicyDesk, row: RowMapping, now: datetime, most: int) -> bool:
    which = _mine(row["id"]) & (message.c.hold_reason == HoldReason.BATCH)
    return lifecycle.hold_for(connection, which, HoldReason.APPROVAL, now, most) == most


def _cancel(connection: Connection, _: PolicyDesk, row: RowMapping, now: datetime, most: int) -> bool:
    ended = lifecycle.cancel_waiting(connection, _mine(row["id"]), CancelReason.CALLER, now, most=most)
    return len(ended) == most


_STEPS: Final[Mapping[str, _Step]] = {"released": _release, "held": _hold, "cancelled": _cancel}


def _mine(ident: str) -> ColumnElement[bool]:
    return message.c.batch_id == ident
