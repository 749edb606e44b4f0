import asyncio
from concurrent.futures import ThreadPoolExecutor

from gateway.bell import Bell
from gateway.gate import Gate, end_of_step


def _nothing() -> None: ...


def test_an_opt_out_revokes_every_permit_of_that_recipient_and_no_other() -> None:
    gate = Gate(_nothing)
    mine, also_mine, other = gate.issue(b"a"), gate.issue(b"a"), gate.issue(b"b")
    gate.revoke(b"a")
    assert (mine.valid, also_mine.valid, other.valid) == (False, False, True)
    assert gate.issue(b"a").valid  # a later claim was decided on facts that know the opt-out


def test_a_permit_given_back_no_longer_delays_an_opt_out() -> None:
    waits = []
    gate = Gate(lambda: waits.append(1))
    permit = gate.issue(b"a")
    gate.give_back(permit)
    gate.revoke(b"a")
    assert waits == []


async def test_an_opt_out_cannot_commit_within_the_step_that_writes_the_pdu() -> None:
    """The order of events is forced, not timed: the revocation begins inside the step."""
    loop = asyncio.get_running_loop()
    gate = Gate(end_of_step(loop))
    order: list[str] = []

    def opt_out() -> None:
        gate.revoke(b"a")
        order.append("committed")

    with ThreadPoolExecutor(1) as store:
        permit = gate.issue(b"a")
        asked = permit.valid
        opting_out = loop.run_in_executor(store, opt_out)
        while permit.valid:  # the other thread has set it; this step goes on
            pass
        order.append("written")
        await opting_out
    assert asked
    assert order == ["written", "committed"]


async def test_no_ring_is_missed_between_looking_and_waiting() -> None:
    bell = Bell()
    heard = bell.listen()
    bell.ring()
    async with asyncio.timeout(1):
        await heard.wait()
    assert not bell.listen().is_set()
