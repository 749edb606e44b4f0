"""One message: accepted or refused, repeated, listed, explained, cancelled."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from api.codes import STATUS
from gateway.clock import utc_now
from gateway.records import KeyKind
from tests.api.conftest import CONSENTED, STRANGER, Api
from tests.system.site import SLOTS, message


def keyed(key: str) -> dict[str, str]:
    return {"Idempotency-Key": key}


async def test_an_accepted_message_can_be_looked_at(api: Api) -> None:
    accepted = await api.call("POST", "/v1/messages", message(CONSENTED[0], reference="trip 7b"))
    assert accepted.status == 202
    ident = accepted.body["id"]
    expected = {"id": ident, "status": "queued", "hold_reason": None, "parts": 1, "language": "en"}
    assert accepted.body == expected
    shown = (await api.call("GET", f"/v1/messages/{ident}")).body
    assert (shown["to"], shown["reference"], shown["status"]) == (CONSENTED[0], "trip 7b", "queued")
    assert shown["text"].endswith("Reply STOP to opt out.")
    assert [part["status"] for part in shown["parts"]] == ["queued"]


async def test_a_refusal_has_every_reason_with_its_clause_and_neither_text_nor_number(api: Api) -> None:
    body = message(STRANGER, slots=SLOTS | {"day": "Doomsday"})
    answer = await api.call("POST", "/v1/messages", body)
    reasons = {reason["code"]: reason for reason in answer.body["reasons"]}
    assert {"CONSENT_MISSING", "SLOT_INVALID"} <= reasons.keys()
    assert reasons["SLOT_INVALID"]["field"] == "slots.day"
    assert all(reason["clause"] and reason["message"] for reason in reasons.values())
    first = answer.body["reasons"][0]
    answer.is_problem(STATUS[first["code"]], first["code"])
    assert answer.body["clause"] == first["clause"]
    assert b"Doomsday" not in answer.raw
    assert STRANGER.removeprefix("+44").encode() not in answer.raw


async def test_a_refused_message_is_not_there(api: Api) -> None:
    await api.call("POST", "/v1/messages", message(STRANGER))
    assert (await api.call("GET", "/v1/messages")).body["items"] == []


async def test_the_same_key_gives_the_same_answer_and_no_second_message(api: Api) -> None:
    body = message(CONSENTED[0])
    first = await api.call("POST", "/v1/messages", body, headers=keyed("k-1"))
    again = await api.call("POST", "/v1/messages", body, headers=keyed("k-1"))
    assert (first.status, again.status, again.body) == (202, 202, first.body)
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    assert len((await api.call("GET", "/v1/messages")).body["items"]) == 1


async def test_a_key_at_the_same_time_from_many_makes_one_message(api: Api) -> None:
    posts = (api.call("POST", "/v1/messages", message(CONSENTED[0]), headers=keyed("k")) for _ in range(16))
    answers = await asyncio.gather(*posts)
    assert {answer.status for answer in answers} == {202}
    assert len({answer.body["id"] for answer in answers}) == 1
    assert sum("Idempotency-Replayed" not in answer.headers for answer in answers) == 1


async def test_the_same_key_with_another_body_is_a_conflict(api: Api) -> None:
    await api.call("POST", "/v1/messages", message(CONSENTED[0]), headers=keyed("k"))
    answer = await api.call("POST", "/v1/messages", message(CONSENTED[1]), headers=keyed("k"))
    answer.is_problem(409, "IDEMPOTENCY_CONFLICT")


async def test_an_idempotency_key_is_another_with_another_api_key(api: Api) -> None:
    other = await api.key("office")
    await api.call("POST", "/v1/messages", message(CONSENTED[0]), headers=keyed("k"))
    answer = await api.call("POST", "/v1/messages", message(CONSENTED[1]), headers=keyed("k"), who=other)
    assert answer.status == 202


async def test_an_idempotency_key_is_1_to_255_visible_characters(api: Api) -> None:
    longest = await api.call("POST", "/v1/messages", message(CONSENTED[0]), headers=keyed("k" * 255))
    assert longest.status == 202
    for bad in ("k" * 256, "", "a b", "schlüssel"):
        answer = await api.call("POST", "/v1/messages", message(CONSENTED[0]), headers=keyed(bad))
        answer.is_problem(422, "INVALID")
        assert list(answer.faults()) == ["Idempotency-Key"]


async def test_pages_follow_one_another_newest_first_without_gap_or_overlap(api: Api) -> None:
    posted = [(await api.call("POST", "/v1/messages", message(to))).body["id"] for to in CONSENTED[:7]]
    seen, address, sizes = [], "/v1/messages?limit=3&purpose=event_notice", []
    while address is not None:
        page = (await api.call("GET", address)).body
        sizes.append(len(page["items"]))
        seen += [item["id"] for item in page["items"]]
        address = page["links"]["next"]
    assert sizes == [3, 3, 1]
    assert sorted(seen, reverse=True) == seen
    assert set(seen) == set(posted)


async def test_a_listing_is_filtered_by_status_reference_purpose_and_time(api: Api) -> None:
    kept = (await api.call("POST", "/v1/messages", message(CONSENTED[0], reference="a"))).body["id"]
    gone = (await api.call("POST", "/v1/messages", message(CONSENTED[1], reference="b"))).body["id"]
    await api.call("DELETE", f"/v1/messages/{gone}")

    async def found(**query: str) -> set[str]:
        answer = await api.call("GET", "/v1/messages", params=query)
        assert answer.status == 200, answer.body
        return {item["id"] for item in answer.body["items"]}

    assert await found() == {kept, gone}
    assert await found(status="cancelled") == {gone}
    assert await found(reference="a") == {kept}
    assert await found(purpose="event_notice") == {kept, gone}
    assert await found(purpose="appointment") == set()
    second = await api.call("GET", f"/v1/messages/{gone}")
    assert await found(since=second.body["created_at"]) == {gone}
    assert await found(until=second.body["created_at"]) == {kept}
    late = (utc_now() + timedelta(hours=1)).isoformat()
    assert await found(since=late) == set()
    plus = await api.call("GET", f"/v1/messages?until={late}")  # "+" as it is, as many programs write it
    assert {item["id"] for item in plus.body["items"]} == {kept, gone}


async def test_what_is_not_in_doubt_cannot_be_settled(api: Api) -> None:
    ident = (await api.call("POST", "/v1/messages", message(CONSENTED[0]))).body["id"]
    settled = await api.call("POST", f"/v1/doubts/{ident}", {"outcome": "sent"})
    settled.is_problem(409, "NOT_IN_DOUBT")


async def test_messages_are_their_own_persons_only(api: Api) -> None:
    ident = (await api.call("POST", "/v1/messages", message(CONSENTED[0]))).body["id"]
    assert (await api.call("GET", "/v1/messages", who="head")).body["items"] == []
    (await api.call("GET", f"/v1/messages/{ident}", who="head")).is_problem(404, "NOT_FOUND")
    (await api.call("GET", f"/v1/messages/{ident}/why", who="head")).is_problem(404, "NOT_FOUND")


async def test_why_tells_each_decision_with_its_facts(api: Api) -> None:
    ident = (await api.call("POST", "/v1/messages", message(CONSENTED[0]))).body["id"]
    (decision,) = (await api.call("GET", f"/v1/messages/{ident}/why")).body["items"]
    assert (decision["action"], decision["outcome"], decision["actor"]) == ("submit", "ALLOW", "office")
    assert decision["detail"]["facts"]


async def test_what_waits_can_be_cancelled_once(api: Api) -> None:
    ident = (await api.call("POST", "/v1/messages", message(CONSENTED[0]))).body["id"]
    answer = await api.call("DELETE", f"/v1/messages/{ident}")
    assert (answer.status, answer.raw) == (204, b"")
    assert (await api.call("GET", f"/v1/messages/{ident}")).body["cancel_reason"] == "caller"
    (await api.call("DELETE", f"/v1/messages/{ident}")).is_problem(409, "NOT_CANCELLABLE")


async def test_a_check_says_all_and_keeps_nothing(api: Api) -> None:
    good = (await api.call("POST", "/v1/messages/check", message(CONSENTED[0]))).body
    assert (good["outcome"], good["reasons"], good["parts"], good["alphabet"]) == ("ALLOW", [], 1, "gsm7")
    bad = await api.call("POST", "/v1/messages/check", message(STRANGER))
    assert (bad.status, bad.body["outcome"]) == (200, "DENY")
    assert "CONSENT_MISSING" in {reason["code"] for reason in bad.body["reasons"]}
    assert (await api.call("GET", "/v1/messages")).body["items"] == []


async def test_a_later_time_schedules(api: Api) -> None:
    later = (utc_now() + timedelta(hours=2)).isoformat()
    body = message(CONSENTED[0], not_before=later, validity=3600, priority="high", on_doubt="ask")
    answer = await api.call("POST", "/v1/messages", body)
    assert (answer.status, answer.body["status"]) == (202, "scheduled")
    shown = (await api.call("GET", f"/v1/messages/{answer.body['id']}")).body
    assert shown["not_before"] < shown["expires_at"]


async def test_a_test_key_gets_the_same_answers_and_sends_nothing(api: Api) -> None:
    token = await api.key("office", kind=KeyKind.TEST)
    answer = await api.call("POST", "/v1/messages", message(CONSENTED[0]), who=token)
    assert (answer.status, answer.body["status"]) == (202, "delivered")
