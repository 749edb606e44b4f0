"""The supervisor and the count of references: pure decisions."""

from __future__ import annotations

import asyncio

import pytest

from gateway.modem.errors import ModemGone, OtherCard, PortMissing, TakesNothing
from gateway.modem.link import Ended, backoff, keep_connected
from gateway.modem.references import References


def test_waiting_doubles_up_to_a_minute() -> None:
    assert [backoff(n) for n in range(1, 9)] == [1, 2, 4, 8, 16, 32, 60, 60]
    assert backoff(10_000) == 60


async def failures_seen(ends: list[Ended]) -> list[tuple[int, float]]:
    seen: list[tuple[int, float]] = []
    script = iter(ends)

    async def connect() -> Ended:
        return next(script)

    async def sleep(seconds: float) -> None:
        seen[-1] = (seen[-1][0], seconds)
        if len(seen) == len(ends):
            raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await keep_connected(connect, ended=lambda _, n, __: seen.append((n, 0)), sleep=sleep)
    return seen


async def test_a_link_that_worked_starts_the_waiting_anew() -> None:
    bad, good = Ended(ModemGone("x"), worked=False), Ended(ModemGone("x"), worked=True)
    assert await failures_seen([bad, bad, bad, good, bad]) == [(1, 1), (2, 2), (3, 4), (1, 1), (2, 2)]


async def test_a_link_that_came_up_and_took_no_part_is_another_failure() -> None:
    mute, good = Ended(TakesNothing("x"), worked=True), Ended(ModemGone("x"), worked=True)
    assert await failures_seen([mute, mute, mute, good]) == [(1, 1), (2, 2), (3, 4), (1, 1)]


async def test_a_missing_port_is_looked_for_twice_a_second_and_then_every_other() -> None:
    gone = Ended(PortMissing("x"), worked=False)
    assert await failures_seen([gone] * 5) == [(1, 0.5), (2, 0.5), (3, 0.5), (4, 0.5), (5, 0.5)]
    assert (await failures_seen([gone] * 122))[-3:] == [(120, 0.5), (121, 2), (122, 2)]


async def test_a_port_that_is_back_has_not_failed_yet() -> None:
    gone, bad = Ended(PortMissing("x"), worked=False), Ended(ModemGone("x"), worked=False)
    seen = await failures_seen([*[gone] * 20, bad, gone, bad, bad])
    assert seen[19:] == [(20, 0.5), (1, 1), (21, 0.5), (2, 2), (3, 4)]


async def test_a_modem_at_whose_port_another_sim_is_is_looked_for_every_five_seconds() -> None:
    other = Ended(OtherCard("x"), worked=False)
    assert await failures_seen([other] * 5) == [(1, 1), (2, 2), (3, 4), (4, 5), (5, 5)]


def test_a_result_is_doubtful_only_if_an_earlier_part_may_still_owe_it() -> None:
    references = References([].append)
    references.accepted(7)
    references.lost()
    assert references.doubtful(8)
    assert not references.doubtful(9)
    references.accepted(9)  # a gap: the modem did try the part that has no result
    assert references.doubtful(8)
    references.accepted(10)
    assert references.doubtful(8)
    references.late(8)
    assert not references.doubtful(8)


def test_a_lost_part_is_given_the_next_reference_whatever_earlier_parts_still_owe() -> None:
    references = References([].append)
    references.accepted(7)
    assert references.lost() == 8
    references.accepted(9)  # 8 was tried, and its result may still come
    assert references.lost() == 10
    assert references.certain(10)


def test_a_second_lost_part_may_have_the_reference_of_the_first() -> None:
    references = References([].append)
    references.accepted(255)
    assert references.lost() == 0
    assert references.certain(0)
    assert references.lost() == 1
    assert not references.certain(1)


def test_a_refused_part_may_have_been_counted_until_the_next_result() -> None:
    references = References([].append)
    references.accepted(7)
    references.refused()
    assert references.lost() is None
    assert references.doubtful(9)
    references.accepted(10)
    assert not references.doubtful(11)
    lost = references.lost()
    assert lost == 11
    assert references.certain(lost)


def test_a_late_result_moves_the_count_on() -> None:
    late: list[int] = []
    references = References(late.append)
    references.accepted(7)
    assert references.lost() == 8
    references.late(8)
    assert late == [8]
    assert references.lost() == 9
    assert references.certain(9)


def test_a_modem_that_does_not_count_makes_no_reference_certain() -> None:
    references = References([].append)
    references.accepted(0)
    references.accepted(0)
    lost = references.lost()
    assert lost is not None
    assert not references.certain(lost)


def test_references_wrap() -> None:
    references = References([].append)
    references.accepted(254)
    references.lost()
    references.lost()
    assert references.doubtful(255)
    assert references.doubtful(0)
    references.accepted(1)
    assert references.doubtful(0)


def test_a_modem_that_does_not_count_never_raises_a_doubt_twice() -> None:
    references = References([].append)
    references.accepted(0)
    references.lost()
    references.accepted(0)
    assert not any(references.doubtful(mr) for mr in range(256))
