"""Batches, opt-outs, holds, consents and templates over HTTP."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from gateway.clock import utc_now
from gateway.ids import new_id
from gateway.store import load_key_file, recipients
from tests.api.conftest import CONSENTED, STRANGER, Api, batch
from tests.system.site import message

CSV = "number,purposes,method,wording,evidence,given_at\n"


def consent(number: str, **more: object) -> dict[str, Any]:
    given = (utc_now() - timedelta(days=1)).isoformat()
    return {
        "number": number,
        "purposes": ["event_notice"],
        "method": "paper_form",
        "wording": "2026-09",
        "evidence": "form in the office",
        "given_at": given,
    } | more


async def test_a_batch_answers_for_each_recipient_in_order(api: Api) -> None:
    answer = await api.call("POST", "/v1/batches", batch([CONSENTED[0], STRANGER, CONSENTED[1]]))
    assert answer.status == 202
    assert (answer.body["status"], answer.body["accepted"], answer.body["refused"]) == ("released", 2, 1)
    results = answer.body["results"]
    assert [(each["position"], each["status"]) for each in results] == [
        (0, "queued"),
        (1, "refused"),
        (2, "queued"),
    ]
    assert results[1]["reasons"][0]["code"] == "CONSENT_MISSING"
    assert results[1]["id"] is None
    shown = (await api.call("GET", f"/v1/messages/{results[2]['id']}")).body
    assert (shown["to"], shown["batch_id"]) == (CONSENTED[1], answer.body["id"])


async def test_slots_of_a_recipient_go_before_those_of_the_batch(api: Api) -> None:
    body = batch([CONSENTED[0]])
    body["recipients"].append({"to": CONSENTED[1], "slots": {"day": "Monday"}, "reference": "two"})
    results = (await api.call("POST", "/v1/batches", body)).body["results"]
    texts = [(await api.call("GET", f"/v1/messages/{each['id']}")).body for each in results]
    assert ["Friday" in texts[0]["text"], "Monday" in texts[1]["text"]] == [True, True]
    assert texts[1]["reference"] == "two"


async def test_a_large_batch_waits_for_a_second_person(api: Api) -> None:
    posted = (await api.call("POST", "/v1/batches", batch(CONSENTED))).body
    assert (posted["status"], posted["accepted"]) == ("held", len(CONSENTED))
    path = f"/v1/batches/{posted['id']}"
    assert (await api.call("GET", path)).body["messages"] == {"held": len(CONSENTED)}
    (await api.call("POST", f"{path}/approve")).is_problem(403, "SCOPE_MISSING")
    approved = await api.call("POST", f"{path}/approve", who="head")
    assert (approved.status, approved.body["status"]) == (200, "released")
    (await api.call("POST", f"{path}/approve", who="head")).is_problem(409, "NOT_HELD")


async def test_who_sent_a_batch_cannot_approve_it(api: Api) -> None:
    await api.daemon.use_cases.access.grant("office", "approver", by="test")
    posted = (await api.call("POST", "/v1/batches", batch(CONSENTED))).body
    answer = await api.call("POST", f"/v1/batches/{posted['id']}/approve", {})
    answer.is_problem(409, "SECOND_PERSON_REQUIRED")
    assert answer.body["clause"] == "3.3"


async def test_a_repeated_batch_gets_the_same_answer(api: Api) -> None:
    body, key = batch([CONSENTED[0], STRANGER]), {"Idempotency-Key": "b"}
    first = await api.call("POST", "/v1/batches", body, headers=key)
    again = await api.call("POST", "/v1/batches", body, headers=key)
    assert (again.status, again.body) == (202, first.body)
    assert again.headers["Idempotency-Replayed"] == "true"
    other = await api.call("POST", "/v1/batches", batch([CONSENTED[1]]), headers=key)
    other.is_problem(409, "IDEMPOTENCY_CONFLICT")
    assert len((await api.call("GET", "/v1/messages")).body["items"]) == 1


async def test_the_same_batch_twice_at_once_is_sent_once(api: Api) -> None:
    key = {"Idempotency-Key": "b"}
    posts = (api.call("POST", "/v1/batches", batch(CONSENTED[:5]), headers=key) for _ in range(3))
    answers = await asyncio.gather(*posts)
    assert {answer.status for answer in answers} == {202}
    assert len({answer.body["id"] for answer in answers}) == 1
    queued = (await api.call("GET", "/v1/messages?status=queued")).body["items"]
    assert sorted(each["to"] for each in queued) == CONSENTED[:5]


async def test_a_batch_can_be_cancelled(api: Api) -> None:
    posted = (await api.call("POST", "/v1/batches", batch(CONSENTED))).body
    answer = await api.call("DELETE", f"/v1/batches/{posted['id']}")
    assert answer.body["messages"] == {"cancelled": len(CONSENTED)}


async def test_an_opt_out_by_staff_is_in_force_at_once(api: Api) -> None:
    waiting = (await api.call("POST", "/v1/messages", message(CONSENTED[0]))).body["id"]
    made = await api.call("POST", "/v1/opt-outs", {"number": CONSENTED[0]})
    assert (made.status, made.body["source"], made.body["made_by"]) == (201, "staff", "office")
    assert (await api.call("GET", f"/v1/messages/{waiting}")).body["cancel_reason"] == "opted_out"
    refused = await api.call("POST", "/v1/messages", message(CONSENTED[0]))
    refused.is_problem(409, "RECIPIENT_OPTED_OUT")
    assert refused.body["clause"] == "6.2"
    for written in (CONSENTED[0].replace("+", "%2B"), CONSENTED[0], "07700 900000"):
        found = (await api.call("GET", f"/v1/opt-outs?number={written}")).body["items"]
        assert [each["id"] for each in found] == [made.body["id"]], written
    assert CONSENTED[0] not in made.raw.decode()


async def test_an_opt_out_of_what_is_no_number_or_topic_is_told(api: Api) -> None:
    bad = await api.call("POST", "/v1/opt-outs", {"number": "mum"})
    assert list(bad.faults()) == ["number"]
    topic = await api.call("POST", "/v1/opt-outs", {"number": CONSENTED[0], "topic": "nothing"})
    assert list(topic.faults()) == ["topic"]


@pytest.mark.parametrize(("outcome", "then"), [("opt_out", 409), ("not_an_opt_out", 202)])
async def test_a_hold_is_resolved_by_a_person(api: Api, outcome: str, then: int) -> None:
    now, keyring = utc_now(), load_key_file(api.directory / "schoolgate.keys")
    ident, index = new_id("hld", now), keyring.index(CONSENTED[0])
    await api.daemon.store.database.write(
        lambda c: recipients.hold(c, now, ident=ident, number_index=index, inbox_id=new_id("inb", now))
    )
    assert [each["id"] for each in (await api.call("GET", "/v1/opt-outs/holds")).body["items"]] == [ident]
    (await api.call("POST", "/v1/messages", message(CONSENTED[0]))).is_problem(409, "RECIPIENT_ON_HOLD")
    path = f"/v1/opt-outs/holds/{ident}"
    (await api.call("POST", path, {"outcome": "perhaps"})).is_problem(422, "INVALID")
    assert (await api.call("POST", path, {"outcome": outcome})).status == 204
    (await api.call("POST", path, {"outcome": outcome})).is_problem(404, "NOT_FOUND")
    assert (await api.call("POST", "/v1/messages", message(CONSENTED[0]))).status == then


async def test_a_consent_opens_the_way_and_its_withdrawal_closes_it(api: Api) -> None:
    made = await api.call("POST", "/v1/consents", consent(STRANGER))
    assert made.status == 201
    (on_record,) = made.body["items"]
    assert (on_record["purpose"], on_record["recorded_by"]) == ("event_notice", "office")
    assert (await api.call("POST", "/v1/messages", message(STRANGER))).status == 202
    gone = await api.call("DELETE", f"/v1/consents/{on_record['id']}")
    assert (gone.status, gone.body["withdrawn_at"] is not None) == (200, True)
    assert (await api.call("POST", "/v1/messages", message(STRANGER))).status == 409


async def test_consents_are_listed_by_page_and_number(api: Api) -> None:
    seen, address = set(), "/v1/consents?limit=10"
    while address is not None:
        page = (await api.call("GET", address)).body
        seen |= {each["number"] for each in page["items"]}
        address = page["links"]["next"]
    assert seen == set(CONSENTED)
    one = (await api.call("GET", "/v1/consents", params={"number": CONSENTED[3]})).body["items"]
    assert [each["number"] for each in one] == [CONSENTED[3]]


async def test_a_consent_without_evidence_is_refused_field_by_field(api: Api) -> None:
    body = consent(STRANGER, evidence="", purposes=[], method="guess", given_at="yesterday")
    faults = (await api.call("POST", "/v1/consents", body)).faults()
    assert set(faults) == {"evidence", "purposes", "method", "given_at"}
    future = (utc_now() + timedelta(days=1)).isoformat()
    late = await api.call("POST", "/v1/consents", consent("0", given_at=future, purposes=["gossip"]))
    assert set(late.faults()) == {"number", "given_at", "purposes"}


async def test_nobody_is_asked_to_confirm_where_the_policy_names_no_template(api: Api) -> None:
    asked = await api.call("POST", "/v1/opt-ins", consent(STRANGER, method="web_form"))
    asked.is_problem(409, "CONFIRMATION_OFF")
    assert (await api.call("GET", "/v1/consents", params={"number": STRANGER})).body["items"] == []


async def test_a_list_of_consents_is_taken_whole(api: Api) -> None:
    await api.call("POST", "/v1/opt-outs", {"number": STRANGER})
    rows = "".join(
        f"{number},event_notice,paper_form,2026-09,form,2026-09-01\n" for number in (STRANGER, CONSENTED[0])
    )
    answer = await api.post_raw("/v1/consents/import", (CSV + rows).encode(), "text/csv")
    assert (answer.status, answer.body["imported"], answer.body["suppressed"]) == (201, 2, 1)
    assert answer.body["lines"] == [
        {"line": 2, "consents": 1, "opted_out": True},
        {"line": 3, "consents": 1, "opted_out": False},
    ]
    (await api.call("POST", "/v1/messages", message(STRANGER))).is_problem(409, "RECIPIENT_OPTED_OUT")


async def test_a_list_with_faults_is_refused_whole_with_each_line(api: Api) -> None:
    rows = (
        f"{STRANGER},event_notice,paper_form,2026-09,form,2026-09-01\n1,gossip,paper_form,2026-09,form,soon\n"
    )
    answer = await api.post_raw("/v1/consents/import", (CSV + rows).encode(), "text/csv; charset=UTF-8")
    answer.is_problem(422, "INVALID")
    assert set(answer.faults()) == {"line 3: number", "line 3: purposes", "line 3: given_at"}
    found = await api.call("GET", "/v1/consents", params={"number": STRANGER})
    assert found.body["items"] == []


async def test_a_list_that_is_not_utf_8_or_not_csv_is_refused(api: Api) -> None:
    latin = await api.post_raw("/v1/consents/import", CSV.encode() + b"M\xfcller,\n", "text/csv")
    latin.is_problem(400, "MALFORMED_BODY")
    assert "line 2" in latin.body["detail"]
    (await api.call("POST", "/v1/consents/import", {})).is_problem(415, "UNSUPPORTED_MEDIA_TYPE")


async def test_a_template_needs_two_people_and_replaces_the_version_before(api: Api) -> None:
    body = {
        "name": "trip",
        "purpose": "event_notice",
        "body": "Our trip is on {day}.",
        "slots": {"day": {"type": "choice", "choices": ["Friday"]}},
    }
    draft = await api.call("POST", "/v1/templates", body, who="author")
    assert (draft.status, draft.body["version"], draft.body["status"]) == (201, 2, "draft")
    path = f"/v1/templates/{draft.body['id']}"
    (await api.call("POST", f"{path}/approve", who="author")).is_problem(403, "SCOPE_MISSING")
    approved = await api.call("POST", f"{path}/approve", who="head")
    assert (approved.body["status"], approved.body["approver"]) == ("approved", "head")
    (await api.call("POST", f"{path}/approve", who="head")).is_problem(409, "NOT_A_DRAFT")
    listed = (await api.call("GET", "/v1/templates?name=trip&status=retired")).body["items"]
    assert [each["version"] for each in listed] == [1]
    assert (await api.call("POST", f"{path}/retire", who="head")).body["status"] == "retired"
    assert (await api.call("GET", path)).body["status"] == "retired"
    (await api.call("POST", "/v1/messages", message(CONSENTED[0]))).is_problem(409, "TEMPLATE_NOT_APPROVED")


async def test_an_unsound_template_is_refused_with_every_fault(api: Api) -> None:
    body = {"name": "x", "purpose": "gossip", "body": "On {day}", "slots": {"hour": {"type": "clock"}}}
    faults = (await api.call("POST", "/v1/templates", body, who="author")).faults()
    assert {"purpose", "body", "slots.hour"} <= set(faults)


@pytest.mark.parametrize("path", ["/v1/inbox", "/v1/inbox/quarantine"])
async def test_an_empty_inbox_is_an_empty_list(api: Api, path: str) -> None:
    answer = await api.call("GET", path)
    assert (answer.status, answer.body) == (200, {"items": [], "links": {"next": None}})


@pytest.mark.parametrize(
    ("method", "path", "who"),
    [
        ("GET", "/v1/messages/{}", "office"),
        ("GET", "/v1/batches/{}", "office"),
        ("POST", "/v1/batches/{}/approve", "head"),
        ("DELETE", "/v1/consents/{}", "office"),
        ("GET", "/v1/templates/{}", "author"),
        ("POST", "/v1/templates/{}/retire", "head"),
    ],
)
async def test_what_is_not_there_is_404(api: Api, method: str, path: str, who: str) -> None:
    answer = await api.call(method, path.format("msg_" + "0" * 26), who=who)
    answer.is_problem(404, "NOT_FOUND")
