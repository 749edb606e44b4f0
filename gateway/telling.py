"""Everything that tells others what happens, built and run together."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from gateway.bell import Bell
from gateway.config import WebhooksSection
from gateway.courier import Courier
from gateway.events import Events
from gateway.model import Clock, ModemState
from gateway.modem import Modem
from gateway.store import Database, Keyring
from gateway.webhooks import Webhooks


@dataclass(frozen=True, slots=True)
class Telling:
    """The table of events, the register of endpoints, and who takes the one to the other."""

    events: Events
    webhooks: Webhooks
    courier: Courier

    @classmethod
    def of(cls, section: WebhooksSection, database: Database, keyring: Keyring, clock: Clock) -> Telling:
        """Build them around one bell, which rings after every commit."""
        bell, changed = Bell(), Bell()
        database.on_commit = bell.ring
        courier = Courier(
            database=database,
            keyring=keyring,
            allow=section.allow,
            bell=bell,
            changed=changed,
            clock=clock,
            first_retry=timedelta(seconds=section.first_retry_seconds),
        )
        webhooks = Webhooks(
            database=database, keyring=keyring, allow=section.allow, changed=changed, clock=clock
        )
        return cls(Events(database, bell, clock), webhooks, courier)

    async def run(self, modems: Sequence[Modem]) -> None:
        """Tell until cancelled."""
        states: asyncio.Queue[ModemState] = asyncio.Queue()
        for modem in modems:
            modem.subscribe(states.put_nowait)
        async with asyncio.TaskGroup() as group:
            group.create_task(self.events.run(), name="events")
            group.create_task(self.events.note_modem(states), name="events of modems")
            group.create_task(self.courier.run(), name="webhooks")
