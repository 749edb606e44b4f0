"""1.2: by when something must be answered."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.duties import Duty, due
from tests.policy.cases import SETTINGS, settings

LONDON = SETTINGS.zone


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=LONDON)


@pytest.mark.parametrize(
    ("known", "ends"),
    [
        ("2026-01-15T09:00", "2026-02-16T00:00"),
        ("2026-01-31T23:59", "2026-03-01T00:00"),  # February is shorter
        ("2028-01-31T09:00", "2028-03-01T00:00"),  # 29 days
        ("2026-12-31T09:00", "2027-02-01T00:00"),
        ("2026-03-10T09:00", "2026-04-11T00:00"),  # the clocks change in between
    ],
)
def test_1_2_a_person_who_asks_for_their_data_has_it_within_a_month(known: str, ends: str) -> None:
    assert due(Duty.ACCESS, local(known), SETTINGS) == local(ends)


def test_1_2_the_day_is_the_organisations() -> None:
    evening = datetime(2026, 6, 30, 23, 30, tzinfo=UTC)  # the first of July in London
    assert due(Duty.ACCESS, evening, SETTINGS) == local("2026-08-02T00:00")


@given(st.integers(0, 200_000))
def test_1_2_a_breach_has_72_hours_whatever_the_clocks_do(hours: int) -> None:
    known = datetime(2020, 1, 1, tzinfo=UTC) + timedelta(hours=hours)
    assert due(Duty.BREACH, known, SETTINGS) - known == timedelta(hours=72)


def test_1_2_a_complaint_has_the_policys_days() -> None:
    ten = settings(incidents={"complaint_days": 10})
    assert due(Duty.COMPLAINT, local("2026-05-01T15:00"), ten) == local("2026-05-12T00:00")
