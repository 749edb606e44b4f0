"""A desk at which the replies of one person come in: the real inbound path on a real database."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Table, select, update

from gateway.gate import Gate
from gateway.inbound import Inbound
from gateway.model import RawSms, Status
from gateway.numbers import Identify
from gateway.own_texts import OwnTexts
from gateway.replies import Replies
from gateway.simulator.relay import compose
from gateway.store import Database, Keyring, outbox, recipients
from gateway.store.schema import message, part
from policy import Classifier, PolicySettings

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
SETTINGS = PolicySettings.load()
READER = Classifier(SETTINGS)


@dataclass(slots=True)
class Desk:
    """Receives texts of one person, at a time of a test's choice."""

    database: Database
    keyring: Keyring
    number: str
    now: datetime = NOW
    sent: list[str] = field(default_factory=list)

    @property
    def index(self) -> bytes:
        return self.keyring.index(self.number)

    @property
    def inbound(self) -> Inbound:
        replies = Replies(OwnTexts(self.keyring), Gate(lambda: None), SETTINGS, READER)
        identify = Identify(SETTINGS)
        return Inbound("main", self.database, self.keyring, identify, replies, lambda: self.now, lambda: None)

    async def receive(self, *pdus: bytes) -> None:
        raws = [RawSms(pdu.hex().upper(), "sim0", "00101", "stored", "SM", 1, self.now) for pdu in pdus]
        await self.inbound.received(raws)

    async def text(self, text: str) -> None:
        await self.receive(*compose(self.number, text, self.now))

    async def queue(self, purpose: str = "event_notice", **changes: Any) -> str:
        """Queue a text to her; return its id."""
        ident = f"msg_{self.number[-3:]}{len(self.sent):023d}"
        self.sent.append(ident)
        new = outbox.NewMessage(
            id=ident, kind="message", number=self.number, number_index=self.index, parts=1,
            purpose=purpose, body="Hello", alphabet="gsm7", status=Status.QUEUED, priority=20,
            expires_at=NOW + DAY, created_at=NOW,
        )  # fmt: skip

        def transaction(connection: Connection) -> None:
            outbox.add(connection, [outbox.seal(self.keyring, new)])
            if changes:
                connection.execute(update(part).where(part.c.message_id == ident).values(**changes))

        await self.database.write(transaction)
        return ident

    async def rows(self, table: Table) -> list[Any]:
        """Return what is on record about her."""
        query = select(table).where(table.c.number_index == self.index)
        found = await self.database.read(lambda c: c.execute(query).mappings().all())
        return list(found)

    async def status(self, ident: str) -> str:
        query = select(message.c.status).where(message.c.id == ident)
        return str(await self.database.read(lambda c: c.execute(query).scalar_one()))

    async def opted_out_by_staff(self) -> None:
        """Have her opted out by staff."""
        values = {"ident": f"opt_{self.number[-3:]}", "topic": "", "source": "staff", "made_by": "amy"}
        index = self.index
        await self.database.write(lambda c: recipients.suppress(c, self.now, number_index=index, **values))
