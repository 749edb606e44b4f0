"""Text without a template: asked for by few, read by a second person, decided anew when it goes (3.3)."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from gateway.records import KeyKind
from gateway.store import audit
from tests.api.conftest import CONSENTED, STRANGER, Answer, Api
from tests.system.site import message

TEXT = "The gate is open from 8:15 this week."
SENT = f"KRS Education Ltd: {TEXT} Reply STOP to opt out."


def free(to: str, words: str = TEXT, **more: object) -> dict[str, Any]:
    return {"to": to, "text": words, "purpose": "event_notice"} | more


@pytest.fixture
async def writer(api: Api) -> str:
    """Somebody who may write freely; return the name of their key."""
    access = api.daemon.use_cases.access
    await access.add_person("writer", "Writer", ("free_text_sender",), by="test")
    await access.acknowledge("writer", by="test")
    return await api.key("writer")


async def held(api: Api, writer: str, **more: object) -> tuple[str, str]:
    """Hand a text in; return the ids of the message and of the question about it."""
    answer = await api.call("POST", "/v1/messages", free(CONSENTED[0], **more), who=writer)
    assert (answer.status, answer.body["status"], answer.body["hold_reason"]) == (202, "held", "approval")
    (waiting,) = (await api.call("GET", "/v1/approvals", who="head")).body["items"]
    assert (waiting["kind"], waiting["target"]) == ("message", answer.body["id"])
    return answer.body["id"], waiting["id"]


async def decide(api: Api, ident: str, verb: str = "approve") -> Answer:
    body = {} if verb == "refuse" else None
    return await api.call("POST", f"/v1/approvals/{ident}/{verb}", body, who="head")


async def status(api: Api, writer: str, ident: str) -> tuple[str, str | None, str | None]:
    shown = (await api.call("GET", f"/v1/messages/{ident}", who=writer)).body
    return shown["status"], shown["hold_reason"], shown["cancel_reason"]


async def test_who_may_only_use_templates_is_refused(api: Api) -> None:
    answer = await api.call("POST", "/v1/messages", free(CONSENTED[0]))
    assert answer.status == 403
    codes = {reason["code"] for reason in answer.body["reasons"]}
    assert codes == {
        "NOT_AUTHORISED_SENDER",
        "APPROVAL_REQUIRED",
    }  # the key has every scope, the role is missing


async def test_the_second_person_sees_the_text_and_lets_it_go(api: Api, writer: str) -> None:
    ident, waiting = await held(api, writer)
    shown = (await api.call("GET", f"/v1/approvals/{waiting}", who="head")).body
    assert shown["content"] == {"text": SENT, "to": "…000", "purpose": "event_notice", "template": "none"}
    assert CONSENTED[0] not in str(shown)
    own = await api.call("POST", f"/v1/approvals/{waiting}/approve", who=writer)
    own.is_problem(403, "SCOPE_MISSING")
    assert (await decide(api, waiting)).body["outcome"] == "approved"
    assert await status(api, writer, ident) == ("queued", None, None)
    why = (await api.call("GET", f"/v1/messages/{ident}/why", who=writer)).body["items"]
    assert [(each["actor"], each["action"], each["outcome"]) for each in why] == [
        ("writer", "submit", "HOLD"),
        ("head", "release", "ALLOW"),
    ]


async def test_what_is_refused_is_never_sent(api: Api, writer: str) -> None:
    ident, waiting = await held(api, writer)
    assert (await decide(api, waiting, "refuse")).body["outcome"] == "refused"
    assert await status(api, writer, ident) == ("cancelled", None, "policy")
    (await decide(api, waiting)).is_problem(409, "APPROVAL_DECIDED")


async def test_an_opt_out_in_between_wins_over_the_approval(api: Api, writer: str) -> None:
    ident, waiting = await held(api, writer)
    await api.call("POST", "/v1/opt-outs", {"number": CONSENTED[0]})
    assert await status(api, writer, ident) == ("cancelled", None, "opted_out")
    (await decide(api, waiting)).is_problem(409, "APPROVAL_VOID")


async def test_the_policy_is_asked_again_and_its_refusal_ends_the_message(api: Api, writer: str) -> None:
    ident, waiting = await held(api, writer)
    await api.daemon.use_cases.access.revoke_role("writer", "free_text_sender", by="test")
    answer = await decide(api, waiting)
    answer.is_problem(403, "NOT_AUTHORISED_SENDER")
    assert (await api.call("GET", f"/v1/approvals/{waiting}", who="head")).body["outcome"] == "void"
    rows = await api.daemon.store.database.read(lambda c: audit.of_target(c, ident))
    assert [row["outcome"] for row in rows if row["action"] == "release"] == ["DENY"]
    await api.daemon.use_cases.access.grant("writer", "free_text_sender", by="test")
    assert await status(api, writer, ident) == ("cancelled", None, "policy")


async def test_a_refusal_for_now_leaves_the_question_open(api: Api, writer: str) -> None:
    ident, waiting = await held(api, writer)
    desk = api.daemon.use_cases.outbound.desk
    in_date = desk.settings
    long_ago = in_date.review.model_copy(update={"last_reviewed": date(2020, 1, 1), "overdue": "block_all"})
    desk.settings = in_date.model_copy(update={"review": long_ago})
    (await decide(api, waiting)).is_problem(503, "POLICY_REVIEW_OVERDUE")
    assert await status(api, writer, ident) == ("held", "approval", None)
    desk.settings = in_date
    assert (await decide(api, waiting)).body["outcome"] == "approved"
    assert await status(api, writer, ident) == ("queued", None, None)


async def test_its_question_ends_when_the_message_does(api: Api, writer: str) -> None:
    ident, _ = await held(api, writer, validity=3600)
    (waiting,) = (await api.call("GET", "/v1/approvals", who="head")).body["items"]
    shown = (await api.call("GET", f"/v1/messages/{ident}", who=writer)).body
    assert waiting["expires_at"] == shown["expires_at"]
    assert (await api.call("DELETE", f"/v1/messages/{ident}", who=writer)).status == 204
    assert (await api.call("GET", "/v1/approvals", who="head")).body["items"] == []


async def test_what_is_neither_template_nor_text_is_named(api: Api) -> None:
    cases: list[tuple[dict[str, Any], str]] = [
        ({"to": CONSENTED[0]}, "template"),
        (message(CONSENTED[0], text=TEXT), "template"),
        ({"to": CONSENTED[0], "text": TEXT}, "purpose"),
        (free(CONSENTED[0], slots={"day": "Friday"}), "slots"),
        (free(CONSENTED[0], "x" * 613), "text"),
    ]
    for body, field in cases:
        answer = await api.call("POST", "/v1/messages", body)
        answer.is_problem(422, "INVALID")
        assert field in answer.faults(), body


async def test_a_refusal_is_nobodys_to_approve(api: Api, writer: str) -> None:
    for to, words, code in (
        (STRANGER, TEXT, "CONSENT_MISSING"),
        (CONSENTED[0], "Your son has been excluded for fighting.", "CONTENT_SENSITIVE"),
        (CONSENTED[0], "Come now!!!", "TONE_REJECTED"),
    ):
        answer = await api.call("POST", "/v1/messages", free(to, words), who=writer)
        assert code in {reason["code"] for reason in answer.body["reasons"]}
        assert answer.status >= 400
    assert (await api.call("GET", "/v1/approvals", who="head")).body["items"] == []


async def test_3_2_what_a_test_key_wrote_is_delivered_to_nobody_once_it_is_let_go(
    api: Api, writer: str
) -> None:
    """There is no modem here, and it needs none."""
    test_key = await api.key("writer", kind=KeyKind.TEST)
    ident, waiting = await held(api, test_key)
    assert (await decide(api, waiting)).body["outcome"] == "approved"
    assert await status(api, writer, ident) == ("delivered", None, None)
    told = await api.call("GET", "/v1/events/history?types=message.*", who=writer)
    assert [each["type"] for each in told.body["items"] if each["subject"] == ident][
        -1
    ] == "message.delivered"
