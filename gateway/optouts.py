"""Opt-outs by staff, and the replies that wait for a person's judgement (6.2, 4.3)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, RowMapping

from gateway.bell import Bell
from gateway.errors import Fault, Invalid, NotFound
from gateway.gate import Gate
from gateway.model import Clock, HoldReason
from gateway.numbers import telephone
from gateway.records import Caller, HoldView, Page, SuppressionView
from gateway.replies import suppress
from gateway.store import Database, Keyring, audit, events, lifecycle, recipients, suspects
from gateway.store.schema import message
from gateway.suspects import doubt
from gateway.working_time import is_late
from policy import PolicySettings

OUTCOMES: Final = ("opt_out", "not_an_opt_out", "wrong_number")


@dataclass(slots=True)
class OptOuts:
    """Staff may opt a number out at any time; lifting takes evidence and two people (not here)."""

    database: Database
    keyring: Keyring
    settings: PolicySettings
    gate: Gate
    bell: Bell
    clock: Clock

    async def add(self, caller: Caller, number: str, *, topic: str = "") -> SuppressionView:
        """Opt a number out at once, everything or one topic; what waits for it is cancelled."""
        index = self.keyring.index(telephone(number, self.settings))
        if topic and topic not in self.settings.topics:
            known = ", ".join(sorted(self.settings.topics)) or "none is configured"
            raise Invalid((Fault("topic", f"no such topic; known: {known}"),))

        def transaction(connection: Connection) -> RowMapping:
            now = self.clock()
            suppress(
                connection,
                self.gate,
                self.settings,
                index,
                topic=topic,
                source="staff",
                made_by=caller.handle,
                now=now,
            )
            rows = recipients.suppressions(connection, index, None, 100)
            return next(row for row in rows if row["topic"] == topic)

        return _view(await self.database.write(transaction))

    async def list(
        self, *, number: str | None = None, cursor: str | None = None, limit: int = 50
    ) -> Page[SuppressionView]:
        """Return the opt-outs in force, newest first; of one number, if given."""
        index = None if number is None else self.keyring.index(telephone(number, self.settings))
        rows = await self.database.read(lambda c: recipients.suppressions(c, index, cursor, limit + 1))
        shown = rows[:limit]
        return Page(tuple(_view(row) for row in shown), shown[-1]["id"] if len(rows) > limit else None)

    async def holds(self) -> tuple[HoldView, ...]:
        """Return the numbers that wait for a person to read their reply."""
        rows = await self.database.read(recipients.open_holds)
        now, zone = self.clock(), self.settings.zone
        return tuple(
            HoldView(row["id"], row["inbox_id"], row["since"], row["kind"], is_late(row["since"], now, zone))
            for row in rows
        )

    async def resolve_hold(self, caller: Caller, hold_id: str, outcome: str) -> None:
        """End a hold: `opt_out` suppresses the number, `not_an_opt_out` lets its messages go.

        `wrong_number` puts the number in doubt: what waits for it is refused at hand-off. Of an appointment's
        hold any outcome is only noted: what a recipient's own word did, their START or new consent undoes.
        """
        if outcome not in OUTCOMES:
            raise Invalid((Fault("outcome", f"must be one of {', '.join(OUTCOMES)}"),))
        await self.database.write(lambda c: self._resolve(c, caller, hold_id, outcome, self.clock()))
        self.bell.ring()

    def _resolve(
        self, connection: Connection, caller: Caller, hold_id: str, outcome: str, now: datetime
    ) -> None:
        found = recipients.resolve_hold(connection, now, ident=hold_id, by=caller.handle, outcome=outcome)
        if found is None:
            raise NotFound(f"there is no open hold {hold_id}")
        index, by = found.number_index, caller.handle
        events.add(connection, now, "hold.resolved", hold_id, detail=outcome)
        audit.record(
            connection,
            now,
            actor=caller.handle,
            action="hold-resolved",
            target=hold_id,
            outcome=outcome,
            clauses=["6.2"],
        )
        if outcome == "opt_out":
            suppress(
                connection,
                self.gate,
                self.settings,
                index,
                topic="",
                source="staff",
                made_by=caller.handle,
                now=now,
            )
            return
        if outcome == "wrong_number":
            doubt(connection, index, reason="wrong_number", source=found.inbox_id, by=by, now=now)
        else:
            suspects.dismiss(connection, now, number_index=index, by=by)
        held = (message.c.number_index == index) & (message.c.hold_reason == HoldReason.RECIPIENT_HOLD)
        lifecycle.let_go(connection, held, now)


def _view(row: RowMapping) -> SuppressionView:
    return SuppressionView(
        id=row["id"],
        topic=row["topic"],
        source=row["source"],
        made_by=row["made_by"],
        since=row["since"],
    )
