"""Remove what is older than the policy lets it be (clause 1.2), and say how much that was."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from gateway.store import Database, Keyring, audit, retention
from policy import PolicySettings

_RUN: Final = 100  # rows removed in one transaction
_FOUND: Final = 10_000  # looked for at once
_REST: Final = 0.02  # seconds between two transactions: a hand-off may be waiting
_YEAR: Final = timedelta(days=365.25)


@dataclass(slots=True)
class Purge:
    """Keeps the store as short as the policy says."""

    database: Database
    keyring: Keyring
    settings: PolicySettings

    async def __call__(self, now: datetime) -> Mapping[str, int]:
        """Remove what is over at `now`; return how much of each kind, nothing under a legal hold.

        The audit log gets an entry either way.
        """
        kinds = retention.kinds(self.keyring)
        counts = dict.fromkeys(kinds, 0)
        held = self.settings.retention.legal_hold
        for name, kind in () if held else kinds.items():
            counts[name] = await self._remove(kind, _cutoffs(self.settings, now))
        outcome = "legal-hold" if held else "purged"
        await self.database.write(lambda c: _note(c, outcome, counts, now))
        return counts

    async def _remove(self, kind: retention.Kind, cutoffs: retention.Cutoffs) -> int:
        count = 0
        while found := await self.database.read(lambda c: kind.find(c, cutoffs, _FOUND)):
            for start in range(0, len(found), _RUN):
                ids = found[start : start + _RUN]
                await self.database.write(lambda c, ids=ids: kind.remove(c, ids))  # type: ignore[misc]
                await asyncio.sleep(_REST)
            count += len(found)
        return count


def _cutoffs(settings: PolicySettings, now: datetime) -> retention.Cutoffs:
    kept = settings.retention
    return retention.Cutoffs(
        bodies=now - timedelta(days=kept.body_days),
        inbound=now - timedelta(days=kept.inbound_days),
        metadata=now - kept.metadata_years * _YEAR,
        consents=now - kept.consent_years * _YEAR,
    )


def _note(connection: Connection, outcome: str, counts: Mapping[str, int], now: datetime) -> None:
    audit.record(
        connection,
        now,
        actor="gateway",
        action="purge",
        target="store",
        outcome=outcome,
        clauses=["1.2"],
        detail=counts,
    )
