"""Done once a day, at night, beside everything else (clauses 1.2 and 1.3).

The audit log is verified and pinned down by a checkpoint; what is older than it may be is removed. It is
done after a start, too, for a machine may be off every night; each part may be done twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final

import structlog

from gateway.anchors import Anchors
from gateway.auditing import Auditing, Verdict
from gateway.config import Config
from gateway.contact_upkeep import ContactUpkeep
from gateway.incidents import Incidents
from gateway.model import Clock
from gateway.retention import Purge
from gateway.store import Database, Keyring, StoreUnavailable
from policy import PolicySettings

log = structlog.get_logger()

_TURN: Final = timedelta(hours=3)  # when a new day begins here: everybody sleeps
_LOOK: Final = 60.0  # seconds
_AGAIN: Final = timedelta(hours=1)  # after a failure


@dataclass(slots=True)
class Daily:
    """Does each part once in each day, and again an hour after it failed."""

    auditing: Auditing
    purge: Purge
    checkpoints: Path | None
    clock: Clock
    anchors: Anchors | None = None  # the ways out other than a file
    incidents: Incidents | None = None
    people: ContactUpkeep | None = None
    verdict: Verdict | None = None  # of the last verification
    _done: dict[str, date] = field(default_factory=dict)
    _failed: dict[str, datetime] = field(default_factory=dict)

    @classmethod
    def of(
        cls, config: Config, database: Database, keyring: Keyring, settings: PolicySettings, clock: Clock
    ) -> Daily:
        """Build it with all its parts."""
        auditing = Auditing(database, keyring, config.gateway.name, clock)
        purge = Purge(database, keyring, settings)
        return cls(auditing, purge, config.audit.checkpoints, clock)

    @property
    def broken(self) -> bool:
        """Whether the last verification of the audit log failed."""
        return self.verdict is not None and self.verdict.first_bad is not None

    async def run(self) -> None:
        """Look once a minute until cancelled."""
        while True:
            await self.look(self.clock())
            await self._overdue()
            await asyncio.sleep(_LOOK)

    async def look(self, now: datetime) -> None:
        """Do what has not been done today."""
        day = (now.astimezone(self.purge.settings.zone) - _TURN).date()
        parts = {
            "verify": self._verify,
            "checkpoint": self._checkpoint,
            "checkpoint by webhook": self._post,
            "checkpoint by text": self._text,
            "purge": self._purge,
            "people": self._people,
        }
        for name, part in parts.items():
            waits = name in self._failed and now < self._failed[name] + _AGAIN
            if self._done.get(name) != day and not waits:
                await self._attempt(name, part, now, day)

    async def _overdue(self) -> None:
        if self.incidents is None:
            return
        try:
            if count := await self.incidents.note_overdue():
                log.error("INCIDENTS OVERDUE: see `schoolgate incident list`", action="overdue", count=count)
        except StoreUnavailable as exc:
            log.debug("overdue incidents are looked for again", action="daily_failed", why=str(exc))

    async def _attempt(
        self, name: str, part: Callable[[datetime], Awaitable[None]], now: datetime, day: date
    ) -> None:
        try:
            await part(now)
        except (StoreUnavailable, OSError) as exc:
            level = log.debug if name in self._failed else log.warning
            level("nightly work failed", action="daily_failed", part=name, why=str(exc))
            self._failed[name] = now
        else:
            self._done[name] = day
            self._failed.pop(name, None)

    async def _verify(self, _now: datetime) -> None:
        self.verdict = verdict = await self.auditing.verify(background=True)
        await self.auditing.note(verdict, by="gateway")
        if verdict.first_bad is None:
            log.info("audit log is whole", action="audit_verified", entries=verdict.entries)
        else:
            log.error(
                "AUDIT LOG BROKEN: see `schoolgate audit verify`",
                action="audit_broken",
                entry=verdict.first_bad,
                why=verdict.why,
            )

    async def _checkpoint(self, now: datetime) -> None:
        """Sign what is whole, and nothing else."""
        if self.checkpoints is None or not self._whole:
            return
        path = await self.auditing.drop(self.checkpoints, now.astimezone(self.purge.settings.zone))
        if path is not None:
            log.info("checkpoint written", action="checkpoint_written", file=path.name)

    async def _post(self, now: datetime) -> None:
        if self.anchors is not None and self._whole:
            await self.anchors.post(now)

    async def _text(self, now: datetime) -> None:
        if self.anchors is not None and self._whole:
            await self.anchors.text(now)

    @property
    def _whole(self) -> bool:
        return self.verdict is not None and self.verdict.first_bad is None

    async def _people(self, now: datetime) -> None:
        if self.people is not None:
            counts = await self.people(now)
            log.info("lists kept", action="lists_kept", **{name: n for name, n in counts.items() if n})

    async def _purge(self, now: datetime) -> None:
        counts = await self.purge(now)
        log.info("purged", action="purged", **{name: count for name, count in counts.items() if count})
