"""Parts in doubt: settled by evidence where there is any, and by a person's word where there is none."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from gateway.simulator import Kind, Timing
from tests.system.site import Site, eventually, message
from tests.system.story import (
    ANNA,
    BEN,
    CARA,
    DAN,
    LONG,
    RESULT,
    add_template,
    changed,
    long_template,
    posted,
    stage,
)
from tests.system.test_faults_sending import submissions
from tests.system.verdict import verdict
from tests.system.view import read

pytestmark = [pytest.mark.system, pytest.mark.timeout(60)]


async def doubts(made: Site, who: str = "office") -> list[dict[str, Any]]:
    status, page = await made.call("GET", "/v1/doubts", who=who)
    assert status == 200, page
    found: list[dict[str, Any]] = page["items"]
    return found


async def say(made: Site, ident: str, outcome: str, *, part: int = 1, who: str = "office") -> int:
    body = {"part": part, "outcome": outcome}
    return (await made.call("POST", f"/v1/doubts/{ident}", body, who=who))[0]


async def in_doubt(made: Site, *, sent: bool, to: str = ANNA, **more: object) -> str:
    """Post a message that ends in doubt, and no report will tell."""
    made.network.handset(to).reports("silent")
    made.modems[0].fault("lose_result", sent=sent)
    ident = await made.post(to, **more)
    await made.reaches(ident, "uncertain")
    return ident


async def test_a_doubt_is_listed_with_what_a_person_must_know(furnished_stage: Path, tmp_path: Path) -> None:
    async with stage(furnished_stage, tmp_path) as made:
        ident = await in_doubt(made, sent=True)
        (found,) = await doubts(made)
        told = {key: found[key] for key in ("message_id", "part", "parts", "to", "modem", "on_doubt")}
        assert told == {
            "message_id": ident, "part": 1, "parts": 1, "to": ANNA, "modem": "sim0", "on_doubt": "ask"
        }  # fmt: skip
        assert "no result" in found["cause"]
        assert await doubts(made, who="head") == [found]


@pytest.mark.parametrize(
    ("sent", "word", "ends"),
    [
        (True, "sent", {"sent": 1}),
        (False, "not_sent", {"sent": 1}),
        (True, "give_up", {"uncertain": 1}),
        (False, "give_up", {"uncertain": 1}),
    ],
)
async def test_a_persons_word_settles_it_once(
    furnished_stage: Path, tmp_path: Path, sent: bool, word: str, ends: dict[str, int]
) -> None:
    async with stage(furnished_stage, tmp_path) as made:
        ident = await in_doubt(made, sent=sent)
        assert await say(made, ident, word, who="head") == 204
        assert await say(made, ident, word) == 409
        assert await doubts(made) == []
        assert await verdict(made) == ends
        _, why = await made.call("GET", f"/v1/messages/{ident}/why")
        (told,) = [entry for entry in why["items"] if entry["action"] == "doubt-resolved"]
        assert (told["actor"], told["outcome"]) == ("head", word)


async def test_what_is_given_up_takes_the_rest_of_its_message_with_it(
    furnished_stage: Path, tmp_path: Path
) -> None:
    async with stage(furnished_stage, tmp_path) as made:
        await long_template(made)
        ident = await in_doubt(made, sent=True, template="long")
        assert await say(made, ident, "give_up") == 204
        assert await verdict(made) == {"uncertain": 1, "cancelled": 1}


async def test_an_opt_out_meanwhile_wins_over_a_persons_word(furnished_stage: Path, tmp_path: Path) -> None:
    async with stage(furnished_stage, tmp_path) as made:
        ident = await in_doubt(made, sent=False)
        status, _ = await made.call("POST", "/v1/opt-outs", {"number": ANNA})
        assert status == 201
        assert await say(made, ident, "not_sent") == 204
        await made.reaches(ident, "cancelled")


async def test_others_messages_are_not_there_and_nothing_else_is_in_doubt(
    furnished_stage: Path, tmp_path: Path
) -> None:
    async with stage(furnished_stage, tmp_path) as made:
        ident = await made.post(BEN)
        await made.reaches(ident, "delivered")
        assert await say(made, ident, "sent") == 409
        assert await say(made, "msg_" + "0" * 26, "sent") == 404
        assert await say(made, ident, "sent", who="author") == 403
        assert await say(made, ident, "perhaps") == 422


@asynccontextmanager
async def impatient(
    furnished: Path, directory: Path, wait: float, retry: str = "[0.2, 0.4]", **how: Any
) -> AsyncIterator[Site]:
    """Run a stage whose template "urgent" is sent again `wait` seconds after a hand-off that is in doubt.

    No handset but Anna's reports.
    """
    quick = {f"result_seconds = {RESULT}": "result_seconds = 0.3"}
    rule = {"[sending]\n": f"[sending]\ndoubt_minutes = {wait / 60}\n", "[0.2, 0.4]": retry}
    changed(furnished, directory, quick | rule)
    async with stage(furnished, directory, **how) as made:
        await add_template(made, "urgent", urgent=True, on_doubt="resend")
        for each in (BEN, CARA, DAN):
            made.network.handset(each).reports("silent")
        yield made


async def test_what_was_urgent_and_never_left_goes_once_more_and_then_a_person_is_asked(
    furnished_stage: Path, tmp_path: Path
) -> None:
    """That it is not sent a third time is shown by another, in doubt later, that was sent again meanwhile."""
    async with impatient(furnished_stage, tmp_path, wait := 1.5) as made:
        made.modems[0].fault("lose_result", count=2, sent=False)
        first = await made.post(DAN, template="urgent")
        await made.network.ledger.until(Kind.SUBMITTED, 1 + 2)
        await made.reaches(first, "uncertain")
        made.modems[0].fault("lose_result", sent=False)
        second = await made.post(ANNA, template="urgent")
        await made.reaches(second, "delivered")
        assert (submissions(made, DAN), submissions(made, ANNA)) == (2, 2)
        _, handed, again, *_ = made.network.ledger.of(Kind.SUBMITTED)
        assert again.at - handed.at >= wait
        (found,) = await doubts(made)
        assert (found["message_id"], found["on_doubt"]) == (first, "resent")
        assert await say(made, first, "not_sent") == 204
        assert await verdict(made) == {"delivered": 1, "sent": 1}


async def test_what_a_report_or_a_stop_or_its_own_rule_decides_before_is_not_sent_again(
    furnished_stage: Path, tmp_path: Path
) -> None:
    """All were taken by the network but the last, which alone is sent again, after the time of all others."""
    pace = Timing(radio_first=0.03, report_after=0.8)
    async with impatient(furnished_stage, tmp_path, 4, timing=pace) as made:
        made.modems[0].fault("lose_result", count=2)
        stopped, reported = await posted(made, [BEN, ANNA], template="urgent")
        await made.reaches(stopped, "uncertain")
        made.network.text(BEN, "sim0", "STOP")
        await eventually(lambda: len(made.texts(BEN)) == 2, what="the answer to the STOP")
        made.modems[0].fault("lose_result")
        asked = await made.post(CARA, template="urgent", on_doubt="ask")
        await made.reaches(asked, "uncertain")
        made.modems[0].fault("lose_result", sent=False)
        again = await made.post(DAN, template="urgent")
        await made.reaches(again, "sent")
        assert [submissions(made, each) for each in (ANNA, BEN, CARA, DAN)] == [1, 1 + 1, 1, 2]
        assert (await made.message(reported))["status"] == "delivered"
        assert {found["message_id"]: found["on_doubt"] for found in await doubts(made)} == {
            stopped: "ask", asked: "ask"
        }  # fmt: skip
        assert await verdict(made) == {"delivered": 1, "uncertain": 2, "sent": 1 + 1}


@pytest.mark.parametrize("how", ["refused", "cancelled"])
async def test_what_was_to_be_sent_again_and_is_not_may_still_be_there(
    furnished_stage: Path, tmp_path: Path, how: str
) -> None:
    async with impatient(furnished_stage, tmp_path, 1.2) as made:
        made.modems[0].fault("lose_result")
        ident = await made.post(DAN, template="urgent")
        await made.reaches(ident, "uncertain")
        if how == "refused":
            made.modems[0].fault("cms", code=1)
            await made.network.ledger.until(Kind.REFUSED)
        else:
            made.modems[0].fault("deregister")
            await made.reaches(ident, "queued")
            status, _ = await made.call("DELETE", f"/v1/messages/{ident}")
            assert status == 204
            outcome = "SELECT outcome FROM audit WHERE action = 'cancel'"
            assert read(tmp_path, outcome) == [("uncertain",)]
        assert await verdict(made) == {"uncertain": 1}
        assert [found["message_id"] for found in await doubts(made)] == [ident]
        assert await say(made, ident, "sent") == 204


async def test_only_the_part_that_was_sent_again_may_be_there(furnished_stage: Path, tmp_path: Path) -> None:
    """The first copy's report comes while the second part, which never left, waits for its next try."""
    pace = Timing(radio_first=0.03, radio_kept=0.02, report_after=3)
    async with impatient(furnished_stage, tmp_path, 1.2, retry="[5]", timing=pace) as made:
        await add_template(made, "long", LONG.strip(), urgent=True, on_doubt="resend")
        made.modems[0].fault("lose_result")
        ident = await made.post(ANNA, template="long")
        await made.network.ledger.until(Kind.SUBMITTED, 3)
        made.modems[0].fault("cms", code=38, number=ANNA)
        await made.network.ledger.until(Kind.REPORT, 2)
        assert submissions(made, ANNA) == 3  # the second part was refused once
        assert [part["status"] for part in (await made.message(ident))["parts"]] == ["sent", "queued"]
        await made.reaches(ident, "delivered")
        assert submissions(made, ANNA) == 4
        assert "lunch" in made.texts(ANNA)[-1]


async def test_a_report_that_comes_before_it_is_sent_again_settles_it(
    furnished_stage: Path, tmp_path: Path
) -> None:
    """The network holds the report while the modem is away; that nothing is sent meanwhile is sure."""
    pace = Timing(radio_first=0.03, report_after=1)
    async with impatient(furnished_stage, tmp_path, 1.2, timing=pace) as made:
        made.modems[0].fault("lose_result")
        ident = await made.post(ANNA, template="urgent")
        await made.network.ledger.until(Kind.SUBMITTED, 2)
        made.modems[0].fault("deregister")
        await made.reaches(ident, "queued")
        await made.call(
            "POST", "/v1/sending/suspend", {"reason": "so that only the report comes"}, who="head"
        )
        made.modems[0].clear_faults()
        await made.reaches(ident, "delivered")
        await made.call("POST", "/v1/sending/resume", {"reason": "it has come"}, who="head")
        assert await verdict(made) == {"delivered": 1}
        assert submissions(made, ANNA) == 1


async def test_only_what_is_urgent_by_its_template_may_be_sent_again(
    furnished_stage: Path, tmp_path: Path
) -> None:
    async with stage(furnished_stage, tmp_path) as made:
        await add_template(made, "alarm", urgent=True)
        for path in ("/v1/messages", "/v1/messages/check"):
            status, answer = await made.call("POST", path, message(ANNA, on_doubt="resend"))
            assert (status, answer["code"]) == (422, "INVALID"), answer
            assert [fault["field"] for fault in answer["errors"]] == ["on_doubt"]
        ident = await made.post(ANNA, template="alarm", on_doubt="resend")
        await made.reaches(ident, "delivered")
        assert await verdict(made) == {"delivered": 1}
