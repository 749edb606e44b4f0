"""What waits for a second person: one list, decided once, by somebody else, and only as it was (3.3)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import delete, update

from gateway.clock import utc_now
from gateway.store import audit
from gateway.store.schema import approval, template
from tests.api.conftest import CONSENTED, Api, batch

WORDING = {"name": "closure", "purpose": "important_info", "body": "The school is closed today."}


async def open_ones(api: Api, who: str) -> list[dict[str, Any]]:
    return list((await api.call("GET", "/v1/approvals", who=who)).body["items"])


async def asked(api: Api) -> tuple[str, str]:
    """Draft a template; return its id and that of the question about it."""
    made = await api.call("POST", "/v1/templates", WORDING, who="author")
    (waiting,) = await open_ones(api, "head")
    assert (waiting["kind"], waiting["target"], waiting["outcome"]) == ("template", made.body["id"], None)
    return made.body["id"], waiting["id"]


async def test_a_template_and_a_batch_are_in_one_list_and_are_approved_there(api: Api) -> None:
    drafted, _ = await asked(api)
    held = (await api.call("POST", "/v1/batches", batch(CONSENTED))).body["id"]
    waiting = {each["kind"]: each for each in await open_ones(api, "head")}
    assert {kind: each["target"] for kind, each in waiting.items()} == {"batch": held, "template": drafted}
    for each in waiting.values():
        shown = await api.call("GET", f"/v1/approvals/{each['id']}", who="head")
        assert any("closed today" in text or "museum" in text for text in shown.body["content"].values())
        done = await api.call("POST", f"/v1/approvals/{each['id']}/approve", who="head")
        assert (done.status, done.body["outcome"], done.body["decided_by"]) == (200, "approved", "head")
        again = await api.call("POST", f"/v1/approvals/{each['id']}/approve", who="head")
        again.is_problem(409, "APPROVAL_DECIDED")
    assert (await api.call("GET", f"/v1/templates/{drafted}", who="author")).body["status"] == "approved"
    assert (await api.call("GET", f"/v1/batches/{held}")).body["messages"] == {"queued": len(CONSENTED)}
    assert await open_ones(api, "head") == []
    past = await api.call("GET", "/v1/approvals?outcome=approved&limit=1", who="head")
    assert [each["target"] for each in past.body["items"]] == [held]
    rest = await api.call("GET", past.body["links"]["next"], who="head")
    assert [each["target"] for each in rest.body["items"]] == [drafted]


async def test_what_is_approved_by_its_own_address_is_decided_in_the_list_too(api: Api) -> None:
    drafted, ident = await asked(api)
    assert (await api.call("POST", f"/v1/templates/{drafted}/approve", who="head")).status == 200
    shown = await api.call("GET", f"/v1/approvals/{ident}", who="head")
    assert (shown.body["outcome"], shown.body["content"]) == ("approved", {})
    told = await api.call("GET", "/v1/events/history?types=approval.*", who="head")
    found = [(each["type"], each["subject"], each["detail"]) for each in told.body["items"]]
    assert [each for each in found if each[1] == ident] == [
        ("approval.requested", ident, "template"),
        ("approval.decided", ident, "approved"),
    ]


async def test_who_asked_sees_it_and_cannot_approve_it_but_can_take_it_back(api: Api) -> None:
    access = api.daemon.use_cases.access
    await access.grant("author", "approver", by="test")
    drafted, ident = await asked(api)
    assert [each["id"] for each in await open_ones(api, "author")] == [ident]
    own = await api.call("POST", f"/v1/approvals/{ident}/approve", who="author")
    own.is_problem(409, "SECOND_PERSON_REQUIRED")
    await access.revoke_role("author", "approver", by="test")
    mine = await api.call("POST", f"/v1/approvals/{ident}/approve", who="author")
    mine.is_problem(403, "SCOPE_MISSING")
    back = await api.call("POST", f"/v1/approvals/{ident}/refuse", {"reason": "not yet"}, who="author")
    assert (back.body["outcome"], back.body["reason"]) == ("refused", "not yet")
    assert (await api.call("GET", f"/v1/templates/{drafted}", who="author")).body["status"] == "retired"


async def test_what_is_nobodys_to_decide_is_not_shown(api: Api) -> None:
    _, ident = await asked(api)
    assert await open_ones(api, "office") == []
    for call in (("GET", ""), ("POST", "/approve"), ("POST", "/refuse")):
        body = {} if call[1] == "/refuse" else None
        answer = await api.call(call[0], f"/v1/approvals/{ident}{call[1]}", body)
        answer.is_problem(404, "NOT_FOUND")


async def test_a_refused_batch_sends_nothing_and_its_sender_learns_why(api: Api) -> None:
    held = (await api.call("POST", "/v1/batches", batch(CONSENTED))).body["id"]
    (waiting,) = await open_ones(api, "head")
    path = f"/v1/approvals/{waiting['id']}"
    refused = await api.call("POST", path + "/refuse", {"reason": "wrong day"}, who="head")
    assert refused.body["outcome"] == "refused"
    assert (await api.call("GET", f"/v1/batches/{held}")).body["messages"] == {"cancelled": len(CONSENTED)}
    assert (await api.call("GET", path)).body["reason"] == "wrong day"
    (await api.call("POST", path + "/approve", who="head")).is_problem(409, "APPROVAL_DECIDED")
    raw = b"".join(each.read_bytes() for each in api.directory.glob("schoolgate.db*"))
    assert b"wrong day" not in raw


async def test_3_3_any_change_since_makes_an_approval_void(api: Api) -> None:
    drafted, ident = await asked(api)
    other = update(template).where(template.c.id == drafted).values(body="The school is open today.")
    await api.daemon.store.database.write(lambda c: c.execute(other) and None)
    assert await open_ones(api, "head") == []
    (await api.call("POST", f"/v1/approvals/{ident}/approve", who="head")).is_problem(409, "APPROVAL_VOID")
    assert (await api.call("GET", f"/v1/approvals/{ident}", who="head")).body["outcome"] == "void"
    assert (await api.call("GET", f"/v1/templates/{drafted}", who="author")).body["status"] == "retired"


async def test_3_3_nobody_approves_what_was_to_be_decided_before_now(api: Api) -> None:
    drafted, ident = await asked(api)
    held = (await api.call("POST", "/v1/batches", batch(CONSENTED))).body["id"]
    late = update(approval).values(expires_at=utc_now() - timedelta(seconds=1))
    await api.daemon.store.database.write(lambda c: c.execute(late) and None)
    assert await open_ones(api, "head") == []
    answer = await api.call("POST", f"/v1/approvals/{ident}/approve", who="head")
    answer.is_problem(409, "APPROVAL_EXPIRED")
    assert (await api.call("GET", f"/v1/templates/{drafted}", who="author")).body["status"] == "retired"
    await api.daemon.use_cases.approvals.expire()
    assert (await api.call("GET", f"/v1/batches/{held}")).body["messages"] == {"cancelled": len(CONSENTED)}
    over = await api.call("GET", "/v1/approvals?outcome=expired", who="head")
    assert {(each["target"], each["decided_by"]) for each in over.body["items"]} == {
        (drafted, None),
        (held, None),
    }


async def test_what_waited_before_there_were_questions_is_approved_at_its_own_address(api: Api) -> None:
    """Drafts and held batches of an older release have no question; approving them asks and answers it."""
    drafted, _ = await asked(api)
    held = (await api.call("POST", "/v1/batches", batch(CONSENTED))).body["id"]
    await api.daemon.store.database.write(lambda c: c.execute(delete(approval)) and None)
    own = await api.call("POST", f"/v1/batches/{held}/approve", who=await api.key("author"))
    own.is_problem(403, "SCOPE_MISSING")
    for path in (f"/v1/templates/{drafted}/approve", f"/v1/batches/{held}/approve"):
        assert (await api.call("POST", path, who="head")).status == 200
    past = (await api.call("GET", "/v1/approvals?outcome=approved", who="head")).body["items"]
    assert [(each["target"], each["requested_by"]) for each in past] == [
        (held, "office"),
        (drafted, "author"),
    ]


async def test_the_audit_log_has_who_asked_and_who_decided_and_no_reason(api: Api) -> None:
    _, ident = await asked(api)
    await api.call("POST", f"/v1/approvals/{ident}/refuse", {"reason": "wrong day"}, who="head")
    rows = await api.daemon.store.database.read(lambda c: audit.of_target(c, ident))
    assert [(row["actor"], row["action"], row["outcome"], list(row["clauses"])) for row in rows] == [
        ("author", "approval-requested", "pending", ["3.3"]),
        ("head", "approval-decided", "refused", ["3.3"]),
    ]
    assert all("wrong day" not in str(row["detail"]) for row in rows)
