"""The sender keeps what it knows of the radio, whatever the store does meanwhile."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from gateway.begun import Begun
from gateway.bell import Bell
from gateway.facts import PolicyDesk
from gateway.gate import Gate
from gateway.handoff import Handoff
from gateway.model import Accepted, ModemPhase, ModemState, SendOutcome, Status
from gateway.sender import Sender
from gateway.store import Database, create_key_file, load_key_file, messages, outbox
from policy import PolicySettings
from tests.system.site import eventually

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
NUMBER = "+447911123456"


class Air:
    """A radio that takes a part just as another process takes the database."""

    name = "sim0"
    state = ModemState("sim0", "p", ModemPhase.READY, NOW)
    is_settled = True

    def __init__(self, other: sqlite3.Connection) -> None:
        self.other = other

    async def settled(self) -> None:
        return

    async def send(self, _pdu: bytes, *, permit: Callable[[], bool], **_: bool) -> SendOutcome:
        self.other.execute("BEGIN IMMEDIATE")
        assert permit()
        return Accepted(7)


async def test_what_the_network_took_is_recorded_though_the_next_claim_was_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.store.dialect._BUSY_MS", 50)
    create_key_file(tmp_path / "keys")
    keyring, settings, gate = load_key_file(tmp_path / "keys"), PolicySettings.load(), Gate(lambda: None)
    path = tmp_path / "store.db"
    async with Database.open(f"sqlite:///{path}") as database:
        new = outbox.NewMessage(
            id="msg_1", kind="help", number=NUMBER, number_index=keyring.index(NUMBER), parts=1, purpose="",
            body=settings.help_text, alphabet="gsm7", status=Status.QUEUED, priority=5,
            expires_at=NOW + timedelta(days=1), created_at=NOW,
        )  # fmt: skip
        await database.write(lambda c: outbox.add(c, [outbox.seal(keyring, new)]))
        desk = PolicyDesk(settings, keyring)
        handoff = Handoff(
            gateway="main", modem="sim0", keyring=keyring, desk=desk, gate=gate, retries=[timedelta(0)]
        )
        with (
            closing(sqlite3.connect(path, isolation_level=None)) as other,
            closing(Begun(tmp_path / "begun")) as begun,
            capture_logs() as logs,
        ):
            sender = Sender(Air(other), handoff, database, gate, Bell(), lambda: NOW, begun, 1.0)
            task = asyncio.create_task(sender.run())
            await eventually(lambda: any(log.get("action") == "store_unavailable" for log in logs))
            other.execute("ROLLBACK")
            await eventually(lambda: any(log.get("action") == "part_sent" for log in logs), 20)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        row = await database.read(lambda c: messages.one(c, "msg_1"))
    assert row is not None
    assert row["status"] == "sent"
