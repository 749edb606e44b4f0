"""Past an opt-out: a rule in the policy, an urgent template it names, two people besides the sender (6.2)."""

from __future__ import annotations

from sqlalchemy import Connection

from gateway.clock import utc_now
from gateway.releasing import candidate_of
from gateway.store import messages
from policy import Outcome, Stage
from policy.settings import BreakGlass
from tests.api.conftest import CONSENTED, Api

NUMBER = CONSENTED[0]
BODY = {"to": NUMBER, "template": "danger", "break_glass": True}
WORDING = {"name": "danger", "purpose": "event_notice", "body": "Leave the hall at once.", "urgent": True}


async def prepared(api: Api) -> None:
    """An approved urgent template, and somebody who said STOP."""
    made = (await api.call("POST", "/v1/templates", WORDING, who="author")).body["id"]
    assert (await api.call("POST", f"/v1/templates/{made}/approve", who="head")).status == 200
    await api.call("POST", "/v1/opt-outs", {"number": NUMBER})


def switch_on(api: Api) -> None:
    desk = api.daemon.use_cases.outbound.desk
    glass = BreakGlass(enabled=True, templates=frozenset({"danger"}))
    desk.settings = desk.settings.model_copy(update={"break_glass": glass})


async def held(api: Api) -> tuple[str, str, str]:
    """Send it; return the ids of the message and of the two questions."""
    sent = (await api.call("POST", "/v1/messages", BODY)).body
    assert (sent["status"], sent["hold_reason"]) == ("held", "approval")
    waiting = (await api.call("GET", "/v1/approvals", who="head")).body["items"]
    first, second = (each["id"] for each in waiting)
    return sent["id"], first, second


async def status(api: Api, ident: str) -> str:
    return str((await api.call("GET", f"/v1/messages/{ident}")).body["status"])


async def handed_off(api: Api, ident: str) -> Outcome:
    """Return what the policy would say at hand-off."""
    outbound = api.daemon.use_cases.outbound

    def query(connection: Connection) -> Outcome:
        row = messages.one(connection, ident)
        assert row is not None
        candidate = candidate_of(outbound.keyring, row)
        return outbound.desk.decide_stored(connection, candidate, Stage.HANDOFF, utc_now())[0].outcome

    return await outbound.database.read(query)


async def test_6_2_it_takes_a_rule_and_two_people_besides_the_sender(api: Api) -> None:
    await prepared(api)
    (await api.call("POST", "/v1/messages", BODY)).is_problem(409, "RECIPIENT_OPTED_OUT")  # it is off
    switch_on(api)
    usual = await api.call("POST", "/v1/messages", BODY | {"break_glass": False})
    usual.is_problem(409, "RECIPIENT_OPTED_OUT")
    ident, first, second = await held(api)
    approved = await api.call("POST", f"/v1/approvals/{first}/approve", who="head")
    assert approved.body["outcome"] == "approved"
    assert await status(api, ident) == "held"
    assert await handed_off(api, ident) is Outcome.DENY
    again = await api.call("POST", f"/v1/approvals/{second}/approve", who="head")
    again.is_problem(409, "SECOND_PERSON_REQUIRED")
    await api.daemon.use_cases.access.add_person("third", "Third", ("approver",), by="test")
    await api.call("POST", f"/v1/approvals/{second}/approve", who=await api.key("third"))
    assert await status(api, ident) == "queued"
    assert await handed_off(api, ident) is Outcome.ALLOW
    why = (await api.call("GET", f"/v1/messages/{ident}/why")).body["items"][-1]
    assert (why["actor"], why["action"], why["outcome"]) == ("third", "release", "ALLOW")
    assert len(why["detail"]["facts"]["approved_by"]) == 2


async def test_one_refusal_ends_what_two_were_asked_about(api: Api) -> None:
    await prepared(api)
    switch_on(api)
    ident, first, second = await held(api)
    await api.call("POST", f"/v1/approvals/{first}/approve", who="head")
    await api.call("POST", f"/v1/approvals/{second}/refuse", {}, who="head")
    assert await status(api, ident) == "cancelled"


async def test_a_stop_in_between_ends_it(api: Api) -> None:
    await prepared(api)
    switch_on(api)
    ident, first, _ = await held(api)
    await api.call("POST", "/v1/opt-outs", {"number": NUMBER})
    assert await status(api, ident) == "cancelled"
    late = await api.call("POST", f"/v1/approvals/{first}/approve", who="head")
    late.is_problem(409, "APPROVAL_VOID")
