"""Clauses 4.3 and 8.1 at hand-off: opt-outs are looked up, and suspended sending stands still."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Connection

from gateway import receipts
from gateway.facts import PolicyDesk
from gateway.gate import Gate
from gateway.handoff import Handoff
from gateway.model import FailureKind, NotSent, Refused, Revoked, SendOutcome, Status, Unclear
from gateway.store import (
    Database,
    Keyring,
    create_key_file,
    inbox,
    load_key_file,
    messages,
    outbox,
    recipients,
)
from gateway.switch import Switch
from policy import PolicySettings
from tests.blank import fresh

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
NUMBER = "+447911123456"


@pytest.fixture
def keyring(tmp_path: Path) -> Keyring:
    create_key_file(tmp_path / "keys")
    return load_key_file(tmp_path / "keys")


@pytest.fixture
async def database(tmp_path: Path, keyring: Keyring) -> AsyncIterator[Database]:
    settings = PolicySettings.load()
    async with fresh(tmp_path / "store.db") as opened:
        new = outbox.NewMessage(
            id="msg_1", kind="help", number=NUMBER, number_index=keyring.index(NUMBER), parts=1, purpose="",
            body=settings.help_text, alphabet="gsm7", status=Status.QUEUED, priority=5,
            expires_at=NOW + timedelta(days=1), created_at=NOW,
        )  # fmt: skip
        await opened.write(lambda c: outbox.add(c, [outbox.seal(keyring, new)]))
        yield opened


def handoff(keyring: Keyring, switch: Switch | None = None) -> Handoff:
    desk = PolicyDesk(PolicySettings.load(), keyring, switch=switch or Switch())
    return Handoff(
        gateway="main", modem="sim0", keyring=keyring, desk=desk, gate=Gate(lambda: None), retries=[]
    )


async def status(database: Database) -> str:
    row = await database.read(lambda c: messages.one(c, "msg_1"))
    assert row is not None
    return str(row["status"])


async def test_4_3_what_waits_is_taken_while_its_number_is_on_no_list(
    database: Database, keyring: Keyring
) -> None:
    claimed = await database.write(lambda c: handoff(keyring).claim(c, "sim", 1, NOW))
    assert claimed is not None
    assert await status(database) == "sending"


async def test_4_3_what_waits_is_not_taken_once_its_number_is_on_the_list(
    database: Database, keyring: Keyring
) -> None:
    stopped = {"number_index": keyring.index(NUMBER), "topic": "", "source": "staff", "made_by": "office"}
    await database.write(lambda c: recipients.suppress(c, NOW, ident="opt_1", **stopped))  # and nothing else
    assert await database.write(lambda c: handoff(keyring).claim(c, "sim", 1, NOW)) is None
    assert await status(database) == "cancelled"


async def test_8_1_nothing_is_handed_over_while_all_sending_is_suspended(
    database: Database, keyring: Keyring
) -> None:
    """What waits is kept, and goes when sending goes on."""
    suspended = handoff(keyring, Switch(off_since=NOW))
    assert await database.write(lambda c: suspended.claim(c, "sim", 1, NOW)) is None
    assert await status(database) == "queued"
    assert await database.write(lambda c: handoff(keyring).claim(c, "sim", 1, NOW)) is not None


@pytest.mark.parametrize(
    "outcome",
    [Refused(FailureKind.PERMANENT, 1, "unassigned"), NotSent("the modem is away"), Revoked()],
    ids=["refused", "not sent", "revoked"],
)
async def test_a_report_that_waited_for_the_end_of_another_part_settles_the_doubt(
    database: Database, keyring: Keyring, outcome: SendOutcome
) -> None:
    index, desk = keyring.index(NUMBER), handoff(keyring)

    def life(connection: Connection) -> list[str]:
        doubtful = desk.claim(connection, "sim", 1, NOW)
        assert doubtful is not None
        desk.settle(connection, doubtful, Unclear("no answer"), NOW)
        other = outbox.NewMessage(
            id="msg_2", kind="help", number=NUMBER, number_index=index, parts=1, purpose="", body="Hello",
            alphabet="gsm7", status=Status.QUEUED, priority=5, expires_at=NOW + timedelta(days=1),
            created_at=NOW,
        )  # fmt: skip
        outbox.add(connection, [outbox.seal(keyring, other)])
        sending = desk.claim(connection, "sim", 2, NOW)
        assert sending is not None
        row = {
            "id": "pdu_1", "fingerprint": b"1", "pdu_sealed": b"", "gateway": "main", "modem": "sim0",
            "sim": "sim", "route": "stored", "received_at": NOW, "kind": "pending",
        }  # fmt: skip
        report = receipts.Report("pdu_1", "sim", 7, 0, index, NOW, NOW)
        receipts.apply(connection, report, NOW, partial(inbox.journal, connection, row))
        seen = [str(messages.one(connection, "msg_1")["status"])]  # type: ignore[index]
        desk.settle(connection, sending, outcome, NOW)
        return [*seen, str(messages.one(connection, "msg_1")["status"])]  # type: ignore[index]

    assert await database.write(life) == ["uncertain", "delivered"]
