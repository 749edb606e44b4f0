"""Bank holidays: worked out once by the process that knows them, then on record."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from gateway.almanac import Almanac
from gateway.store import Database
from policy import PolicySettings
from policy.quiet_hours import NOT_KNOWN
from tests.blank import fresh

SETTINGS = PolicySettings.load()
NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with fresh(tmp_path / "store.db") as opened:
        yield opened


def almanac(database: Database, division: str = "ENG", now: datetime = NOW) -> Almanac:
    quiet = SETTINGS.quiet_hours.model_copy(update={"division": division})
    return Almanac(database, SETTINGS.model_copy(update={"quiet_hours": quiet}), lambda: now)


async def test_they_are_worked_out_once_and_then_on_record(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = almanac(database)
    assert first.holidays == NOT_KNOWN
    assert await first.look()
    assert first.holidays.years == {2026, 2027}
    assert first.holidays.days[date(2026, 12, 25)] == "Christmas Day"
    assert date(2026, 12, 28) in first.holidays.days  # Boxing Day is a Saturday
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    second = almanac(database)
    assert await second.look()
    assert second.holidays == first.holidays
    assert not await almanac(database, now=datetime(2027, 1, 1, tzinfo=UTC)).look()  # 2028 is not known


async def test_each_division_has_its_own(database: Database) -> None:
    scotland = almanac(database, "SCT")
    assert await scotland.look()
    assert date(2026, 1, 2) in scotland.holidays.days
    assert date(2026, 4, 6) not in scotland.holidays.days  # Easter Monday


async def test_what_is_known_of_one_division_is_nothing_for_another(database: Database) -> None:
    england = almanac(database)
    assert await england.look()
    england.settings = almanac(database, "NIR").settings
    assert england.holidays == NOT_KNOWN
    assert await england.look()
    assert date(2026, 3, 17) in england.holidays.days


async def test_where_they_cannot_be_worked_out_nothing_is_known(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    lost = almanac(database)
    assert not await lost.look()
    assert lost.holidays == NOT_KNOWN
    assert lost.sentence().startswith("the bank holidays of ENG are not known, so nothing is sent")


async def test_where_they_are_no_matter_nothing_is_worked_out(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    assert await almanac(database, "").look()
    assert almanac(database, "").sentence() == ""
