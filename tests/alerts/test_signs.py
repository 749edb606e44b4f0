"""What must be seen to, and what need not be."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from gateway.alerts.signs import View, signs
from gateway.model import ModemPhase, ModemState
from gateway.working_time import worked

LONDON = ZoneInfo("Europe/London")
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)  # a Tuesday
HOUR = timedelta(hours=1)
READY = ModemState("sim0", "/dev/x", ModemPhase.READY, NOON)
WELL = View(now=NOON, zone=LONDON, modems=[READY], free=50_000_000_000)


def modem(phase: ModemPhase, minutes: float, **more: Any) -> View:
    state = replace(READY, phase=phase, **more)
    return replace(WELL, modems=[state], away={"sim0": NOON - timedelta(minutes=minutes)})


def holding(used: int) -> View:
    return replace(WELL, modems=[replace(READY, storage_used=used, storage_total=20)])


def sim(**more: Any) -> View:
    return replace(WELL, modems=[replace(READY, **more)])


def test_nothing_is_said_where_all_is_well() -> None:
    assert signs(WELL) == []
    assert signs(holding(13)) == []
    assert signs(sim(network_losses=3)) == []
    early = replace(WELL, oldest_hold=NOON - HOUR / 2, oldest_doubt=NOON - HOUR, oldest_due=NOON - HOUR)
    assert signs(early) == []
    assert signs(replace(WELL, backed_up=NOON - 59 * HOUR)) == []
    assert signs(modem(ModemPhase.LOST, 9.9)) == []


@pytest.mark.parametrize(
    ("view", "kind"),
    [
        (modem(ModemPhase.LOST, 10), "modem-lost"),
        (modem(ModemPhase.SEARCHING, 10), "modem-lost"),
        (modem(ModemPhase.READY, 10, takes_nothing=True), "modem-lost"),
        (modem(ModemPhase.REGISTERING, 10), "modem-no-network"),
        (modem(ModemPhase.BLOCKED, 0, detail="the SIM asks for its PIN"), "modem-blocked"),
        (holding(14), "modem-memory-filling"),
        (holding(19), "modem-memory-filling"),
        (holding(20), "modem-memory-full"),
        (sim(network_losses=4), "modem-flapping"),
        (sim(credit=1.5, credit_low=True, credit_floor=2.0), "credit-low"),
        (sim(credit_error="the network did not answer in time"), "credit-unknown"),
        (sim(self_test="failed", self_test_error="nothing came back within 300 s"), "self-test-failed"),
        (replace(WELL, store="the database is locked"), "store-refuses"),
        (replace(WELL, free=100_000_000), "disk-full"),
        (replace(WELL, backup_fault="the last backup failed: the disk is full"), "backup-failed"),
        (replace(WELL, backed_up=NOON - 61 * HOUR), "backup-late"),
        (replace(WELL, oldest_hold=NOON - 2 * HOUR), "hold-waits"),
        (replace(WELL, oldest_doubt=NOON - 25 * HOUR), "doubt-waits"),
        (replace(WELL, oldest_due=NOON - 3 * HOUR), "queue-stands"),
        (replace(WELL, review_overdue=timedelta(days=3)), "review-overdue"),
        (replace(WELL, audit_broken=True), "audit-broken"),
    ],
)
def test_each_trouble_is_one_alarm_with_a_remedy(view: View, kind: str) -> None:
    (alarm,) = signs(view)
    assert alarm.kind == kind
    assert alarm.what
    assert alarm.remedy


def test_no_number_of_a_card_or_of_a_person_is_told() -> None:
    detail = "the SIM was changed from …4321 to …9876: +447700900123 said so"
    (alarm,) = signs(modem(ModemPhase.BLOCKED, 0, detail=detail))
    assert not any(digits in alarm.what for digits in ("4321", "9876", "7700"))
    assert "the SIM was changed" in alarm.what


@pytest.mark.parametrize(
    ("since", "now", "hours"),
    [
        ("2026-11-24T10:00+00:00", "2026-11-24T10:45+00:00", 0.75),
        ("2026-11-24T17:30+00:00", "2026-11-24T22:00+00:00", 0.5),  # Tuesday evening
        ("2026-11-24T17:30+00:00", "2026-11-25T08:20+00:00", 0.5 + 1 / 3),
        ("2026-11-27T17:45+00:00", "2026-11-30T08:15+00:00", 0.5),  # over the week-end
        ("2026-11-28T09:00+00:00", "2026-11-29T23:00+00:00", 0),
        ("2026-07-07T07:30+01:00", "2026-07-07T08:30+01:00", 0.5),  # summer time
    ],
)
def test_only_working_hours_count(since: str, now: str, hours: float) -> None:
    found = worked(datetime.fromisoformat(since), datetime.fromisoformat(now), LONDON)
    assert found == timedelta(hours=hours)


def test_a_reply_of_last_year_needs_no_longer_look_than_one_of_today() -> None:
    assert worked(NOON - timedelta(days=365), NOON, LONDON) > HOUR


def test_every_kind_of_alarm_is_explained_to_technicians() -> None:
    root = Path(__file__).parents[2]
    source = (root / "gateway/alerts/signs.py").read_text()
    kinds = set(re.findall(r'Alarm\(\s*"([a-z-]+)"', source))
    assert len(kinds) > 10
    explained = set(re.findall(r"`([a-z-]+)`", (root / "docs/operations.md").read_text()))
    assert kinds - explained == set()
