from datetime import UTC, datetime, timedelta

import pytest

from gateway.clock_watch import ClockWatch

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("jump", "said"),
    [
        (-86_400, "the clock was set back by 1 day, 0:00:00, to 2026-11-25 12:00 UTC: "),
        (86_400, "the clock jumped ahead by 1 day, 0:00:00, to 2026-11-27 12:00 UTC: "),
    ],
)
def test_a_clock_that_is_set_is_told_for_a_day(jump: int, said: str) -> None:
    watch = ClockWatch()
    assert watch.look(NOON, 5.0) == 0
    assert watch.look(NOON + timedelta(seconds=jump), 5.0) == jump
    assert watch.sentence().startswith(said)
    for later in (1, 86_399):
        assert watch.look(NOON + timedelta(seconds=jump + later), 5.0 + later) == 0
        assert watch.sentence().startswith(said)
    assert watch.look(NOON + timedelta(seconds=jump + 86_401), 5.0 + 86_401) == 0
    assert watch.sentence() == ""


def test_a_clock_that_is_steered_is_not() -> None:
    watch = ClockWatch()
    for elapsed in range(100):
        watch.look(NOON + timedelta(seconds=elapsed * 1.09), float(elapsed))
    assert watch.sentence() == ""


@pytest.mark.parametrize(("back", "told"), [(86_400, True), (5, False), (-86_400, False)])
def test_a_clock_that_was_set_back_while_nothing_ran_is_told_of_at_the_start(back: int, told: bool) -> None:
    watch = ClockWatch()
    watch.begin(NOON, NOON + timedelta(seconds=back), 5.0)
    assert watch.sentence().startswith("the clock was set back by 1 day") == told
    watch.look(NOON + timedelta(seconds=1), 6.0)
    assert bool(watch.sentence()) == told


def test_where_nothing_is_on_record_a_start_tells_nothing() -> None:
    watch = ClockWatch()
    watch.begin(NOON, None, 5.0)
    assert watch.sentence() == ""
