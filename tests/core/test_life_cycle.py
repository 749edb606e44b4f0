from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.model import FINAL, NEXT, WAITING, Event, IllegalTransition, Status, advance, derive


@pytest.mark.parametrize(("status", "event"), list(product(Status, Event)))
def test_an_event_that_the_table_does_not_list_is_an_error(status: Status, event: Event) -> None:
    if (status, event) in NEXT:
        assert advance(status, event) is NEXT[status, event]
    else:
        with pytest.raises(IllegalTransition, match=event.value):
            advance(status, event)


def test_nothing_leaves_a_final_status() -> None:
    assert not {status for status, _ in NEXT} & FINAL


def test_only_a_claim_leads_to_the_radio_and_only_from_the_queue() -> None:
    assert [key for key, after in NEXT.items() if after is Status.SENDING] == [(Status.QUEUED, Event.CLAIMED)]


def test_a_part_in_doubt_is_never_queued_again_but_by_an_explicit_decision() -> None:
    again = {
        event
        for (status, event), after in NEXT.items()
        if status is Status.UNCERTAIN and after is Status.QUEUED
    }
    assert again == {Event.GIVEN_BACK}


def test_all_that_waits_can_be_cancelled_and_can_expire() -> None:
    for status in WAITING:
        assert advance(status, Event.CANCELLED) is Status.CANCELLED
        assert advance(status, Event.EXPIRED) is Status.EXPIRED


@given(st.lists(st.sampled_from(Status), min_size=1))
def test_a_message_is_delivered_only_when_every_part_is(parts: list[Status]) -> None:
    assert (derive(parts) is Status.DELIVERED) == (set(parts) == {Status.DELIVERED})
    assert derive(parts) in parts


@given(st.lists(st.sampled_from(Status), min_size=1))
def test_a_doubt_about_one_part_is_a_doubt_about_the_message(parts: list[Status]) -> None:
    assert derive([*parts, Status.UNCERTAIN]) is Status.UNCERTAIN
