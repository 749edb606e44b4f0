"""Large batches, references that are used once, and a crash in the middle of following a decision."""

from __future__ import annotations

import asyncio
from typing import Any

from sqlalchemy import update

from gateway import batch_progress
from gateway.clock import utc_now
from gateway.config import load
from gateway.daemon import started
from gateway.model import Status
from gateway.records import KeyKind
from gateway.store import messages
from gateway.store.schema import consent
from gateway.suspects import doubt
from tests.api.conftest import CONSENTED, STRANGER, Api, batch
from tests.system.site import message

LARGE = CONSENTED * 20  # 500: several slices


async def statuses(api: Api, ident: str) -> dict[str, int]:
    return dict((await api.call("GET", f"/v1/batches/{ident}")).body["messages"])


async def test_a_large_batch_is_held_let_go_and_cancelled_as_a_whole(api: Api) -> None:
    made = await api.call("POST", "/v1/batches", batch(LARGE))
    ident = made.body["id"]
    assert (made.body["status"], made.body["accepted"]) == ("held", 500)
    assert {(each["status"], each["hold_reason"]) for each in made.body["results"]} == {("held", "approval")}
    shown = (await api.call("GET", f"/v1/messages/{made.body['results'][-1]['id']}")).body
    assert (shown["status"], shown["hold_reason"]) == ("held", "approval")
    approved = await api.call("POST", f"/v1/batches/{ident}/approve", who="head")
    assert approved.body["messages"] == {"queued": 500}
    cancelled = await api.call("DELETE", f"/v1/batches/{ident}")
    assert cancelled.body["messages"] == {"cancelled": 500}
    plain = {"Accept-Encoding": "gzip;q=0"}
    address = f"/v1/messages?batch_id={ident}&status=cancelled&limit=200"
    page = await api.call("GET", address, headers=plain)
    assert "Content-Encoding" not in page.headers
    assert {each["batch_id"] for each in page.body["items"]} == {ident}
    assert len(page.body["items"]) == 200
    assert (await api.call("GET", f"/v1/messages?batch_id={ident}&status=queued")).body["items"] == []
    assert (await api.call("DELETE", f"/v1/batches/{ident}")).status == 200  # it was before
    told = await api.call("GET", "/v1/events/history?types=message.*&limit=200")
    assert {each["type"] for each in told.body["items"]} == {"message.cancelled"}
    assert {each["detail"] for each in told.body["items"]} == {"caller"}


async def test_a_batch_of_which_nothing_waits_cannot_be_cancelled(api: Api) -> None:
    test = await api.key("office", kind=KeyKind.TEST)
    made = await api.call("POST", "/v1/batches", batch(CONSENTED[:2]), who=test)
    ident = made.body["id"]
    assert await statuses(api, ident) == {"delivered": 2}
    (await api.call("DELETE", f"/v1/batches/{ident}")).is_problem(409, "NOT_CANCELLABLE")
    assert (await api.call("GET", f"/v1/batches/{ident}")).body["status"] == "released"


async def test_a_check_says_what_a_batch_would_come_to_and_keeps_nothing(api: Api) -> None:
    body = batch([*LARGE, STRANGER, "12"])
    body["recipients"][0]["reference"] = "once"
    checked = await api.call("POST", "/v1/batches/check", body)
    assert checked.status == 200, checked.body
    assert (checked.body["accepted"], checked.body["refused"], checked.body["parts"]) == (500, 2, 500)
    assert checked.body["needs_approval"]
    assert checked.body["queue"] == 0
    outcomes = [each["outcome"] for each in checked.body["results"]]
    assert outcomes == ["ALLOW"] * 500 + ["DENY"] * 2
    refused = [[reason["code"] for reason in each["reasons"]] for each in checked.body["results"][-2:]]
    assert (refused[0][0], refused[1][0]) == ("CONSENT_MISSING", "NUMBER_INVALID")
    assert (await api.call("GET", "/v1/messages")).body["items"] == []
    few = await api.call("POST", "/v1/batches/check", batch(CONSENTED[:3]))
    assert not few.body["needs_approval"]
    made = await api.call("POST", "/v1/batches", body)
    assert (made.body["accepted"], made.body["refused"]) == (500, 2)
    assert [each["status"] for each in made.body["results"]] == ["held"] * 500 + ["refused"] * 2
    again = await api.call("POST", "/v1/batches/check", body)
    again.is_problem(409, "REFERENCE_CONFLICT")
    unknown = await api.call("POST", "/v1/batches/check", body | {"recipients": [{"group": "nobody"}]})
    unknown.is_problem(422, "INVALID")


async def test_a_large_batch_that_is_repeated_gets_the_same_answer(api: Api) -> None:
    body = batch([*LARGE, STRANGER])
    first = await api.call("POST", "/v1/batches", body, headers={"Idempotency-Key": "k"})
    again = await api.call("POST", "/v1/batches", body, headers={"Idempotency-Key": "k"})
    assert first.body["refused"] == 1
    assert again.body == first.body
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.headers["Content-Encoding"] == "gzip"  # what the session asks for, and it is worth it


async def test_what_was_decided_before_a_crash_is_followed_after_it(api: Api) -> None:
    """The daemon dies between the decision and the last slice; its next start does the rest."""
    database, desk = api.daemon.store.database, api.daemon.use_cases.outbound.desk
    idents = {}
    for status in ("released", "cancelled", "held"):
        made = await api.call("POST", "/v1/batches", batch(CONSENTED))
        idents[status] = made.body["id"]
    for status, ident in idents.items():
        decided = {"status": status, "approver_id": "head" if status == "released" else None}
        await database.write(lambda c, i=ident, d=decided: messages.amend_batch(c, i, **d))
    now = utc_now()
    await database.write(lambda c: batch_progress.align(c, desk, idents["released"], now, 10))
    await database.write(lambda c: batch_progress.align(c, desk, idents["cancelled"], now, 10))
    assert await statuses(api, idents["released"]) == {"queued": 10, "held": 15}
    config = load(api.directory / "schoolgate.toml")
    config = config.model_copy(update={"api": config.api.model_copy(update={"unix_socket": None})})
    async with started(config) as other:
        counts = {}
        for status, ident in idents.items():
            counts[status] = await other.store.database.read(lambda c, i=ident: messages.batch_counts(c, i))
    assert counts == {
        "released": {Status.QUEUED: 25},
        "cancelled": {Status.CANCELLED: 25},
        "held": {Status.HELD: 25},
    }


def named(numbers: list[str], first: int = 0) -> list[dict[str, Any]]:
    return [{"to": each, "reference": f"r{first + index}"} for index, each in enumerate(numbers)]


async def test_a_reference_gets_the_first_answer_again_and_no_second_message(api: Api) -> None:
    body = message(CONSENTED[0], reference="trip 7b")
    first = await api.call("POST", "/v1/messages", body)
    again = await api.call("POST", "/v1/messages", body)
    assert (again.status, again.body) == (202, first.body)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert len((await api.call("GET", "/v1/messages")).body["items"]) == 1
    other = await api.call("POST", "/v1/messages", message(CONSENTED[1], reference="trip 7b"))
    other.is_problem(409, "REFERENCE_CONFLICT")
    assert b"trip 7b" not in other.raw
    second = await api.key("office")
    assert (
        await api.call("POST", "/v1/messages", message(CONSENTED[1], reference="trip 7b"), who=second)
    ).status == 202


async def test_a_reference_many_times_at_once_makes_one_message(api: Api) -> None:
    body = message(CONSENTED[0], reference="r")
    answers = await asyncio.gather(*(api.call("POST", "/v1/messages", body) for _ in range(12)))
    assert {answer.status for answer in answers} == {202}
    assert len({answer.body["id"] for answer in answers}) == 1


async def test_a_refused_message_leaves_its_reference_free(api: Api) -> None:
    refused = await api.call("POST", "/v1/messages", message(STRANGER, reference="r"))
    assert refused.status == 409
    assert (await api.call("POST", "/v1/messages", message(CONSENTED[0], reference="r"))).status == 202


async def test_a_batch_with_a_used_reference_sends_nothing_and_names_the_recipient(api: Api) -> None:
    assert (await api.call("POST", "/v1/messages", message(CONSENTED[0], reference="r60"))).status == 202
    body = batch([]) | {"recipients": named(CONSENTED * 3)}
    answer = await api.call("POST", "/v1/batches", body)
    answer.is_problem(409, "REFERENCE_CONFLICT")
    assert "recipients.60.reference" in answer.body["detail"]
    left = (await api.call("GET", "/v1/messages?limit=200")).body["items"]
    assert sorted(each["status"] for each in left) == ["cancelled"] * 60 + ["queued"]


async def test_a_batch_with_a_reference_twice_sends_nothing(api: Api) -> None:
    twice = [*named(CONSENTED[:3]), *named(CONSENTED[3:4], first=1)]
    answer = await api.call("POST", "/v1/batches", batch([]) | {"recipients": twice})
    answer.is_problem(409, "REFERENCE_CONFLICT")
    assert "recipients.3.reference" in answer.body["detail"]


async def test_4_3_each_message_of_a_batch_is_asked_about_when_a_second_person_lets_it_go(api: Api) -> None:
    """Between submission and approval one opted out, one number is doubted, one consent is withdrawn."""
    made = (await api.call("POST", "/v1/batches", batch(CONSENTED))).body
    idents = [each["id"] for each in made["results"]]
    await api.call("POST", "/v1/opt-outs", {"number": CONSENTED[0]})
    database, keyring = api.daemon.store.database, api.daemon.store.keyring
    wrong = keyring.index(CONSENTED[1])
    ended = update(consent).where(consent.c.number_index == keyring.index(CONSENTED[2]))
    await database.write(lambda c: c.execute(ended.values(withdrawn_at=utc_now())) and None)
    await database.write(
        lambda c: doubt(c, wrong, reason="wrong_number", source="inb_1", by="test", now=utc_now())
    )
    await api.call("POST", f"/v1/batches/{made['id']}/approve", who="head")
    found = [(await api.call("GET", f"/v1/messages/{ident}")).body for ident in idents[:4]]
    assert [(each["status"], each["cancel_reason"]) for each in found] == [
        ("cancelled", "opted_out"),
        ("cancelled", "policy"),
        ("cancelled", "policy"),
        ("queued", None),
    ]
    why = [(await api.call("GET", f"/v1/messages/{ident}/why")).body["items"] for ident in idents[1:4]]
    assert [(last["action"], last["outcome"], last["detail"]["codes"]) for *_, last in why] == [
        ("release", "DENY", ["NUMBER_SUSPECT"]),
        ("release", "DENY", ["CONSENT_MISSING"]),
        ("release", "ALLOW", []),
    ]


async def test_3_2_a_batch_of_a_test_key_takes_its_course_and_is_delivered_to_nobody(api: Api) -> None:
    test_key = await api.key("office", kind=KeyKind.TEST)
    made = (await api.call("POST", "/v1/batches", batch(CONSENTED), who=test_key)).body
    assert await statuses(api, made["id"]) == {"held": len(CONSENTED)}
    await api.call("POST", f"/v1/batches/{made['id']}/approve", who="head")
    assert await statuses(api, made["id"]) == {"delivered": len(CONSENTED)}
    few = (await api.call("POST", "/v1/batches", batch(CONSENTED[:2]), who=test_key)).body
    assert [(each["status"], each["hold_reason"]) for each in few["results"]] == [("delivered", None)] * 2
    told = await api.call("GET", "/v1/events/history?types=message.delivered&limit=200")
    assert {each["id"] for each in few["results"]} <= {each["subject"] for each in told.body["items"]}
    assert len(told.body["items"]) == len(CONSENTED) + 2


async def test_9_1_a_batch_waits_on_while_the_review_is_overdue(api: Api) -> None:
    ident = (await api.call("POST", "/v1/batches", batch(CONSENTED))).body["id"]
    desk = api.daemon.use_cases.outbound.desk
    settings = desk.settings
    late = settings.review.model_copy(
        update={"last_reviewed": settings.review.last_reviewed.replace(year=2020)}
    )
    desk.settings = settings.model_copy(update={"review": late})
    refused = await api.call("POST", f"/v1/batches/{ident}/approve", who="head")
    refused.is_problem(503, "POLICY_REVIEW_OVERDUE")
    assert await statuses(api, ident) == {"held": len(CONSENTED)}
    query = "SELECT actor, outcome, clauses FROM audit WHERE action = 'release'"
    noted = await api.daemon.store.database.read(lambda c: c.exec_driver_sql(query).all())
    assert [tuple(each) for each in noted] == [("head", "DENY", '["9.1"]')]
    desk.settings = settings
    assert (await api.call("POST", f"/v1/batches/{ident}/approve", who="head")).status == 200
    assert await statuses(api, ident) == {"queued": len(CONSENTED)}
