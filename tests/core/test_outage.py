"""A number in trouble, or the network."""

from __future__ import annotations

import pytest

from gateway.model import Accepted, FailureKind, NotSent, Refused, SendOutcome, Unclear
from gateway.outage import Outage

BUSY = Refused(FailureKind.TEMPORARY, 38, "network out of order")
A, B, C = b"a", b"b", b"c"


def blamed(story: list[tuple[bytes, SendOutcome]]) -> list[bool]:
    """Return for each refusal of a story whether it is everybody's."""
    outage = Outage("sim0")
    judged = [outage.judged(number, outcome) for number, outcome in story]
    return [outcome.everybody for outcome in judged if isinstance(outcome, Refused)]


def test_what_is_refused_to_three_people_in_a_row_is_refused_to_everybody() -> None:
    assert blamed([(A, BUSY), (B, BUSY), (C, BUSY), (A, BUSY)]) == [False, False, True, True]


def test_one_number_that_fails_is_not_everybody() -> None:
    assert not any(blamed([(A, BUSY)] * 9))


@pytest.mark.parametrize("word", [Accepted(7), Refused(FailureKind.PERMANENT, 1, "unassigned")])
def test_a_word_of_the_network_about_another_part_ends_it(word: SendOutcome) -> None:
    assert not any(blamed([(A, BUSY), (B, BUSY), (C, word), (C, BUSY), (A, BUSY)]))


@pytest.mark.parametrize("silence", [NotSent("no prompt"), Unclear("no result")])
def test_what_the_network_did_not_say_ends_nothing(silence: SendOutcome) -> None:
    assert blamed([(A, BUSY), (B, BUSY), (B, silence), (C, BUSY)]) == [False, False, True]
