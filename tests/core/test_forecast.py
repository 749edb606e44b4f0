"""How long sending will take, with modems, caps of SIMs and quiet hours as they are."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.allowance import Allowance, SimCaps
from gateway.forecast import drain
from gateway.model import ModemPhase, ModemState
from gateway.sender import Rate
from tests.core.test_allowance import part

NOW = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)


@dataclass
class Still:
    """A modem as the forecast sees it."""

    state: ModemState
    name: str = "sim0"


@dataclass
class Line:
    """A modem that takes two seconds for a part."""

    caps: SimCaps = field(default_factory=SimCaps)
    phase: ModemPhase = ModemPhase.READY
    seconds: float | None = 2.0
    given: int = 0  # parts, half an hour ago

    def __post_init__(self) -> None:
        self.modem = Still(ModemState("sim0", "/dev/x", self.phase, NOW))
        self.rate, self.allowance = Rate(self.seconds), Allowance(self.caps, "sim")
        for _ in range(self.given):
            self.allowance.note(part(), NOW - timedelta(minutes=30))


def seconds(parts: int, *lines: Line) -> float | None:
    found = drain(lines, parts, NOW)  # type: ignore[arg-type]
    return None if found is None else found.total_seconds()


def test_modems_share_the_work() -> None:
    assert seconds(100, Line()) == pytest.approx(200, abs=0.1)
    assert seconds(100, Line(), Line()) == pytest.approx(100, abs=0.1)
    assert seconds(0, Line()) == 0


def test_what_is_not_ready_or_not_measured_does_not_count() -> None:
    assert seconds(100, Line(phase=ModemPhase.LOST)) is None
    assert seconds(100, Line(seconds=None)) is None
    assert seconds(100, Line(), Line(phase=ModemPhase.BLOCKED)) == pytest.approx(200, abs=0.1)


def test_a_cap_slows_down_what_goes_beyond_it() -> None:
    capped = SimCaps(per_hour=360)  # one in ten seconds
    assert seconds(300, Line(capped)) == pytest.approx(600, abs=0.1)
    assert seconds(400, Line(capped)) == pytest.approx(720 + 400, abs=0.1)


def test_a_pause_is_waited_for() -> None:
    paused = Line(SimCaps(per_hour=10), given=10)
    pause = paused.allowance.pause(NOW)
    assert pause is not None
    took = seconds(1, paused)
    assert took is not None
    assert took >= (pause.until - NOW).total_seconds()


@given(
    parts=st.integers(0, 5000),
    more=st.integers(0, 5000),
    per_hour=st.integers(0, 2000),
    given_before=st.integers(0, 2000),
)
def test_more_parts_never_take_less(parts: int, more: int, per_hour: int, given_before: int) -> None:
    line = Line(SimCaps(per_hour=per_hour), given=given_before)
    first, second = seconds(parts, line), seconds(parts + more, line)
    assert first is not None
    assert second is not None
    assert second >= first - 0.05 - first * 1e-5
