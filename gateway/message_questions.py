"""How many people are asked about one message, and who of them has agreed (3.3, 6.2)."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection

from gateway.records import ApprovalKind, ApprovalOutcome
from gateway.store import approvals
from policy import Kind, SecondPerson

_ALSO: Final = "+"  # after the id of a message: the question to one more person


def questions(ident: str, kind: str) -> tuple[str, ...]:
    """Return the targets of the questions about a message: one, or two where it passes an opt-out."""
    return (ident, ident + _ALSO) if kind == Kind.BREAK_GLASS else (ident,)


def message_of(target: str) -> str:
    """Return the message that a question is about."""
    return target.removesuffix(_ALSO)


def approvers(connection: Connection, ident: str) -> tuple[SecondPerson, ...]:
    """Return who has approved a message."""
    rows = (
        approvals.last_of(connection, ApprovalKind.MESSAGE, target)
        for target in questions(ident, Kind.BREAK_GLASS)
    )
    return tuple(
        SecondPerson(asked_by=row["requested_by"], decided_by=row["decided_by"])
        for row in rows
        if row is not None and row["outcome"] == ApprovalOutcome.APPROVED
    )
