"""8.1 and 8.2 over HTTP: the switch for everybody, and the ledger that suspends one person's sending."""

from __future__ import annotations

from typing import Any

from gateway.records import KeyKind
from tests.api.conftest import Answer, Api
from tests.system.site import SLOTS, message, number

WRONG = {"purpose": "appointment"}  # nobody here has agreed to that: 4.1
JUDGED = {"person": "office", "outcome": "coaching", "note": "a template for another purpose was chosen"}


async def refused(api: Api, **more: Any) -> Answer:
    answer = await api.call("POST", "/v1/messages", message(number(1), **WRONG), **more)
    assert answer.status in (403, 409), answer.body
    return answer


async def ledger(api: Api) -> Any:
    answer = await api.call("GET", "/v1/violations", who="head")
    assert answer.status == 200, answer.body
    return answer.body["items"]


async def test_8_2_three_refusals_suspend_the_persons_sending_until_somebody_else_decides(api: Api) -> None:
    for _ in range(3):
        await refused(api)
    first = (await ledger(api))[-1]
    assert (first["person"], first["clauses"], first["codes"]) == ("office", ["4.1"], ["CONSENT_MISSING"])
    assert first["suspended_since"] is not None
    answer = await api.call("POST", "/v1/messages", message(number(1)))
    answer.is_problem(403, "NOT_AUTHORISED_SENDER")
    assert answer.body["clause"] == "8.2"
    assert (await api.call("GET", "/v1/messages")).status == 200  # the person is not suspended
    own = await api.call("POST", "/v1/violations/decisions", JUDGED)
    own.is_problem(409, "SECOND_PERSON_REQUIRED")
    decided = await api.call("POST", "/v1/violations/decisions", JUDGED, who="head")
    assert {(v["outcome"], v["decided_by"]) for v in decided.body["items"]} == {("coaching", "head")}
    assert (await api.call("POST", "/v1/messages", message(number(1)))).status == 202
    again = await api.call("POST", "/v1/violations/decisions", JUDGED, who="head")
    again.is_problem(409, "NOTHING_TO_DECIDE")
    await refused(api)  # what was decided does not count again
    assert (await api.call("POST", "/v1/messages", message(number(1)))).status == 202


async def test_8_2_dry_runs_and_test_keys_do_not_count_and_a_batch_counts_once(api: Api) -> None:
    test_key = await api.key("office", kind=KeyKind.TEST)
    for _ in range(3):
        await api.call("POST", "/v1/messages/check", message(number(1), **WRONG))
        await refused(api, who=test_key)
    assert await ledger(api) == []
    body = {"template": "trip", "slots": SLOTS, "recipients": [{"to": number(i)} for i in range(5)], **WRONG}
    assert (await api.call("POST", "/v1/batches", body)).body["refused"] == 5
    (entry,) = await ledger(api)
    assert (entry["recipients"], entry["suspended_since"]) == (5, None)
    assert entry["target"].startswith("bat_")


async def test_8_2_a_judgement_names_one_of_the_outcomes_and_what_it_rests_on(api: Api) -> None:
    answer = await api.call(
        "POST", "/v1/violations/decisions", JUDGED | {"outcome": "dismissal", "note": ""}, who="head"
    )
    assert answer.faults().keys() == {"outcome", "note"}
    missing = await api.call("POST", "/v1/violations/decisions", JUDGED | {"person": "nobody"}, who="head")
    missing.is_problem(404, "NOT_FOUND")


async def test_8_1_a_suspended_gateway_takes_in_no_message_and_no_batch(api: Api) -> None:
    why = {"reason": "a wrong list"}
    assert (await api.call("POST", "/v1/sending/suspend", why)).status == 200
    body = {"template": "trip", "slots": SLOTS, "recipients": [{"to": number(i)} for i in range(3)]}
    for path, given in (("/v1/messages", message(number(1))), ("/v1/batches", body)):
        answer = await api.call("POST", path, given)
        answer.is_problem(503, "SENDING_SUSPENDED")
        assert answer.body["clause"] == "8.1"
    ready = await api.call("GET", "/readyz", who=None)
    assert any(reason.startswith("sending is suspended since") for reason in ready.body["reasons"])
    assert "wrong list" not in ready.raw.decode()  # why is not for everybody
    assert "SENDING IS SUSPENDED" in api.daemon.watchdog.status()
    again = await api.call("POST", "/v1/sending/suspend", {"reason": "twice"}, who="head")
    assert again.body["reason"] == "a wrong list"
    (await api.call("POST", "/v1/sending/resume", why)).is_problem(403, "SCOPE_MISSING")
    assert (await api.call("POST", "/v1/sending/resume", why, who="head")).status == 200
    assert (await api.call("POST", "/v1/messages", message(number(1)))).status == 202
    shown = (await api.call("GET", "/v1/sending")).body
    assert (shown["suspended"], len(shown["stops"]), shown["stops"][0]["ended_by"]) == (False, 1, "head")


async def test_8_1_and_8_2_the_compliance_status_says_what_is_to_be_done(api: Api) -> None:
    async def said(clause: str) -> list[tuple[str, str]]:
        answer = await api.call("GET", "/v1/compliance", who="head")
        return [(f["state"], f["says"]) for f in answer.body["findings"] if f["clause"] == clause]

    assert await said("8.1") == [("kept", "Sending goes on.")]
    assert await said("8.2") == [("kept", "There is no violation to decide on.")]
    await refused(api)
    assert await said("8.2") == [("attention", "Violations that nobody has decided on: office.")]
    for _ in range(2):
        await refused(api)
    assert await said("8.2") == [("attention", "Suspended until somebody else has decided: office.")]
    await api.call("POST", "/v1/sending/suspend", {"reason": "x"}, who="head")
    ((state, says),) = await said("8.1")
    assert (state, says.startswith("All sending is suspended since")) == ("attention", True)
