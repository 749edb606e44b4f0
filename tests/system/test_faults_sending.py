"""A modem that misbehaves while it sends: HTTP in, handset out, and the verdict."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.clock import utc_now
from gateway.simulator import Kind, Timing
from gateway.simulator.relay import compose
from gateway.simulator.storage import Stat
from tests.system.site import Site, eventually
from tests.system.story import (
    ANNA,
    BEN,
    CARA,
    DAN,
    EVERYBODY,
    NEVER,
    PACE,
    RESULT,
    posted,
    stage,
)
from tests.system.test_faults_link import state
from tests.system.verdict import verdict
from tests.system.view import count, read

pytestmark = [pytest.mark.system, pytest.mark.timeout(90)]


def submissions(made: Site, to: str | None = None) -> int:
    """Return how often a modem was given a part (for `to`)."""
    return sum(to is None or entry["to"] == to for entry in made.network.ledger.of(Kind.SUBMITTED))


async def test_a_lost_result_costs_the_time_out_and_a_report_settles_it(
    furnished_stage: Path, tmp_path: Path
) -> None:
    async with stage(furnished_stage, tmp_path) as made:
        made.modems[0].fault("lose_result")
        await posted(made, [ANNA, BEN])
        assert await verdict(made) == {"delivered": 2}
        lost, after = made.network.ledger.of(Kind.SUBMITTED)[1:]
        assert after.at - lost.at <= RESULT + 1


async def test_without_a_report_a_lost_result_stays_in_doubt(furnished_stage: Path, tmp_path: Path) -> None:
    async with stage(furnished_stage, tmp_path) as made:
        made.network.handset(ANNA).reports("silent")
        made.modems[0].fault("lose_result")
        await posted(made, [ANNA, BEN])
        assert await verdict(made) == {"uncertain": 1, "delivered": 1}
        assert len(made.texts(ANNA)) == 1


async def test_a_part_that_vanished_is_in_doubt_and_not_sent_again(
    furnished_stage: Path, tmp_path: Path
) -> None:
    async with stage(furnished_stage, tmp_path) as made:
        made.modems[0].fault("lose_result", sent=False)
        await posted(made, [ANNA, BEN])
        assert await verdict(made) == {"uncertain": 1, "delivered": 1}
        assert made.texts(ANNA) == []


@pytest.mark.parametrize("late", [0.5, RESULT + 0.3, RESULT + 3, RESULT + 7])
async def test_a_late_result_is_its_own_parts_and_no_others(
    furnished_stage: Path, tmp_path: Path, late: float
) -> None:
    async with stage(furnished_stage, tmp_path) as made:
        for each in (ANNA, BEN, CARA):
            made.network.handset(each).reports("silent")  # so that only the result can tell
        made.modems[0].fault("late_result", seconds=late)
        lost, *_ = await posted(made, [ANNA, BEN, CARA])
        await eventually(lambda: len(made.texts(CARA)) == 1, 30)
        await made.reaches(lost, "sent")
        assert await verdict(made) == {"sent": 3}


@pytest.mark.parametrize(
    ("fault", "code"), [("cms", 332), ("cms", 515), ("misreport", 500), ("misreport", 515)]
)
async def test_an_error_that_proves_nothing_leaves_a_doubt(
    furnished_stage: Path, tmp_path: Path, fault: str, code: int
) -> None:
    async with stage(furnished_stage, tmp_path) as made:
        made.modems[0].fault(fault, code=code)
        await posted(made, [ANNA, BEN])
        ends = await verdict(made)
        assert ends == ({"delivered": 2} if fault == "misreport" else {"uncertain": 1, "delivered": 1})
        assert submissions(made, ANNA) == 1


async def test_trouble_in_the_network_is_tried_again_until_it_is_over(
    furnished_stage: Path, tmp_path: Path
) -> None:
    async with stage(furnished_stage, tmp_path) as made:
        made.modems[0].fault("cms", code=42, count=4)
        await posted(made, [ANNA, BEN])
        assert await verdict(made) == {"delivered": 2}


@pytest.mark.parametrize("code", [1, 28, 30])
async def test_a_refusal_for_good_is_one_submission(furnished_stage: Path, tmp_path: Path, code: int) -> None:
    async with stage(furnished_stage, tmp_path) as made:
        made.modems[0].fault("cms", code=code, number=ANNA, count=99)
        await posted(made, [ANNA, BEN, CARA])
        assert await verdict(made) == {"failed": 1, "delivered": 2}
        assert submissions(made, ANNA) == 1


@pytest.mark.parametrize("code", [8, 310, 330])
async def test_what_is_the_sims_fault_burns_no_message(
    furnished_stage: Path, tmp_path: Path, code: int
) -> None:
    async with stage(furnished_stage, tmp_path) as made:
        made.modems[0].fault("cms", code=code, count=2)
        queued = await posted(made, [ANNA, BEN])
        assert await verdict(made) == {"delivered": 2}
        assert submissions(made) == 5  # the queue is held: one try for each refusal
        for ident in queued:
            assert (await made.message(ident))["parts"][0]["attempts"] == 1


async def test_a_number_that_always_fails_holds_up_nobody(furnished_stage: Path, tmp_path: Path) -> None:
    async with stage(furnished_stage, tmp_path) as made:
        made.modems[0].fault("cms", code=41, number=ANNA, count=10_000)
        first, *others = await posted(made, [ANNA, *EVERYBODY[1:21]])
        for ident in others:
            await made.reaches(ident, "delivered")
        assert (await made.message(first))["status"] in ("queued", "sending")
        assert submissions(made, ANNA) < 20
        made.modems[0].clear_faults()
        assert await verdict(made) == {"delivered": 21}


async def test_a_modem_that_gives_no_prompt_is_opened_again_and_what_is_wrong_is_told(
    furnished_stage: Path, tmp_path: Path
) -> None:
    async with stage(furnished_stage, tmp_path) as made:
        made.modems[0].fault("no_prompt", count=999)
        await posted(made, [ANNA, BEN])

        async def told() -> bool:
            found = await state(made)
            return found["phase"] == "ready" and "gave no prompt, again and again" in found["detail"]

        await eventually(told, 60, what="the second prompt that never came")
        found = await state(made)
        assert (found["recoveries"]["reopen"], found["takes_nothing"]) == (1, True)
        assert submissions(made) == 1
        made.modems[0].clear_faults()
        assert await verdict(made) == {"delivered": 2}
        found = await state(made)
        assert (found["detail"], found["takes_nothing"]) == ("", False)
        assert submissions(made) == 3


async def test_a_late_prompt_is_waited_for(furnished_stage: Path, tmp_path: Path) -> None:
    async with stage(furnished_stage, tmp_path) as made:
        made.modems[0].fault("late_prompt", seconds=3)
        await posted(made, [ANNA, BEN])
        assert await verdict(made) == {"delivered": 2}
        assert submissions(made) == 3


@pytest.mark.parametrize("stat", [2, 3])
async def test_a_network_that_is_gone_holds_the_queue(
    furnished_stage: Path, tmp_path: Path, stat: int
) -> None:
    async with stage(furnished_stage, tmp_path) as made:
        made.modems[0].fault("deregister", seconds=2, stat=stat)
        queued = await posted(made, [ANNA, BEN])
        assert await verdict(made) == {"delivered": 2}
        assert submissions(made) <= 4
        for ident in queued:
            assert (await made.message(ident))["parts"][0]["attempts"] == 1, ident


async def test_a_network_abroad_is_one(furnished_stage: Path, tmp_path: Path) -> None:
    async with stage(furnished_stage, tmp_path) as made:
        made.modems[0].fault("deregister", stat=5)

        async def abroad() -> bool:
            return bool((await state(made))["registration"] == "roaming")

        await eventually(abroad, what="the modem to be abroad")
        await posted(made, [ANNA, BEN])
        assert await verdict(made) == {"delivered": 2}


@pytest.mark.parametrize("outcome", ["temporary", "failed"])
async def test_a_report_may_come_before_the_result(
    furnished_stage: Path, tmp_path: Path, outcome: str
) -> None:
    pace = Timing(radio_first=0.02, report_after=0)
    async with stage(furnished_stage, tmp_path, timing=pace) as made:
        made.network.handset(ANNA).reports(outcome)
        made.modems[0].fault("late_result", seconds=0.7)
        await posted(made, [ANNA, BEN])
        ends = await verdict(made)
        assert ends == ({"undelivered": 1, "delivered": 1} if outcome == "failed" else {"delivered": 2})


async def test_references_wrap_and_reports_still_find_their_parts(
    furnished_stage: Path, tmp_path: Path
) -> None:
    async with stage(furnished_stage, tmp_path, timing=PACE) as made:
        made.modems[0].sim.reference = 250
        made.network.handset(EVERYBODY[3]).reports("failed")
        await posted(made, EVERYBODY[:20])
        assert await verdict(made) == {"delivered": 19, "undelivered": 1}


BUSY, IDLE = 0.5, 1.0  # seconds until a STOP is in force: after the part on the air, where there is none


@pytest.mark.parametrize("when", ["it begins", "it ends"])
async def test_a_stop_that_arrives_during_a_part_is_acted_on_before_the_next(
    furnished_stage: Path, tmp_path: Path, when: str
) -> None:
    """The next are for whoever says STOP, with the first of them claimed ahead."""
    slow = Timing(radio_first=0.4, radio_kept=0.4)
    async with stage(furnished_stage, tmp_path, timing=slow, sweep=NEVER, first=False) as made:
        ledger = made.network.ledger
        if when == "it ends":
            with_the_last_line(made, CARA)
        first, *_, last = await posted(made, [ANNA, CARA, CARA, CARA, BEN])
        assert (await ledger.until(Kind.SUBMITTED))["to"] == ANNA
        if when == "it begins":
            made.network.text(CARA, "sim0", "STOP")
        assert await in_force(made, 1) - ledger.of(Kind.RESULT)[0].at <= BUSY
        assert await verdict(made) == {"delivered": 3, "cancelled": 3}
        assert not any("trip" in text for text in made.texts(CARA))
        before = handed_before_the_stop(tmp_path)
        assert first in before
        assert last not in before
        stored = len(ledger.of(Kind.STORED))
        made.network.text(DAN, "sim0", "STOP")
        arrived = (await ledger.until(Kind.STORED, stored + 1)).at
        assert await in_force(made, 2) - arrived <= IDLE


async def in_force(made: Site, stops: int) -> float:
    """Return the time of the ledger's clock at which so many are opted out."""
    await eventually(lambda: count(made.directory, "SELECT count(*) FROM suppression") == stops, what="STOP")
    return made.network.ledger.clock()


def with_the_last_line(made: Site, sender: str) -> None:
    """Have a STOP announced in the last moment of the next part, between its reference and OK."""
    (pdu,) = compose(sender, "STOP", utc_now())
    index = made.modems[0].storage.memories["SM"].put(pdu, Stat.UNREAD)
    made.network.ledger.note(Kind.HANDSET_SENT, sender=sender, text="STOP", parts=1, whole=True)
    made.modems[0].fault("lie", at=2, text=f'\r\n+CMTI: "SM",{index}\r\n')


def handed_before_the_stop(directory: Path) -> set[object]:
    """Return the messages handed over before the opt-out: the audit log is in the order of commits."""
    query = "SELECT target FROM audit WHERE action = 'hand-off' AND seq < (%s)"
    stop = "SELECT min(seq) FROM audit WHERE action = 'opt-out'"
    return {target for (target,) in read(directory, query % stop)}
