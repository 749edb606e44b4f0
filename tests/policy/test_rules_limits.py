"""When and how much: quiet hours, what one number gets, what one key sends."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy import Decision, Kind, Outcome, Stage, decide
from policy.limits import DAY, Cap, Earlier, room_at
from policy.quiet_hours import NOT_KNOWN
from policy.rules.rule import MESSAGES
from tests.policy.cases import DRAFT, FACTS, NOW, draft, facts, judged, reply, reply_facts, settings

EVENING = datetime(2025, 6, 2, 20, 0, tzinfo=UTC)  # nine o'clock in London, a Monday
MORNING = datetime(2025, 6, 3, 7, 0, tzinfo=UTC)
QUIET = [("QUIET_HOURS", "5.2")]
FULL = [("RATE_LIMITED", "5.2")]
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
INSTANTS = st.integers(-3000, 3000).map(lambda minutes: NOW + timedelta(minutes=minutes))


def decided(now: datetime = NOW, known: Any = FACTS, **changes: Any) -> Decision:
    return decide(draft(**changes), known, now)


def got(*ago: timedelta, same: bool = False) -> Any:
    """Return the facts of a number that got texts so long ago."""
    return facts(recipient={"recent": [Earlier(NOW - each, same) for each in ago]})


# -- quiet hours ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("stage", [Stage.SUBMIT, Stage.HANDOFF])
def test_5_2_what_would_arrive_in_quiet_hours_waits_for_the_window(stage: Stage) -> None:
    decision = decided(EVENING, stage=stage)
    assert [(r.code.value, r.clause) for r in decision.reasons] == QUIET
    assert (decision.outcome, decision.until) == (Outcome.HOLD, MORNING)
    assert "may arrive from Tuesday 3 June 2025, 08:00 on" in decision.reasons[0].message
    assert judged(now=MORNING, stage=stage) == []


def test_5_2_an_urgent_template_may_arrive_at_any_time() -> None:
    assert judged(facts(template={"urgent": True}), EVENING) == []


@pytest.mark.parametrize("kind", sorted(set(Kind) - MESSAGES))
def test_5_2_the_gateways_own_replies_do_not_wait(kind: Kind) -> None:
    asked = [
        r.code for r in decide(reply(kind) if kind in REPLIED else draft(kind=kind), QUIETLY, EVENING).reasons
    ]
    assert "QUIET_HOURS" not in asked
    assert "RATE_LIMITED" not in asked


REPLIED = {Kind.OPT_OUT_CONFIRMATION, Kind.START_CONFIRMATION, Kind.HELP}
QUIETLY = reply_facts(recipient={"recent": [Earlier(EVENING, same=True)] * 9})


def test_5_2_a_message_of_which_parts_have_left_is_finished() -> None:
    assert judged(now=EVENING, stage=Stage.HANDOFF, begun=True) == []


def test_what_a_test_key_sends_reaches_nobody_and_does_not_wait() -> None:
    assert judged(facts(sender={"key_kind": "test"}), EVENING) == []


def test_5_2_a_time_that_the_sender_names_is_what_counts() -> None:
    assert judged(now=EVENING, not_before=MORNING + HOUR) == []
    late = decided(not_before=EVENING)
    assert (late.outcome, late.until) == (Outcome.HOLD, MORNING)


def test_5_2_without_the_bank_holidays_nothing_is_accepted_and_what_waits_stays() -> None:
    refused = decided(known=facts(holidays=NOT_KNOWN))
    assert (refused.outcome, refused.http_status) == (Outcome.DENY, 429)
    assert "the bank holidays are missing" in refused.reasons[0].message
    waits = decided(known=facts(holidays=NOT_KNOWN), stage=Stage.HANDOFF)
    assert (waits.outcome, waits.until) == (Outcome.HOLD, None)


def test_5_2_after_the_last_term_the_dates_of_term_are_missed() -> None:
    quiet = {"terms": [{"first": "2025-01-06", "last": "2025-04-04"}], "term_only": ["event_notice"]}
    refused = decided(known=facts(settings=settings(quiet_hours=quiet)))
    assert refused.outcome is Outcome.DENY
    assert "the dates of term are missing" in refused.reasons[0].message


# -- one number -------------------------------------------------------------------------------------------


def test_5_2_three_texts_a_day_to_one_number_are_the_most() -> None:
    assert judged(got(HOUR, 2 * HOUR)) == []
    refused = decided(known=got(HOUR, 2 * HOUR, 3 * HOUR))
    assert [(r.code.value, r.clause) for r in refused.reasons] == FULL
    assert (refused.outcome, refused.http_status, refused.until) == (Outcome.DENY, 429, NOW + 21 * HOUR)
    assert judged(got(HOUR, 2 * HOUR, DAY)) == []


def test_5_2_the_same_wording_goes_to_a_number_once_in_ten_minutes() -> None:
    refused = decided(known=got(4 * MINUTE, same=True))
    assert [(r.code.value, r.clause) for r in refused.reasons] == FULL
    assert refused.until == NOW + 6 * MINUTE
    assert judged(got(10 * MINUTE, same=True)) == []
    assert judged(got(4 * MINUTE, same=False)) == []


def test_5_2_what_waits_for_the_morning_counts_in_the_morning() -> None:
    morning = [Earlier(MORNING, same=False)] * 3
    assert judged(facts(recipient={"recent": morning}), MORNING + HOUR) == FULL
    assert judged(facts(recipient={"recent": morning}), EVENING) == [*QUIET, *FULL]
    assert judged(facts(recipient={"recent": [replace(e, at=e.at - DAY) for e in morning]}), EVENING) == QUIET


def test_5_2_a_number_is_counted_once_when_its_message_is_accepted() -> None:
    full = got(HOUR, 2 * HOUR, 3 * HOUR)
    assert judged(full, stage=Stage.RELEASE) == []
    assert judged(full, stage=Stage.HANDOFF) == []


def test_unknown_counts_refuse() -> None:
    assert judged(facts(recipient={"recent": None})) == FULL
    assert judged(facts(sender={"caps": None})) == [("RATE_LIMITED", "3.2")]


@given(times=st.lists(INSTANTS, max_size=12), at=INSTANTS, most=st.integers(1, 4))
def test_there_is_room_when_no_24_hours_hold_too_many(times: list[datetime], at: datetime, most: int) -> None:
    room = room_at(times, at, most)
    assert room >= at
    after = [*times, room]
    near = [each for each in after if abs(each - room) < DAY]
    for begin in near:  # any 24 hours that are fullest begin with a text
        assert begin > room or sum(begin <= each < begin + DAY for each in after) <= most
    if room > at:
        begins = [each for each in [*times, at] if at - DAY < each <= at]
        assert any(sum(b <= each < b + DAY for each in [*times, at]) > most for b in begins)


@given(times=st.lists(INSTANTS, max_size=8), more=INSTANTS, at=INSTANTS, most=st.integers(1, 4))
def test_one_text_more_never_makes_room(
    times: list[datetime], more: datetime, at: datetime, most: int
) -> None:
    assert room_at([*times, more], at, most) >= room_at(times, at, most)


# -- one key, one person ----------------------------------------------------------------------------------


def cap(used: int, until: datetime = NOW + MINUTE, most: int = 30) -> Cap:
    return Cap("this key", "a minute", most, used, until)


def test_3_2_a_key_sends_so_much_and_no_more() -> None:
    assert judged(facts(sender={"caps": [cap(29)]})) == []
    refused = decided(known=facts(sender={"caps": [cap(30), cap(30, NOW + DAY)]}))
    assert [(r.code.value, r.clause) for r in refused.reasons] == [("RATE_LIMITED", "3.2")] * 2
    assert (refused.http_status, refused.until) == (429, NOW + DAY)
    assert refused.reasons[0].message == "this key may send to 30 recipients a minute"


def test_a_refusal_without_an_end_has_none() -> None:
    known = facts(sender={"caps": [cap(30)]}, recipient={"recent": None})
    assert decided(known=known).until is None


def test_5_2_the_good_message_is_let_through() -> None:
    assert decide(DRAFT, FACTS, NOW).outcome is Outcome.ALLOW
