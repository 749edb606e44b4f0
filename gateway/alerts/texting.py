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

from gateway import sms
from gateway.bell import Bell
from gateway.ids import new_id
from gateway.model import Clock, Status
from gateway.numbers import Identify
from gateway.store import Database, Keyring, audit, outbox
from policy import Kind

MOST: Final = 10  # rounds of texts in a day
_DAY: Final = timedelta(days=1)
_VALIDITY: Final = timedelta(hours=1)  # later it is no news
_FIRST: Final = 0  # in the queue


@dataclass(slots=True)
class Texting:
    """Queues texts for numbers as the configuration has them."""

    database: Database
    keyring: Keyring
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
        split = sms.split(text)
        for each in map(self.identify, self.numbers):
            new = outbox.NewMessage(
                id=new_id("msg", now),
                kind=Kind.ALERT.value,
                number=each,
                number_index=self.keyring.index(each),
                purpose="",
                body=text,
                alphabet=split.alphabet.value,
                parts=len(split.parts),
                status=Status.QUEUED,
                priority=_FIRST,
                expires_at=now + _VALIDITY,
                created_at=now,
            )
            outbox.add(connection, [outbox.seal(self.keyring, new)])
            audit.record(
                connection, now, actor="gateway", action="alert-text", target=new.id, outcome="queued"
            )
