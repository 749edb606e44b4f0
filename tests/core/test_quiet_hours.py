"""Quiet hours on a real store, with a clock of our own: held, let go by time, never lost or early (5.2)."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from gateway.access import Access
from gateway.bell import Bell
from gateway.building import Store, inbound_of, replies_of
from gateway.clock import utc_now
from gateway.config import load
from gateway.daemon import opened
from gateway.facts import PolicyDesk
from gateway.gate import Gate
from gateway.handoff import Claim, Handoff
from gateway.model import Accepted
from gateway.numbers import Identify
from gateway.outbound import Outbound
from gateway.own_texts import OwnTexts
from gateway.records import Caller, MessageRequest
from gateway.store import messages
from gateway.templates import Templates
from gateway.upkeep import Upkeep
from policy.quiet_hours import BankHolidays
from tests.system.site import SLOTS, TEMPLATE, furnish, number, reviewed_policy

LONG = TEMPLATE.body + " The children meet at the school in the morning, and come back in the afternoon." * 2
LONDON = ZoneInfo("Europe/London")
TO = number(1)
SHIPPED = {"weekdays": '"08:00-20:00"', "saturdays": '"none"', "sundays": '"none"'}


def coming(weekday: int) -> date:
    """Return the next such day (Monday = 0) that is not today."""
    today = utc_now().astimezone(LONDON).date()
    return today + timedelta(days=(weekday - today.weekday() - 1) % 7 + 1)


def at(day: date, clock: str) -> datetime:
    return datetime.combine(day, time.fromisoformat(clock), LONDON).astimezone(UTC)


WEDNESDAY, FRIDAY = coming(2), coming(4)
MONDAY = FRIDAY + timedelta(days=3)


@dataclass(slots=True)
class Office:
    """A gateway without a radio, whose clock a test sets."""

    now: datetime
    outbound: Outbound
    handoff: Handoff
    upkeep: Upkeep
    caller: Caller
    order: int = 0

    async def send(self, template: str = "trip", **more: Any) -> str:
        request = MessageRequest(to=TO, template=template, slots=SLOTS, **more)
        return (await self.outbound.submit(self.caller, request)).id

    async def look(self, ident: str) -> tuple[str, str | None]:
        """Return a message's status, and why it is held."""
        row = await self.outbound.database.read(lambda c: messages.one(c, ident))
        assert row is not None
        return row["status"], row["hold_reason"]

    async def times(self, ident: str) -> tuple[datetime, datetime]:
        row = await self.outbound.database.read(lambda c: messages.one(c, ident))
        assert row is not None
        return row["not_before"], row["expires_at"]

    async def claim(self) -> Claim | None:
        """Let the modem ask for the next part."""
        self.order += 1
        return await self.outbound.database.write(
            lambda c: self.handoff.claim(c, "00101", self.order, self.now)
        )

    async def tick(self) -> None:
        await self.upkeep._tick(self.now, hourly=False)


async def long_template(store: Store, directory: Path) -> dict[str, Caller]:
    """Have a wording of two parts approved; return the people."""
    common = {"database": store.database, "settings": store.settings, "clock": utc_now}
    access = Access(keyring=store.keyring, **common)
    tokens = json.loads((directory / "tokens.json").read_text())
    callers = {who: await access.authenticate(token, "127.0.0.1") for who, token in tokens.items()}
    templates = Templates(**common)
    drafted = await templates.draft(callers["author"], replace(TEMPLATE, name="long", body=LONG))
    await templates.approve(callers["head"], drafted.id)
    return callers


@pytest.fixture(scope="module")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("office")
    asyncio.run(furnish(directory, modems=0, numbers=[TO]))
    return directory


@pytest.fixture
async def office(furnished: Path, tmp_path: Path) -> AsyncIterator[Office]:
    shutil.copytree(furnished, tmp_path, dirs_exist_ok=True)
    (tmp_path / "policy.toml").write_text(reviewed_policy(**SHIPPED))
    config = load(tmp_path / "schoolgate.toml")
    async with opened(config) as store:
        gate, bell = Gate(lambda: 0), Bell()
        desk = PolicyDesk(store.settings, store.keyring, allow_drama=True)
        inbound = inbound_of(
            config, store, Identify(store.settings), replies_of(store, gate, OwnTexts(store.keyring)), bell
        )
        made: Office

        def clock() -> datetime:
            return made.now

        outbound = Outbound(store.database, store.keyring, desk, bell, clock, timedelta(hours=24), lines=())
        upkeep = Upkeep(
            "main", store.database, desk, inbound, bell, clock, timedelta(minutes=15), {}, deque()
        )
        handoff = Handoff(
            gateway="main", modem="sim0", keyring=store.keyring, desk=desk, gate=gate, retries=[timedelta(0)]
        )
        callers = await long_template(store, tmp_path)
        made = Office(at(WEDNESDAY, "12:00"), outbound, handoff, upkeep, callers["office"])
        yield made


async def test_5_2_what_comes_at_night_is_held_and_let_go_when_the_window_opens(office: Office) -> None:
    office.now = at(WEDNESDAY, "21:00")
    ident = await office.send()
    assert await office.look(ident) == ("held", "quiet_hours")
    opens, _ = await office.times(ident)
    assert opens == at(WEDNESDAY + timedelta(days=1), "08:00")
    office.now = opens - timedelta(microseconds=1)
    await office.tick()
    assert await office.look(ident) == ("held", "quiet_hours")
    assert await office.claim() is None
    office.now = opens
    await office.tick()
    assert await office.look(ident) == ("queued", None)
    assert await office.claim() is not None


async def test_5_2_what_is_queued_late_does_not_leave_at_night_and_is_not_lost(office: Office) -> None:
    office.now = at(WEDNESDAY, "19:59")
    ident = await office.send()
    assert await office.look(ident) == ("queued", None)
    office.now = at(WEDNESDAY, "20:00")
    assert await office.claim() is None
    assert await office.look(ident) == ("held", "quiet_hours")
    opens, _ = await office.times(ident)
    office.now = opens
    await office.tick()
    assert await office.claim() is not None


async def test_over_a_weekend_nothing_expires_that_has_no_validity_of_its_own(office: Office) -> None:
    office.now = at(FRIDAY, "19:59")
    late = await office.send()
    office.now = at(FRIDAY, "20:00")
    assert await office.claim() is None
    later = await office.send()
    for ident in (late, later):
        opens, ends = await office.times(ident)
        assert opens == at(MONDAY, "08:00")
        assert ends >= at(MONDAY, "20:00")
    office.now = at(MONDAY, "08:00")
    await office.tick()
    assert [await office.look(ident) for ident in (late, later)] == [("queued", None)] * 2


async def test_what_is_only_valid_for_the_evening_expires(office: Office) -> None:
    office.now = at(WEDNESDAY, "21:00")
    ident = await office.send(validity=timedelta(hours=1))
    assert await office.look(ident) == ("held", "quiet_hours")
    office.now = at(WEDNESDAY, "22:00")
    await office.tick()
    assert await office.look(ident) == ("expired", None)


async def test_a_time_that_the_sender_names_at_night_is_moved_to_the_window(office: Office) -> None:
    by_day = await office.send(not_before=at(WEDNESDAY, "14:00"))
    by_night = await office.send(not_before=at(WEDNESDAY, "22:00"))
    assert await office.look(by_day) == ("scheduled", None)
    assert await office.look(by_night) == ("held", "quiet_hours")
    assert (await office.times(by_night))[0] == at(WEDNESDAY + timedelta(days=1), "08:00")


async def test_5_2_a_message_of_which_a_part_has_left_is_finished_at_night(office: Office) -> None:
    office.now = at(WEDNESDAY, "19:59")
    await office.send(template="long")
    first = await office.claim()
    assert first is not None
    office.now = at(WEDNESDAY, "20:01")
    await office.outbound.database.write(lambda c: office.handoff.settle(c, first, Accepted(7), office.now))
    second = await office.claim()
    assert second is not None
    assert second.candidate.number == 2


async def test_5_2_without_bank_holidays_what_waits_is_kept_and_asked_about_again(office: Office) -> None:
    ident = await office.send()
    settings = office.outbound.desk.settings
    england = settings.quiet_hours.model_copy(update={"division": "ENG"})
    office.outbound.desk.settings = settings.model_copy(update={"quiet_hours": england})
    assert await office.claim() is None
    assert await office.look(ident) == ("held", "quiet_hours")
    office.outbound.desk.holidays = lambda: BankHolidays({}, {WEDNESDAY.year, WEDNESDAY.year + 1})
    office.now += timedelta(hours=1)
    await office.tick()
    assert await office.claim() is not None
