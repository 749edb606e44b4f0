"""Large batches, references that are used once, and a crash in the middle of following a decision."""

from __future__ import annotations

import asyncio
from typing import Any

from gateway import batch_progress
from gateway.clock import utc_now
from gateway.config import load
from gateway.daemon import started
from gateway.model import Status
from gateway.store import messages
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
    told = await api.call("GET", "/v1/events/history?types=message.*&limit=200")
    assert {each["type"] for each in told.body["items"]} == {"message.cancelled"}
    assert {each["detail"] for each in told.body["items"]} == {"caller"}


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
    database = api.daemon.store.database
    idents = {}
    for status in ("released", "cancelled", "held"):
        made = await api.call("POST", "/v1/batches", batch(CONSENTED))
        idents[status] = made.body["id"]
    for status, ident in idents.items():
        await database.write(lambda c, i=ident, s=status: messages.amend_batch(c, i, status=s))
    now = utc_now()
    await database.write(lambda c: batch_progress.align(c, idents["released"], now, 10))
    await database.write(lambda c: batch_progress.align(c, idents["cancelled"], now, 10))
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
