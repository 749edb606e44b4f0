"""What one SIM may send: counted exactly, remembered over a restart, never more than its caps."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.allowance import Allowance, Given, SimCaps
from gateway.ids import new_id
from gateway.model import Status
from gateway.store import Database, Keyring, create_key_file, load_key_file, outbox
from gateway.store.outbox import Candidate, NewMessage
from tests.blank import fresh

NOW = datetime(2026, 11, 26, 12, 0, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)


def part(to: bytes = b"a", wording: str | None = "w", number: int = 1) -> Candidate:
    """Return a part that may be given to a SIM."""
    return Candidate(
        message_id="msg_1", number=number, total=2, number_index=to, to="+447700900001", kind="message",
        purpose="event_notice", template_id=None, key_id=None, body="Hello", concat_reference=None,
        attempts=0, expires_at=NOW + DAY, wording=wording, more=False,
    )  # fmt: skip


def sent(caps: SimCaps, *ago: timedelta, to: bytes = b"a", wording: str | None = "w") -> Allowance:
    """Return what a SIM may still do that was given parts so long ago."""
    allowance = Allowance(caps, "sim")
    for each in sorted(ago, reverse=True):
        allowance.note(part(to, wording), NOW - each)
    return allowance


def test_a_sim_pauses_at_its_cap_of_the_hour_and_goes_on_when_there_is_room() -> None:
    allowance = sent(SimCaps(per_hour=3), *(timedelta(minutes=m) for m in (50, 20, 10)))
    pause = allowance.pause(NOW)
    assert pause is not None
    assert pause.why == "this SIM has sent its 3 parts an hour"
    assert NOW - 50 * MINUTE + HOUR <= pause.until <= NOW - 50 * MINUTE + HOUR + MINUTE
    assert allowance.pause(pause.until - timedelta(microseconds=1)) is not None
    assert allowance.pause(pause.until) is None


def test_the_longer_pause_counts() -> None:
    allowance = sent(SimCaps(per_hour=2, per_day=2), 20 * MINUTE, 10 * MINUTE)
    pause = allowance.pause(NOW)
    assert pause is not None
    assert pause.until > NOW + 23 * HOUR


def test_what_did_not_leave_does_not_count() -> None:
    allowance = sent(SimCaps(per_hour=1, number_per_hour=1), timedelta())
    assert allowance.pause(NOW) is not None
    assert allowance.later(part(), NOW) is not None
    allowance.take_back(part())
    assert allowance.pause(NOW) is None
    assert allowance.later(part(), NOW) is None


def test_without_caps_nothing_pauses_and_only_the_minutes_are_counted() -> None:
    allowance = sent(SimCaps(), *[timedelta()] * 1000)
    assert allowance.pause(NOW) is None
    assert allowance.given(NOW) == Given(hour=1000, day=1000, per_hour=0, per_day=0)
    assert len(allowance._minutes) == 1
    assert not allowance._lately


def test_what_was_given_is_counted_by_hour_and_day_as_the_caps_count() -> None:
    caps = SimCaps(per_hour=10, per_day=20)
    assert Allowance(caps).given(NOW) is None
    allowance = sent(caps, timedelta(), HOUR / 2, 2 * HOUR, 23 * HOUR, 25 * HOUR)
    assert allowance.given(NOW) == Given(hour=2, day=4, per_hour=10, per_day=20)
    allowance.take_back(part())
    assert allowance.given(NOW) == Given(hour=1, day=3, per_hour=10, per_day=20)


def test_a_hundred_texts_an_hour_to_one_number_are_the_most_and_other_numbers_go_on() -> None:
    allowance = sent(SimCaps(number_per_hour=100), *[30 * MINUTE] * 100, wording=None)
    assert allowance.later(part(), NOW) == NOW + 30 * MINUTE
    assert allowance.later(part(b"b"), NOW) is None
    assert allowance.pause(NOW) is None


def test_twenty_identical_texts_an_hour_to_one_number_are_the_most() -> None:
    allowance = sent(SimCaps(number_per_hour=100, identical_per_hour=20), *[15 * MINUTE] * 20)
    assert allowance.later(part(), NOW) == NOW + 45 * MINUTE
    assert allowance.later(part(wording="another"), NOW) is None
    assert allowance.later(part(b"b"), NOW) is None
    assert allowance.later(part(number=2), NOW) is None  # a message that has begun is finished


@given(
    ago=st.lists(st.integers(0, 30 * 60), max_size=60),
    per_hour=st.integers(1, 10),
    per_day=st.integers(1, 20),
)
def test_a_sim_that_obeys_its_pauses_never_exceeds_a_cap(ago: list[int], per_hour: int, per_day: int) -> None:
    allowance, given_at = Allowance(SimCaps(per_hour=per_hour, per_day=per_day), "sim"), []
    for minutes in sorted(ago, reverse=True):
        at = NOW - timedelta(minutes=minutes)
        if allowance.pause(at) is None:
            allowance.note(part(), at)
            given_at.append(at)
    for begin in given_at:
        assert sum(begin <= each < begin + HOUR for each in given_at) <= per_hour
        assert sum(begin <= each < begin + DAY for each in given_at) <= per_day


@given(
    ago=st.lists(st.integers(0, 90), min_size=1, max_size=40),
    to=st.lists(st.sampled_from([b"a", b"b"]), min_size=40, max_size=40),
    most=st.integers(1, 5),
)
def test_a_number_never_gets_more_in_an_hour_than_its_cap(ago: list[int], to: list[bytes], most: int) -> None:
    allowance = Allowance(SimCaps(number_per_hour=most), "sim")
    given_at: dict[bytes, list[datetime]] = {b"a": [], b"b": []}
    for minutes, number in zip(sorted(ago, reverse=True), to, strict=False):
        at = NOW - timedelta(minutes=minutes)
        later = allowance.later(part(number), at)
        if later is None:
            allowance.note(part(number), at)
            given_at[number].append(at)
        else:
            assert later > at
    for times in given_at.values():
        assert all(sum(begin <= each < begin + HOUR for each in times) <= most for begin in times)


@pytest.fixture
def keyring(tmp_path: Path) -> Keyring:
    create_key_file(tmp_path / "keys")
    return load_key_file(tmp_path / "keys")


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with fresh(tmp_path / "store.db") as opened:
        yield opened


async def test_the_counts_outlive_a_restart_and_each_sim_has_its_own(
    database: Database, keyring: Keyring
) -> None:
    to = "+447700900001"
    ages = [30 * HOUR, 23 * HOUR, 2 * HOUR, 40 * MINUTE, 40 * MINUTE, 5 * MINUTE]

    async def hand_over(ago: timedelta, sim: str) -> None:
        new = NewMessage(
            id=new_id("msg", NOW - ago), kind="message", number=to, number_index=keyring.index(to),
            purpose="event_notice", body="Hello", alphabet="gsm7", parts=1, status=Status.QUEUED, priority=1,
            expires_at=NOW + DAY, created_at=NOW - ago, wording="w",
        )  # fmt: skip
        await database.write(lambda c: outbox.add(c, [outbox.seal(keyring, new)]))

        def claim(connection: outbox.Connection) -> None:
            found = outbox.next_queued(connection, keyring, "sim0", NOW)
            assert found is not None
            outbox.claim(connection, found, "main", "sim0", sim, 1, NOW - ago)

        await database.write(claim)

    for ago in ages:
        await hand_over(ago, "23401")
    await hand_over(MINUTE, "23402")

    caps = SimCaps(per_hour=3, per_day=5, number_per_hour=3, identical_per_hour=3)
    again = Allowance(caps)
    await database.read(lambda c: again.follow(c, "23401", NOW))
    pause, later = again.pause(NOW), again.later(part(keyring.index(to)), NOW)
    assert pause is not None
    assert pause.until >= NOW + HOUR  # five within a day: the oldest of them was 23 hours ago
    assert later == NOW + 20 * MINUTE
    await database.read(lambda c: again.follow(c, "23402", NOW))
    assert again.pause(NOW) is None
    assert again.later(part(keyring.index(to)), NOW) is None
