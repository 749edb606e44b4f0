"""What waits is judged anew when other words come into force: hand-off itself does not read texts (2.2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Final

from sqlalchemy import Connection

from gateway.facts import PolicyDesk
from gateway.model import CancelReason, Clock
from gateway.store import Database, audit, lifecycle, messages
from gateway.store.schema import message
from policy import Decision, Outcome
from policy.wording import judge_wording

_RUN: Final = 100  # messages in one look


@dataclass(frozen=True, slots=True)
class Rejudging:
    """Reads every text that waits, and ends those that the words in force refuse."""

    database: Database
    desk: PolicyDesk
    clock: Clock

    async def run(self) -> int:
        """Do it; return how many messages that ended. What only a doubt speaks against goes on."""
        ended, after = 0, ""
        while True:
            looked, refused = await self.database.read(partial(self._look, after=after))
            if refused:
                ended += await self.database.write(partial(self._end, refused=refused, now=self.clock()))
            if len(looked) < _RUN:
                return ended
            after = looked[-1]

    def _look(self, connection: Connection, after: str) -> tuple[list[str], dict[str, Decision]]:
        """Return the ids of the next messages that wait, and what is refused of them."""
        rows = messages.waiting_texts(connection, after, _RUN)
        judged = {row["id"]: self._judge(row["id"], row["body_sealed"]) for row in rows}
        refused = {ident: made for ident, made in judged.items() if made.outcome is Outcome.DENY}
        return list(judged), refused

    def _judge(self, ident: str, sealed: bytes) -> Decision:
        text = self.desk.keyring.open("message", "body", ident, sealed)
        found = judge_wording(text, self.desk.settings, words=self.desk.vocabulary.words)
        return Decision(tuple(finding.reason for finding in found))

    def _end(self, connection: Connection, refused: dict[str, Decision], now: datetime) -> int:
        ended: Sequence[str] = lifecycle.cancel_waiting(
            connection, message.c.id.in_(sorted(refused)), CancelReason.POLICY, now, "the words in force"
        )
        audit.append(connection, [_entry(ident, refused[ident], now) for ident in ended])
        return len(ended)


def _entry(ident: str, decision: Decision, now: datetime) -> dict[str, Any]:
    return audit.row(
        now,
        actor="gateway",
        action="judged-anew",
        target=ident,
        outcome=decision.outcome.value,
        clauses=[reason.clause for reason in decision.reasons],
        detail={"codes": [reason.code for reason in decision.reasons]},
    )
