"""What the registers of people and of keys have in common."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, RowMapping

from gateway.errors import NotFound
from gateway.model import Clock
from gateway.store import Database, Keyring, audit, people
from policy import PolicySettings


@dataclass(slots=True)
class Register:
    """A register, and what it is kept by."""

    database: Database
    keyring: Keyring
    settings: PolicySettings
    clock: Clock


def known(connection: Connection, handle: str) -> RowMapping:
    """Return a person; raise `NotFound`."""
    row = people.by_handle(connection, handle)
    if row is None:
        raise NotFound(f"there is no person {handle}; `schoolgate person list` shows them")
    return row


def note(
    connection: Connection, now: datetime, by: str, action: str, target: str, outcome: str, **detail: object
) -> None:
    """Write a change of the register into the audit log."""
    audit.record(
        connection,
        now,
        actor=by,
        action=action,
        target=target,
        outcome=outcome,
        clauses=["3.1", "3.2"],
        detail=detail,
    )
