"""Clause 1.2: what is older than it may be goes, nothing else does, and a legal hold stops it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Table, insert, select

from gateway.auditing import Auditing
from gateway.daily import Daily
from gateway.model import Status
from gateway.retention import Purge
from gateway.store import Database, Keyring, audit, create_key_file, load_key_file, outbox, recipients
from gateway.store.schema import batch, consent, inbound, inbox, message, part, reference, suppression
from policy import PolicySettings
from tests.blank import fresh

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
DAY, YEAR = timedelta(days=1), timedelta(days=366)
NUMBER = "+447700900123"


@pytest.fixture
def keyring(tmp_path: Path) -> Keyring:
    create_key_file(tmp_path / "keys")
    return load_key_file(tmp_path / "keys")


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with fresh(tmp_path / "store.db") as opened:
        yield opened


@pytest.fixture
def purge(database: Database, keyring: Keyring) -> Purge:
    return Purge(database, keyring, PolicySettings.load())


async def rows(database: Database, table: Table) -> dict[str, Any]:
    found = await database.read(lambda c: c.execute(select(table)).mappings().all())
    return {row[next(iter(table.primary_key)).name]: row for row in found}


async def send(database: Database, keyring: Keyring, ident: str, age: timedelta, status: Status) -> None:
    new = outbox.NewMessage(
        id=ident,
        batch_id="bat_" + ident,
        kind="message",
        key_id="key",
        reference="ours-" + ident,
        number=NUMBER,
        number_index=keyring.index(NUMBER),
        purpose="event_notice",
        body="The trip is on Friday.",
        alphabet="gsm7",
        parts=2,
        status=status,
        priority=20,
        expires_at=NOW - age + DAY,
        created_at=NOW - age,
    )
    await database.write(lambda c: outbox.add(c, [outbox.seal(keyring, new)]))
    mine = {"id": "bat_" + ident, "person_id": "p", "key_id": "key", "status": "released"}
    counts = {"accepted": 1, "refused": 0, "created_at": NOW - age}
    await database.write(lambda c: c.execute(insert(batch), mine | counts))
    named = {"key_id": "key", "reference": "ours-" + ident, "request_hash": b"", "response": {"id": ident}}
    await database.write(lambda c: c.execute(insert(reference), named))


async def receive(database: Database, keyring: Keyring, ident: str, age: timedelta, **more: object) -> None:
    pdu = {
        "id": "pdu_" + ident, "fingerprint": b"f", "gateway": "main", "modem": "sim0", "route": "deliver",
        "pdu_sealed": keyring.seal("inbound", "pdu", "pdu_" + ident, "00"), "received_at": NOW - age,
        "kind": "text", "inbox_id": "inb_" + ident,
    }  # fmt: skip
    text = {
        "id": "inb_" + ident, "number_index": keyring.index(NUMBER), "tier": "inbox", "complete": True,
        "number_sealed": keyring.seal("inbox", "number", "inb_" + ident, NUMBER), "modem": "sim0",
        "text_sealed": keyring.seal("inbox", "text", "inb_" + ident, "hello"), "received_at": NOW - age,
    }  # fmt: skip
    await database.write(lambda c: c.execute(insert(inbound), pdu | more))
    await database.write(lambda c: c.execute(insert(inbox), text))


async def agree(
    database: Database, keyring: Keyring, ident: str, ended: timedelta, withdrawn: timedelta | None = None
) -> None:
    values = {
        "id": ident, "number_index": keyring.index(NUMBER), "purpose": "event_notice", "method": "email",
        "number_sealed": keyring.seal("consent", "number", ident, NUMBER), "wording": "May we?",
        "evidence_sealed": keyring.seal("consent", "evidence", ident, "box 7"), "recorded_by": "amy",
        "given_at": NOW - ended - YEAR, "expires_at": NOW - ended, "created_at": NOW - ended - YEAR,
        "withdrawn_at": None if withdrawn is None else NOW - withdrawn,
    }  # fmt: skip
    await database.write(lambda c: c.execute(insert(consent), values))


async def test_texts_go_after_ninety_days_and_the_rest_of_a_message_after_three_years(
    database: Database, keyring: Keyring, purge: Purge
) -> None:
    ages = {"msg_new": 89 * DAY, "msg_old": 91 * DAY, "msg_past": 3 * YEAR + DAY}
    for ident, age in ages.items():
        await send(database, keyring, ident, age, Status.DELIVERED)
    await send(database, keyring, "msg_waits", 3 * YEAR + DAY, Status.HELD)
    counts = await purge(NOW)
    assert (counts["bodies"], counts["messages"], counts["batches"]) == (2, 1, 1)
    left = await rows(database, message)
    texts = {ident: keyring.open("message", "body", ident, row["body_sealed"]) for ident, row in left.items()}
    whole = "The trip is on Friday."
    assert texts == {"msg_new": whole, "msg_old": "", "msg_waits": whole}
    assert set(await rows(database, part)) == set(left)
    named = await database.read(lambda c: c.execute(select(reference.c.reference)).scalars().all())
    assert set(named) == {f"ours-{ident}" for ident in left}
    assert not any((await purge(NOW)).values())


async def test_what_came_in_goes_after_ninety_days_unless_somebody_still_has_to_read_it(
    database: Database, keyring: Keyring, purge: Purge
) -> None:
    await receive(database, keyring, "new", 89 * DAY)
    await receive(database, keyring, "old", 91 * DAY)
    await receive(database, keyring, "unread", 91 * DAY)
    await receive(database, keyring, "stuck", 91 * DAY, kind="pending", inbox_id=None)
    index = keyring.index(NUMBER)
    await database.write(
        lambda c: recipients.hold(c, NOW, ident="hold_1", number_index=index, inbox_id="inb_unread")
    )
    counts = await purge(NOW)
    assert (counts["inbox"], counts["inbound"]) == (2, 1)
    assert set(await rows(database, inbox)) == {"inb_new", "inb_unread"}
    assert set(await rows(database, inbound)) == {"pdu_new", "pdu_unread", "pdu_stuck"}


async def test_evidence_of_consent_goes_six_years_after_its_end_and_an_opt_out_never(
    database: Database, keyring: Keyring, purge: Purge
) -> None:
    await agree(database, keyring, "con_kept", 5 * YEAR)
    await agree(database, keyring, "con_over", 6 * YEAR)
    await agree(database, keyring, "con_withdrawn", 5 * YEAR, withdrawn=6 * YEAR)
    index = keyring.index(NUMBER)
    await database.write(
        lambda c: recipients.suppress(
            c, NOW - 50 * YEAR, ident="o", number_index=index, topic="", source="sms", made_by="+"
        )
    )
    assert (await purge(NOW))["consents"] == 2
    assert set(await rows(database, consent)) == {"con_kept"}
    assert set(await rows(database, suppression)) == {"o"}


async def test_more_than_one_run_goes_and_the_counts_are_in_the_audit_log(
    database: Database, keyring: Keyring, purge: Purge
) -> None:
    for number in range(230):
        await agree(database, keyring, f"con_{number}", 7 * YEAR)
    assert (await purge(NOW))["consents"] == 230
    (entry,) = await database.read(lambda c: audit.of_target(c, "store"))
    assert (entry["action"], entry["outcome"], entry["detail"]["consents"]) == ("purge", "purged", 230)


async def test_a_legal_hold_keeps_everything_and_says_so(
    database: Database, keyring: Keyring, purge: Purge
) -> None:
    await agree(database, keyring, "con", 7 * YEAR)
    kept = purge.settings.retention.model_copy(update={"legal_hold": True})
    purge.settings = purge.settings.model_copy(update={"retention": kept})
    assert not any((await purge(NOW)).values())
    assert set(await rows(database, consent)) == {"con"}
    (entry,) = await database.read(lambda c: audit.of_target(c, "store"))
    assert entry["outcome"] == "legal-hold"


async def test_each_part_of_the_night_is_done_once_a_day_and_again_an_hour_after_a_failure(
    database: Database, keyring: Keyring, purge: Purge, tmp_path: Path
) -> None:
    drop = tmp_path / "drop"
    daily = Daily(Auditing(database, keyring, "main", lambda: NOW), purge, drop, lambda: NOW)

    async def done() -> list[str]:
        found = await database.read(lambda c: audit.entries(c, 0, 100))
        return [each["action"] for each in found]

    await daily.look(NOW)
    await daily.look(NOW + timedelta(minutes=59))
    assert await done() == ["audit-verified", "purge"]
    drop.mkdir()  # the disk is mounted again
    await daily.look(NOW + timedelta(minutes=59))
    assert list(drop.iterdir()) == []
    await daily.look(NOW + timedelta(minutes=61))
    assert [each.name for each in drop.iterdir()] == ["audit-main-2026-03-01.json"]
    night = datetime(2026, 3, 2, 2, 59, tzinfo=UTC)
    await daily.look(night)
    first = ["audit-verified", "purge", "checkpoint"]
    assert await done() == first
    await daily.look(night + timedelta(minutes=1))
    assert await done() == [*first, "audit-verified", "checkpoint", "purge"]
    assert len(list(drop.iterdir())) == 2


async def test_a_broken_log_is_not_signed(
    database: Database, keyring: Keyring, purge: Purge, tmp_path: Path
) -> None:
    await database.write(lambda c: audit.record(c, NOW, actor="a", action="b", target="c", outcome="d"))
    await database.write(lambda c: c.exec_driver_sql("DROP TRIGGER audit_no_update"))
    await database.write(lambda c: c.exec_driver_sql("UPDATE audit SET outcome = 'e'"))
    daily = Daily(Auditing(database, keyring, "main", lambda: NOW), purge, tmp_path / "no", lambda: NOW)
    await daily.look(NOW)
    assert daily.verdict is not None
    assert daily.verdict.first_bad == 1
    (entry,) = await database.read(lambda c: audit.of_target(c, "audit"))
    assert (entry["outcome"], entry["detail"]["first_bad"]) == ("broken", 1)
    assert not (tmp_path / "no").exists()
