"""Done every night about people: groups are pruned (4.3), consents that end are told of (4.1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from gateway.groups import Groups
from gateway.store import audit, consents, events, opt_ins


@dataclass(frozen=True, slots=True)
class ContactUpkeep:
    """Keeps lists as the policy wants them."""

    groups: Groups

    async def __call__(self, now: datetime) -> Mapping[str, int]:
        """Do it; return how much of each kind there was."""
        pruned = await self.groups.prune(now)
        told = await self.groups.database.write(lambda c: self._consents(c, now))
        return {**pruned, **told}

    def _consents(self, connection: Connection, now: datetime) -> Mapping[str, int]:
        """End what nobody confirmed in time; tell of consents that end soon."""
        lapsed = opt_ins.lapse(connection, now)
        if lapsed:
            audit.record(
                connection,
                now,
                actor="gateway",
                action="consent-lapsed",
                target="opt-ins",
                outcome="lapsed",
                clauses=["4.1"],
                detail={"opt_ins": len(lapsed)},
            )
        until = now + timedelta(days=self.groups.settings.consent_reminder_days)
        ending = len(consents.ending(connection, now, until))
        if ending:
            events.add(connection, now, "consent.expiring", "consents", detail=str(ending))
        return {"unconfirmed": len(lapsed), "ending": ending}
