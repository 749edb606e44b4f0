"""What replies do (6.2): parts that come alone, CANCEL after an appointment, wrong numbers, a yes."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from gateway.model import Status
from gateway.simulator.relay import compose
from gateway.store import opt_ins, recipients
from gateway.store.schema import consent, inbox, opt_in, recipient_hold, suppression, suspect_number
from tests.core.replying import DAY, NOW, Desk

# Welsh letters make a part of 67 characters; the cut falls before "stop".
CLUB = f"{'Ŵ hello, can you tell me when this evening the maths club will':<67}stop"
pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_6_2_a_word_cut_off_by_a_part_pauses_and_the_whole_decides(desk: Desk) -> None:
    """ "… the club will" + "stop": nobody is opted out, and nothing is sent while it is not known."""
    first, last = compose(desk.number, CLUB, NOW)
    waiting = await desk.queue()
    await desk.receive(last)
    assert await desk.rows(suppression) == []
    assert await desk.status(waiting) == "held"
    await desk.receive(first)
    assert await desk.rows(suppression) == []
    assert await desk.status(waiting) == "queued"
    (hold,) = await desk.rows(recipient_hold)
    assert (hold["kind"], hold["outcome"], hold["resolved_by"]) == ("fragment", "inbox", "gateway")
    (came,) = await desk.rows(inbox)
    assert (came["tier"], came["complete"]) == ("inbox", True)


async def test_6_2_what_was_paused_for_another_reason_stays_so(desk: Desk) -> None:
    first, last = compose(desk.number, CLUB, NOW)
    waiting = await desk.queue()
    await desk.text("Who is this?")
    await desk.receive(last, first)
    assert await desk.status(waiting) == "held"
    assert [each["kind"] for each in await desk.rows(recipient_hold) if not each["resolved_at"]] == [
        "refusal"
    ]


async def test_6_2_a_last_part_whose_beginning_never_comes_is_read_by_a_person(desk: Desk) -> None:
    waiting = await desk.queue(expires_at=NOW + 9 * DAY)
    await desk.receive(compose(desk.number, CLUB, NOW)[1])
    desk.now = NOW + DAY + timedelta(minutes=1)
    await desk.database.write(lambda c: desk.inbound.tidy(c, desk.now))
    (came,) = await desk.rows(inbox)
    assert (came["tier"], came["complete"]) == ("hold", False)
    assert (await desk.rows(suppression), await desk.status(waiting)) == ([], "held")
    (hold,) = [each for each in await desk.rows(recipient_hold) if each["resolved_at"] is None]
    assert hold["inbox_id"] == came["id"]


@pytest.mark.parametrize(
    ("text", "order"),
    [
        ("Stop texting me. " + "Ŵ" * 60, [0]),  # the first part says it
        ("Stop texting me. " + "Ŵ" * 60, [1, 0]),
        ("Ŵ" * 65 + ". " + "Stop texting me now please", [1]),  # a sentence of its own in the last one
    ],
)
async def test_6_2_a_real_stop_does_not_wait_for_the_other_parts(
    desk: Desk, text: str, order: list[int]
) -> None:
    pdus = compose(desk.number, text, NOW)
    assert len(pdus) == 2
    waiting = await desk.queue()
    await desk.receive(*(pdus[place] for place in order))
    (opt_out,) = await desk.rows(suppression)
    assert (opt_out["source"], opt_out["topic"], await desk.status(waiting)) == ("sms", "", "cancelled")


@pytest.mark.parametrize(
    ("text", "hours", "purpose", "kinds"),
    [
        ("CANCEL", 71, "appointment", ["appointment"]),
        ("Cancel please", 71, "appointment", ["appointment"]),
        ("CANCEL", 73, "appointment", []),
        ("CANCEL", 1, "event_notice", []),
        ("STOP", 1, "appointment", []),
    ],
)
async def test_6_2_cancel_soon_after_an_appointment_opts_out_and_asks_a_person(
    desk: Desk, text: str, hours: int, purpose: str, kinds: list[str]
) -> None:
    left = NOW - timedelta(hours=hours)
    await desk.queue(purpose, status=Status.SENT, sent_at=left)
    await desk.text(text)
    assert len(await desk.rows(suppression)) == 1
    assert [each["kind"] for each in await desk.rows(recipient_hold)] == kinds
    facts = await desk.database.read(lambda c: recipients.facts(c, [desk.index]))
    assert facts[desk.index].held_since is None  # START finds nothing in its way


@pytest.mark.parametrize("text", ["You have the wrong number", "rhif anghywir", "zły numer"])
async def test_4_3_who_says_that_the_number_is_wrong_puts_it_in_doubt(desk: Desk, text: str) -> None:
    await desk.text(text)
    await desk.text(text)
    (doubt,) = await desk.rows(suspect_number)
    first = min(await desk.rows(inbox), key=lambda row: row["id"])
    assert (doubt["reason"], doubt["source"], doubt["verified_at"]) == ("wrong_number", first["id"], None)
    assert {each["kind"] for each in await desk.rows(recipient_hold)} == {"refusal"}


async def asked(desk: Desk, until: datetime = NOW + DAY) -> None:
    """Have a form on record that waits for her yes."""
    seal, ident = desk.keyring.seal, f"opi_{desk.number[-3:]}"
    row = {
        "id": ident, "number_index": desk.index, "purposes": ["event_notice", "appointment"],
        "number_sealed": seal("opt_in", "number", ident, desk.number), "method": "web_form",
        "wording": "form-2026", "wording_id": None,
        "evidence_sealed": seal("opt_in", "evidence", ident, "form 7"),
        "recorded_by": "amy", "asked_at": NOW - DAY, "created_at": NOW - DAY, "expires_at": until,
        "message_id": f"msg_{desk.number[-3:]}", "status": "waiting",
    }  # fmt: skip
    await desk.database.write(lambda c: opt_ins.add(c, row))


@pytest.mark.parametrize("text", ["YES", "Yes please.", "Ydw", "جی ہاں", "Tak"])
async def test_4_1_a_yes_to_what_was_asked_by_form_is_a_consent_with_its_evidence(
    desk: Desk, text: str
) -> None:
    await asked(desk)
    await desk.text(text)
    made = await desk.rows(consent)
    assert {each["purpose"] for each in made} == {"event_notice", "appointment"}
    (came,) = await desk.rows(inbox)
    for each in made:
        assert (each["method"], each["given_at"], each["recorded_by"]) == ("sms", NOW, "amy")
        evidence = desk.keyring.open("consent", "evidence", each["id"], each["evidence_sealed"])
        assert evidence == f"form 7; asked opi_{desk.number[-3:]}, confirmed by {came['id']}"
    await desk.text(text)  # nothing waits any more
    assert len(await desk.rows(consent)) == 2
    (done,) = await desk.rows(opt_in)
    assert (done["status"], done["inbox_id"], came["tier"]) == ("confirmed", came["id"], "inbox")


@pytest.mark.parametrize(
    ("text", "until"), [("YES", NOW), ("Yes, but who are you?", NOW + DAY), ("ok", NOW + DAY)]
)
async def test_4_1_no_yes_in_time_is_no_consent(desk: Desk, text: str, until: datetime) -> None:
    await asked(desk, until)
    await desk.text(text)
    assert await desk.rows(consent) == []


async def test_4_1_a_yes_that_nobody_asked_for_is_a_message_like_any_other(desk: Desk) -> None:
    await desk.text("YES")
    assert await desk.rows(consent) == []
    assert [each["tier"] for each in await desk.rows(inbox)] == ["inbox"]
