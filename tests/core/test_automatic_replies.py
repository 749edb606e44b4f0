"""What is answered by itself (6.2): one confirmation, START, HELP, topics, and no endless talk."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from gateway.simulator.relay import compose
from gateway.store.schema import inbox, message, suppression
from tests.core.replying import NOW, Desk

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def replied(desk: Desk) -> list[str]:
    """Return the kinds of what was answered by itself, oldest first."""
    rows = [row for row in await desk.rows(message) if row["kind"] != "message"]
    return [row["kind"] for row in sorted(rows, key=lambda row: row["id"])]


async def standing(desk: Desk) -> list[Any]:
    return [row for row in await desk.rows(suppression) if row["lifted_at"] is None]


async def test_6_2_a_stop_gets_one_confirmation_of_one_part_and_a_repeat_none(desk: Desk) -> None:
    await desk.text("STOP")
    desk.now = NOW + timedelta(hours=2)
    await desk.text("stop!!")
    (confirmation,) = await desk.rows(message)
    assert (confirmation["kind"], confirmation["parts"]) == ("opt_out_confirmation", 1)
    assert len(await standing(desk)) == 1


async def test_6_2_a_topic_narrows_and_start_lifts_what_the_person_made(desk: Desk) -> None:
    waiting = await desk.queue("event_notice"), await desk.queue("important_info")
    await desk.text("STOP EVENTS")
    assert [each["topic"] for each in await standing(desk)] == ["events"]
    assert [await desk.status(each) for each in waiting] == ["cancelled", "queued"]
    await desk.text("STOP")
    assert {each["topic"] for each in await standing(desk)} == {"events", ""}
    await desk.text("START")
    assert await standing(desk) == []
    assert [each["tier"] for each in await desk.rows(inbox)] == ["act", "act", "start"]


async def test_6_2_start_lifts_nothing_that_staff_made_and_says_nothing(desk: Desk) -> None:
    await desk.opted_out_by_staff()
    await desk.text("START")
    assert [each["source"] for each in await standing(desk)] == ["staff"]
    assert await replied(desk) == []


async def test_6_2_at_most_one_answer_an_hour_and_three_a_day(desk: Desk) -> None:
    """Two machines that answer each other stop soon; what was asked for is done all the same."""
    answers = []
    for minutes in (0, 30, 61, 122, 183, 24 * 60 + 1):
        desk.now = NOW + timedelta(minutes=minutes)
        await desk.text("HELP")
        answers.append(len(await replied(desk)))
    assert answers == [1, 1, 2, 3, 3, 4]
    desk.now += timedelta(minutes=1)
    await desk.text("STOP")
    assert len(await standing(desk)) == 1  # unconfirmed, and in force
    assert len(await replied(desk)) == 4


@pytest.mark.parametrize("sender", ["60777", "KRS Shop"])
async def test_6_2_nothing_is_answered_to_a_short_code_or_a_name(desk: Desk, sender: str) -> None:
    desk.number = sender
    await desk.receive(*compose(sender, "STOP", desk.now))
    assert (len(await standing(desk)), await replied(desk)) == (1, [])
