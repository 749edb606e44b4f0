"""Live evidence for every clause: what is on record of the last thirty days (8.1)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from gateway.compliance.clauses import Cited
from gateway.model import Clock
from gateway.store import Database
from gateway.store.monthly import Span, entries
from policy.clauses import register

_LATELY: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClauseEvidence:
    """A clause of the register, and what was done about it lately."""

    number: str
    says: str
    rules: tuple[str, ...]
    parts: tuple[str, ...]
    reports: tuple[str, ...]
    tests: tuple[str, ...]
    missing: str
    asked: int
    denied: int
    held: int
    entries: int
    last_checked_at: datetime | None


@dataclass(slots=True)
class Evidence:
    """Reads only, when it is asked."""

    database: Database
    clock: Clock

    async def clauses(self) -> tuple[ClauseEvidence, ...]:
        """Return every clause, in the order of the document."""
        return await self.database.read(self._clauses)

    def _clauses(self, connection: Connection) -> tuple[ClauseEvidence, ...]:
        now = self.clock()
        cited = Cited(entries(connection, Span(now - _LATELY, now + _LATELY)))
        return tuple(
            ClauseEvidence(
                **clause.model_dump(),
                asked=cited.decisions if clause.rules else 0,
                denied=cited.count(outcome="DENY", clause=clause.number),
                held=cited.count(outcome="HOLD", clause=clause.number),
                entries=cited.count(clause=clause.number),
                last_checked_at=cited.last(clause.number, asked=bool(clause.rules)),
            )
            for clause in register()
        )
