"""Checkpoints of the audit log on their way out: to a web server, and by text to the owner's phone (1.3).

What is at other people's places, this machine cannot rewrite: each of them shows that the log was cut short.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Final

import aiohttp
from sqlalchemy import Connection

from gateway import guard
from gateway.auditing import Auditing
from gateway.bell import Bell
from gateway.config import Config
from gateway.guard import Guard, Network
from gateway.numbers import Identify
from gateway.own_texts import OwnTexts
from gateway.store import audit
from gateway.verify_audit import fingerprint
from policy import Kind, PolicySettings

_TIMEOUT: Final = aiohttp.ClientTimeout(total=10)
_MORNING: Final = time(9)  # the owner is not woken by a fingerprint
_VALIDITY: Final = timedelta(hours=36)
_LAST: Final = 20  # in the queue: everything else goes first


class NotDelivered(OSError):
    """The web server did not take the checkpoint; it is tried again in an hour."""


@dataclass(slots=True)
class Anchors:
    """Each way is used once a day; None: it is not configured."""

    auditing: Auditing
    texts: OwnTexts
    settings: PolicySettings
    identify: Identify
    bell: Bell
    allow: Sequence[Network]
    webhook: str | None = None
    sms_to: str | None = None

    @classmethod
    def of(
        cls,
        config: Config,
        auditing: Auditing,
        texts: OwnTexts,
        settings: PolicySettings,
        identify: Identify,
        bell: Bell,
    ) -> Anchors:
        """Build it as it is configured."""
        section = config.audit
        allow = config.webhooks.allow
        return cls(auditing, texts, settings, identify, bell, allow, section.webhook, section.sms_to)

    async def post(self, _now: datetime) -> None:
        """Post the checkpoint, as the file has it, to the web server. Raises `NotDelivered`."""
        if self.webhook is None:
            return
        if (fault := guard.fault_of(self.webhook, self.allow)) is not None:
            raise NotDelivered(f"[audit] webhook: the address {fault}")
        text = await self.auditing.checkpoint()
        resolver = Guard(self.allow, public=self.webhook.startswith("https:"))
        try:
            async with (
                aiohttp.ClientSession(
                    connector=aiohttp.TCPConnector(resolver=resolver), timeout=_TIMEOUT
                ) as session,
                session.post(
                    self.webhook,
                    data=text.encode(),
                    headers={"Content-Type": "application/json", "User-Agent": "Schoolgate"},
                    allow_redirects=False,
                ) as answer,
            ):
                status = answer.status
        except (aiohttp.ClientError, TimeoutError, ValueError) as exc:
            raise NotDelivered(f"[audit] webhook: {type(exc).__name__}") from exc
        if not 200 <= status < 300:
            raise NotDelivered(f"[audit] webhook: the server answered {status}")
        await self.auditing.note_anchor("webhook")

    async def text(self, now: datetime) -> None:
        """Queue a text with a short fingerprint of the log, for the morning where it is night."""
        if self.sms_to is not None and await self.auditing.database.write(lambda c: self._queue(c, now)):
            self.bell.ring()

    def _queue(self, connection: Connection, now: datetime) -> bool:
        if self.auditing.anchored(connection, "sms", now.astimezone(self.settings.zone)):
            return False
        seq, digest = audit.last(connection)
        body = words(self.settings, seq, digest, now)
        to, after = self.identify(self.sms_to or ""), self._when(now)
        self.texts.queue(
            connection, Kind.CHECKPOINT, to, body, now, validity=_VALIDITY, priority=_LAST, after=after
        )
        self.auditing.anchor_noted(connection, "sms", seq, now)
        return True

    def _when(self, now: datetime) -> datetime:
        """Return now, or nine o'clock where it is earlier there."""
        local = now.astimezone(self.settings.zone)
        return max(now, datetime.combine(local.date(), _MORNING, self.settings.zone))


def words(settings: PolicySettings, seq: int, digest: str, now: datetime) -> str:
    """Return the text: `schoolgate audit verify --anchor FILE` takes it as it is."""
    day = now.astimezone(settings.zone).date()
    return f"{settings.organisation}: {fingerprint(seq, digest, day.isoformat())}. Please keep this text."
