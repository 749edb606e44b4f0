"""`on_doubt = "resend"`: what is in doubt for long is sent once more by itself, where its message says so.

Once for each message, and only if the policy lets it go at that moment. In every other case it stays in
doubt, and a person is asked: a text that comes twice is the lesser harm, one that comes on and on is not.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from gateway.facts import PolicyDesk
from gateway.model import OnDoubt, Status
from gateway.store import audit, doubts, lifecycle, messages, outbox
from gateway.store.prepared import Row
from policy import Outcome, Stage

_AGAIN: Final = "in doubt for too long: sent again by its rule"


def due(connection: Connection, gateway: str, doubt: timedelta, now: datetime) -> list[Row]:
    """Return the parts about which the rule decides now: in doubt for `doubt`, and still valid."""
    return [
        row
        for row in lifecycle.in_doubt(connection, Status.UNCERTAIN, gateway)
        if row["on_doubt"] == OnDoubt.RESEND
        and row["final_at"] is None  # a person has not given it up
        and row["claimed_at"] + doubt <= now < row["expires_at"]
    ]


def decide(connection: Connection, desk: PolicyDesk, row: Row, now: datetime) -> None:
    """Queue a part of `due` once more, or leave it to a person if the policy no longer lets it go."""
    ident, number = row["message_id"], row["number"]
    if _may_go(connection, desk, row, now):
        after = OnDoubt.RESENT
        outbox.give_back(connection, ident, number, Status.UNCERTAIN, now, cause=_AGAIN)
    else:
        after = OnDoubt.ASK
    doubts.rule(connection, ident, after)
    audit.record(
        connection,
        now,
        actor="gateway",
        action="doubt-resolved" if after is OnDoubt.RESENT else "doubt-left",
        target=ident,
        outcome="queued" if after is OnDoubt.RESENT else "uncertain",
        detail={"part": number, "rule": "on_doubt = resend"},
    )


def _may_go(connection: Connection, desk: PolicyDesk, row: Row, now: datetime) -> bool:
    whole = messages.one(connection, row["message_id"])
    assert whole is not None  # noqa: S101 - a part has its message
    asked = outbox.candidate(
        desk.keyring,
        whole,
        row["message_id"],
        number=row["number"],
        concat_reference=whole["concat_reference"],
        attempts=row["attempts"],
        wording=row["wording"],
        more=False,
    )
    decision, _ = desk.decide_stored(connection, asked, Stage.HANDOFF, now)
    return decision.outcome is Outcome.ALLOW
