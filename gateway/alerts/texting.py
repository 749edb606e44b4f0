"""Texts to a technician, through the outbox like every other: by whichever modem is well.

The policy lets them pass as a kind of their own: the number must be one that may be texted, and a STOP from
it is obeyed. So that a fault never becomes a bill, there are few in a day.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from gateway.bell import Bell
from gateway.model import Clock
from gateway.numbers import Identify
from gateway.own_texts import OwnTexts
from gateway.store import Database, audit
from policy import Kind

MOST: Final = 10  # rounds of texts in a day
_DAY: Final = timedelta(days=1)
_VALIDITY: Final = timedelta(hours=1)  # later it is no news


@dataclass(slots=True)
class Texting:
    """Queues texts for numbers as the configuration has them."""

    database: Database
    texts: OwnTexts
    identify: Identify
    bell: Bell
    clock: Clock
    numbers: Sequence[str]
    _sent: deque[datetime] = field(default_factory=deque)

    async def send(self, text: str) -> bool:
        """Queue `text` for every number; return whether there was room for it today."""
        now = self.clock()
        while self._sent and now - self._sent[0] >= _DAY:
            self._sent.popleft()
        if len(self._sent) >= MOST:
            return False
        self._sent.append(now)
        await self.database.write(lambda c: self._queue(c, text, now))
        self.bell.ring()
        return True

    def _queue(self, connection: Connection, text: str, now: datetime) -> None:
        for each in map(self.identify, self.numbers):
            ident = self.texts.queue(connection, Kind.ALERT, each, text, now, validity=_VALIDITY)
            audit.record(
                connection, now, actor="gateway", action="alert-text", target=ident, outcome="queued"
            )
