"""Texts of the gateway itself, which nobody asked for by a request: answers, alerts, checkpoints."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from gateway import sms
from gateway.ids import new_id
from gateway.model import Status
from gateway.store import Keyring, outbox
from policy import Kind

FIRST: Final = 0  # in the queue: before anything a person sends


@dataclass(frozen=True, slots=True)
class OwnTexts:
    """Queues them as every text is queued: sealed, and for the modem that takes such numbers."""

    keyring: Keyring
    lane: Callable[[str], str] = lambda _: ""  # of a number, where routing speaks of it

    def queue(
        self,
        connection: Connection,
        kind: Kind,
        to: str,
        body: str,
        now: datetime,
        *,
        validity: timedelta,
        priority: int = FIRST,
        after: datetime | None = None,
    ) -> str:
        """Queue one text, to leave now or not before `after`; return its id. `validity` counts from then."""
        begin, split = max(now, after or now), sms.split(body)
        new = outbox.NewMessage(
            id=new_id("msg", now),
            kind=kind.value,
            number=to,
            number_index=self.keyring.index(to),
            purpose="",
            body=body,
            alphabet=split.alphabet.value,
            parts=len(split.parts),
            status=Status.QUEUED if begin <= now else Status.SCHEDULED,
            priority=priority,
            lane=self.lane(to),
            not_before=after,
            expires_at=begin + validity,
            created_at=now,
        )
        outbox.add(connection, [outbox.seal(self.keyring, new)])
        return new.id
