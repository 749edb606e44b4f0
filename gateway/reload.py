"""Take up a changed configuration while everything runs: no modem is dropped and no request refused.

What may change is the policy: its file, and whether the numbers for drama count. The files of the API's
certificate are read again. The rest of the configuration is what the gateway is built from; a change of it is
named and waits for a restart.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

import structlog
from sqlalchemy import Connection

from gateway.certificates import Certificate
from gateway.config import Config, ConfigError
from gateway.in_force import Follows, in_force
from gateway.model import Clock
from gateway.notify import notify
from gateway.replies import Replies
from gateway.store import Database, StoreUnavailable, audit
from gateway.watchdog import Watchdog
from policy import Classifier, PolicyFileError, PolicySettings

log = structlog.get_logger()

_NOT_OURS: Final = {"policy", "backup", "cli"}  # taken up, or read by commands of their own


class Admits(Protocol):
    """What decides whether a number for drama is a number."""

    allow_drama: bool


@dataclass(slots=True)
class Reload:
    """Swaps the policy between two transactions, so that no decision is made by half of each."""

    config: Config  # in force
    database: Database
    clock: Clock
    follow: Sequence[Follows]
    replies: Replies
    admit: Sequence[Admits]
    certificate: Certificate | None = None

    async def __call__(self, reread: Callable[[], Config]) -> str:
        """Read the configuration again and take it up; return what people must know, empty for nothing.

        With a fault in it nothing changes, and the answer says which.
        """
        try:
            config = reread()
            settings = await asyncio.to_thread(PolicySettings.load, config.policy.file)
            reader = await asyncio.to_thread(Classifier, settings)
            if self.certificate is not None:
                await asyncio.to_thread(self.certificate.load)
            await self.database.write(lambda c: self._swap(c, config, settings, reader, self.clock()))
        except (ConfigError, PolicyFileError, StoreUnavailable) as exc:
            log.error("configuration refused", action="reload_refused", why=str(exc))  # noqa: TRY400
            return f"reload refused: {str(exc).splitlines()[0]}"
        waiting = self._waiting(config)
        log.info(
            "configuration taken up",
            action="reloaded",
            policy=settings.review.version,
            needs_restart=waiting,
        )
        restart = f"needs a restart: {', '.join(waiting)}" if waiting else ""
        ends = self.certificate.warning() if self.certificate is not None else ""
        return "; ".join(filter(None, (restart, ends)))

    async def at(self, hang_up: asyncio.Event, reread: Callable[[], Config], watchdog: Watchdog) -> None:
        """Reload at every `hang_up`, and tell systemd of it, until cancelled."""
        while True:
            await hang_up.wait()
            hang_up.clear()
            notify("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")
            watchdog.note(await self(reread))
            notify("READY=1", f"STATUS={watchdog.status()}")

    def _swap(
        self,
        connection: Connection,
        config: Config,
        settings: PolicySettings,
        reader: Classifier,
        now: datetime,
    ) -> None:
        settings = in_force(connection, settings)
        detail = {"policy": settings.review.version}
        audit.record(
            connection, now, actor="gateway", action="reloaded", target="policy", outcome="ok", detail=detail
        )
        for follower in (self.replies, *self.follow):
            follower.settings = settings
        self.replies.reader = reader
        for admitter in self.admit:
            admitter.allow_drama = config.policy.allow_drama_numbers

    def _waiting(self, config: Config) -> list[str]:
        """Return the sections that differ from what the gateway was built from."""
        sections = sorted(set(Config.model_fields) - _NOT_OURS)
        return [name for name in sections if getattr(config, name) != getattr(self.config, name)]
