"""When an alarm is told: once, again after a while, when it is over, and never in a storm."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

from gateway.alerts.alarm import QUIET, Alarm, Key, Plan, Told, plan
from gateway.alerts.memory import Memory
from gateway.alerts.words import letter, subject, text
from gateway.sms import split

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
DAY = timedelta(hours=24)
MINUTE = timedelta(minutes=1)
LOST = Alarm("modem-lost", "sim0", "it does not come back for 10 minutes", "replug it")
FULL = Alarm("disk-full", "gateway", "only 12 MB are free", "free some space")


def test_it_is_told_once_then_again_after_a_day_then_that_it_is_over() -> None:
    memory: dict[Key, Told] = {}
    heard: list[tuple[timedelta, str]] = []
    for minute in range(25 * 60):
        present = [LOST] if minute < 24 * 60 + 30 else []
        told = plan(memory, present, NOON + minute * MINUTE, DAY)
        memory = dict(told.memory)
        for word, which in (("raised", told.raised), ("reminded", told.reminded), ("ended", told.ended)):
            heard += [(minute * MINUTE, word) for _ in which]
    assert heard == [(0 * MINUTE, "raised"), (DAY, "reminded"), (DAY + 30 * MINUTE, "ended")]


def test_what_comes_and_goes_is_told_at_most_twice_in_an_hour() -> None:
    chance = random.Random(20261124)
    memory: dict[Key, Told] = {}
    times: list[datetime] = []
    for minute in range(60 * 48):
        now = NOON + minute * MINUTE
        told = plan(memory, [LOST] if chance.random() < 0.5 else [], now, DAY)
        memory = dict(told.memory)
        times += [now] * (len(told.raised) + len(told.reminded) + len(told.ended))
    assert len(times) > 40  # it is told, though
    for start in times:
        assert len([at for at in times if start <= at < start + QUIET]) <= 2


def test_one_that_comes_back_soon_and_stays_is_told_when_the_hour_is_over() -> None:
    told = plan({}, [LOST], NOON, DAY)
    told = plan(told.memory, [], NOON + MINUTE, DAY)
    assert list(told.ended) == [LOST.key]
    told = plan(told.memory, [LOST], NOON + 2 * MINUTE, DAY)
    assert told.silent
    told = plan(told.memory, [LOST], NOON + MINUTE + QUIET, DAY)
    assert list(told.raised) == [LOST]
    assert told.memory[LOST.key].since == NOON + 2 * MINUTE


def test_one_that_was_never_told_ends_in_silence() -> None:
    told = plan({}, [LOST], NOON, DAY)
    told = plan(told.memory, [], NOON + MINUTE, DAY)
    told = plan(told.memory, [LOST], NOON + 2 * MINUTE, DAY)
    told = plan(told.memory, [], NOON + 3 * MINUTE, DAY)
    assert told.silent
    assert plan(told.memory, [], NOON + 2 * QUIET, DAY).memory == {}


def test_after_a_restart_nothing_is_told_twice(tmp_path: Path) -> None:
    memory = Memory.of(tmp_path / "schoolgate.db")
    assert memory.load() == {}
    told = plan({}, [LOST, FULL], NOON, DAY)
    memory.save(told.memory)
    again = plan(memory.load(), [LOST], NOON + MINUTE, DAY)
    assert (again.raised, list(again.ended)) == ([], [FULL.key])


def test_a_memory_that_is_damaged_counts_as_nothing_told(tmp_path: Path) -> None:
    memory = Memory.of(tmp_path / "schoolgate.db")
    for damage in ("", "{", '[{"kind": "x"}]', '[{"kind":"x","about":"y","since":null}]', "[1]"):
        memory.path.write_text(damage)
        assert memory.load() == {}


def test_all_that_is_new_is_one_letter_and_one_text_of_one_part() -> None:
    told = Plan(raised=[LOST, FULL], reminded=[], ended=[("store-refuses", "gateway")], memory={})
    assert subject("main", told) == (
        "[Schoolgate main] sim0: it does not come back for 10 minutes (and 1 more)"
    )
    written = letter("main", told)
    assert all(each in written for each in (LOST.what, LOST.remedy, FULL.what, "store-refuses"))
    long = Alarm("modem-blocked", "sim0", "…" + "ü{€" * 100, "x")
    for each in (told, Plan([long], [], [], {}), Plan([], [], [LOST.key], {})):
        assert len(split(text("main", each)).parts) == 1
