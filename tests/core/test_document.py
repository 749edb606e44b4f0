"""9.1: a fresh install of the shipped policy says the truth about its review, whatever anybody would like."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError

from gateway.access import Access
from gateway.bell import Bell
from gateway.document import PolicyDocument
from gateway.errors import Conflict
from gateway.gate import Gate
from gateway.in_force import in_force
from gateway.records import Caller, KeyKind, Scope
from gateway.records.policy import PolicyDraft
from gateway.store import Database, create_key_file, load_key_file
from gateway.switch import Sending
from gateway.watchdog import Watchdog
from policy import PolicySettings
from tests.blank import fresh
from tests.system.site import eventually

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
FILE = PolicySettings.load()
TEXT = "Texting\n1.1. Kindly.\nEffective Date: 08/11/2024\nAuthorised by: Simon Hall\n"


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with fresh(tmp_path / "db") as opened:
        yield opened


async def person(database: Database, tmp_path: Path, handle: str) -> Caller:
    """Enter a person; return somebody who acts for them and may do everything."""
    if not (tmp_path / "keys").exists():
        create_key_file(tmp_path / "keys")
    access = Access(database, load_key_file(tmp_path / "keys"), FILE, lambda: NOW)
    made = await access.add_person(handle, handle, ("owner",), by="test")
    return Caller("key", KeyKind.LIVE, made.id, handle, frozenset(Scope))


def test_9_1_the_shipped_policy_is_overdue_since_the_eighth_of_november_2025() -> None:
    assert FILE.review.due == date(2025, 11, 8)
    assert FILE.overdue_by(NOW.date()) is not None


async def test_9_1_a_review_of_the_files_own_version_is_kept_in_the_store(
    database: Database, tmp_path: Path
) -> None:
    ann = await person(database, tmp_path, "ann")
    document = PolicyDocument(database, FILE, lambda: NOW)
    await document.review(ann, date(2026, 11, 25), "read again, nothing to change")
    assert document.settings.review.last_reviewed == date(2026, 11, 25)
    again = await database.read(lambda c: in_force(c, FILE))  # as after a restart
    assert again.review == document.settings.review
    assert again.overdue_by(NOW.date()) is None
    assert await database.read(lambda c: in_force(c, again)) == again


async def test_9_2_a_version_is_not_in_force_before_its_day(database: Database, tmp_path: Path) -> None:
    ann, ben = await person(database, tmp_path, "ann"), await person(database, tmp_path, "ben")
    document = PolicyDocument(database, FILE, lambda: NOW)
    made = await document.draft(ann, PolicyDraft(text=TEXT, effective=date(2026, 12, 1)))
    with pytest.raises(Conflict, match="effective from 2026-12-01") as raised:
        await document.publish(ben, made.id)
    assert raised.value.code == "NOT_YET_EFFECTIVE"
    document.clock = lambda: datetime(2026, 12, 1, 0, 1, tzinfo=UTC)
    assert (await document.publish(ben, made.id)).status == "published"
    assert document.settings.review.version == "2"


async def test_9_2_a_second_version_replaces_the_first_and_only_a_material_one_is_acknowledged_anew(
    database: Database, tmp_path: Path
) -> None:
    ann, ben = await person(database, tmp_path, "ann"), await person(database, tmp_path, "ben")
    document = PolicyDocument(database, FILE, lambda: NOW)
    owed = []
    for day, material in enumerate((False, True, False)):
        document.clock = lambda day=day: NOW + timedelta(days=day)  # type: ignore[misc]
        made = await document.draft(ann, PolicyDraft(text=TEXT, material=material))
        await document.publish(ben, made.id)
        owed.append(document.settings.review.to_acknowledge)
    assert owed == ["1", "3", "3"]
    statuses = {made.version: made.status for made in await document.versions()}
    assert statuses == {"2": "replaced", "3": "replaced", "4": "published"}
    assert (await database.read(lambda c: in_force(c, FILE))).review == document.settings.review


async def test_9_2_what_was_to_replace_another_version_is_asked_about_again(
    database: Database, tmp_path: Path
) -> None:
    ann, ben = await person(database, tmp_path, "ann"), await person(database, tmp_path, "ben")
    document = PolicyDocument(database, FILE, lambda: NOW)
    first, second = [await document.draft(ann, PolicyDraft(text=TEXT)) for _ in range(2)]
    await document.publish(ben, second.id)
    with pytest.raises(Conflict) as raised:  # it was proposed when the file's was in force
        await document.publish(ben, first.id)
    assert raised.value.code == "APPROVAL_VOID"
    assert (await document.version(first.id)).status == "draft"
    assert (await document.publish(ben, first.id)).status == "published"


async def test_8_1_a_new_process_begins_suspended_where_the_last_one_was(
    database: Database, tmp_path: Path
) -> None:
    ann = await person(database, tmp_path, "ann")
    first = Sending(database, Gate(lambda: None), Bell(), lambda: NOW)
    permit = first.gate.issue(b"somebody")
    await first.suspend("cli:root", "a wrong list")
    assert not permit.valid  # what was claimed and not yet begun does not leave either
    second = Sending(database, Gate(lambda: None), Bell(), lambda: NOW)
    assert second.switch.off_since is None
    await second.recall()
    assert second.switch.off_since == NOW
    await second.resume(ann, "the list is mended")
    assert second.switch.off_since is None
    await second.recall()
    assert second.switch.off_since is None


async def test_8_1_what_the_command_line_writes_is_seen_by_the_gateway_that_runs(
    database: Database, tmp_path: Path
) -> None:
    ann = await person(database, tmp_path, "ann")
    running, outside = (Sending(database, Gate(lambda: None), Bell(), lambda: NOW) for _ in range(2))
    watchdog = Watchdog(database, (), lambda: NOW, 0.01, running.switch, running.follow)
    permit = running.gate.issue(b"somebody")
    await outside.suspend("cli:root", "a wrong list")
    assert permit.valid
    beating = asyncio.create_task(watchdog.run())
    await eventually(lambda: running.switch.off_since == NOW)
    beating.cancel()
    assert not permit.valid
    assert "SENDING IS SUSPENDED SINCE 2026-11-26" in watchdog.status()
    await running.resume(ann, "mended")


async def test_8_1_a_store_that_refuses_keeps_nothing_from_being_suspended(
    database: Database, tmp_path: Path
) -> None:
    ann = await person(database, tmp_path, "ann")
    sending = Sending(database, Gate(lambda: None), Bell(), lambda: NOW)
    full = sqlite3.connect(tmp_path / "db", isolation_level=None)
    with closing(full):
        refuse = "BEGIN SELECT RAISE(ABORT, 'full'); END"
        full.execute(f"CREATE TRIGGER full BEFORE INSERT ON sending_stop {refuse}")
        with pytest.raises(IntegrityError):
            await sending.suspend("ann", "a wrong list")
        assert sending.switch.off_since == NOW  # all the same
        full.execute("DROP TRIGGER full")
    assert (await sending.resume(ann, "mended")).made_by == "gateway"
    assert sending.switch.off_since is None
