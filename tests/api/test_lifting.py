"""An opt-out is lifted with new evidence and a second person, and restores no more than that (6.2)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import update

from gateway.clock import utc_now
from gateway.records import ConsentRequest
from gateway.store import audit
from gateway.store.schema import suppression
from gateway.subjects import Subjects
from tests.api.conftest import CONSENTED, Api
from tests.system.site import message

NUMBER = CONSENTED[0]


def evidence(**more: object) -> dict[str, Any]:
    return {
        "number": NUMBER,
        "purposes": ["event_notice"],
        "method": "paper_form",
        "wording": "2026-09",
        "evidence": "form signed at the office",
        "given_at": utc_now().isoformat(),
    } | more


async def opted_out(api: Api, topic: str = "") -> str:
    answer = await api.call("POST", "/v1/opt-outs", {"number": NUMBER, "topic": topic})
    return str(answer.body["id"])


async def asked(api: Api, opt_out: str) -> str:
    answer = await api.call("POST", f"/v1/opt-outs/{opt_out}/lift", evidence())
    assert (answer.status, answer.body["kind"], answer.body["target"]) == (202, "opt_out_lift", opt_out)
    return str(answer.body["id"])


async def in_force(api: Api) -> list[str]:
    page = await api.call("GET", f"/v1/opt-outs?number=%2B{NUMBER[1:]}")
    return [each["id"] for each in page.body["items"]]


async def test_6_2_only_new_evidence_and_a_second_person_lift_an_opt_out(api: Api) -> None:
    opt_out = await opted_out(api)
    ident = await asked(api, opt_out)
    assert await in_force(api) == [opt_out]
    (await api.call("POST", "/v1/messages", message(NUMBER))).is_problem(409, "RECIPIENT_OPTED_OUT")
    own = await api.call("POST", f"/v1/approvals/{ident}/approve")
    own.is_problem(403, "SCOPE_MISSING")
    shown = (await api.call("GET", f"/v1/approvals/{ident}", who="head")).body
    assert shown["content"]["evidence"] == "form signed at the office"
    assert NUMBER not in str(shown)
    assert (await api.call("POST", f"/v1/approvals/{ident}/approve", who="head")).status == 200
    assert await in_force(api) == []
    assert (await api.call("POST", "/v1/messages", message(NUMBER))).status == 202
    raw = b"".join(each.read_bytes() for each in api.directory.glob("schoolgate.db*"))
    assert b"form signed" not in raw


async def test_6_2_what_was_agreed_before_the_opt_out_does_not_come_back(api: Api) -> None:
    consents = api.daemon.use_cases.consents
    before = ConsentRequest(
        number=NUMBER,
        purposes=("appointment", "event_notice"),
        method="paper_form",
        wording="w",
        evidence="e",
        given_at=utc_now() - timedelta(days=2),
    )
    await consents.record(await caller(api, "office"), before)
    ident = await asked(api, await opted_out(api))
    await api.call("POST", f"/v1/approvals/{ident}/approve", who="head")
    listed = (await api.call("GET", f"/v1/consents?number=%2B{NUMBER[1:]}")).body["items"]
    standing = [each for each in listed if each["withdrawn_at"] is None]
    assert [(each["purpose"], each["wording"], each["recorded_by"]) for each in standing] == [
        ("event_notice", "2026-09", "office")
    ]
    assert len(listed) == 4


async def caller(api: Api, who: str) -> Any:
    return await api.daemon.use_cases.access.authenticate(api.tokens[who], "127.0.0.1")


async def test_an_opt_out_of_one_topic_ends_only_what_it_covered(api: Api) -> None:
    opt_out = await opted_out(api, "appointments")
    answer = await api.call("POST", f"/v1/opt-outs/{opt_out}/lift", evidence())
    assert answer.faults().keys() == {"purposes"}
    more = evidence(purposes=["appointment"])
    ident = (await api.call("POST", f"/v1/opt-outs/{opt_out}/lift", more)).body["id"]
    await api.call("POST", f"/v1/approvals/{ident}/approve", who="head")
    assert (await api.call("POST", "/v1/messages", message(NUMBER))).status == 202


async def test_another_stop_makes_the_question_void(api: Api) -> None:
    opt_out = await opted_out(api)
    ident = await asked(api, opt_out)
    assert await opted_out(api) == opt_out  # again: nothing new to suppress
    answer = await api.call("POST", f"/v1/approvals/{ident}/approve", who="head")
    answer.is_problem(409, "APPROVAL_VOID")
    assert await in_force(api) == [opt_out]


async def test_a_refused_lift_leaves_it_in_force_and_may_be_asked_again(api: Api) -> None:
    opt_out = await opted_out(api)
    ident = await asked(api, opt_out)
    again = await api.call("POST", f"/v1/opt-outs/{opt_out}/lift", evidence())
    again.is_problem(409, "APPROVAL_PENDING")
    await api.call("POST", f"/v1/approvals/{ident}/refuse", {}, who="head")
    assert await in_force(api) == [opt_out]
    await asked(api, opt_out)


async def test_an_opt_out_that_was_taken_over_is_the_recipients_to_lift(api: Api) -> None:
    opt_out = await opted_out(api)
    other = update(suppression).where(suppression.c.id == opt_out).values(source="import")
    await api.daemon.store.database.write(lambda c: c.execute(other) and None)
    answer = await api.call("POST", f"/v1/opt-outs/{opt_out}/lift", evidence())
    answer.is_problem(409, "NOT_LIFTABLE")


async def test_evidence_that_is_none_is_refused(api: Api) -> None:
    opt_out = await opted_out(api)
    changes: list[dict[str, Any]] = [
        {"number": CONSENTED[1]},
        {"given_at": datetime(2024, 1, 1, tzinfo=UTC).isoformat()},
        {"purposes": ["advertising"]},
        {"method": "telepathy"},
        {"evidence": ""},
    ]
    for change in changes:
        answer = await api.call("POST", f"/v1/opt-outs/{opt_out}/lift", evidence(**change))
        answer.is_problem(422, "INVALID")
        assert change.keys() == answer.faults().keys()
    assert (await api.call("GET", "/v1/approvals", who="head")).body["items"] == []


async def test_the_audit_log_has_both_people_and_no_number(api: Api) -> None:
    opt_out = await opted_out(api)
    ident = await asked(api, opt_out)
    await api.call("POST", f"/v1/approvals/{ident}/approve", who="head")
    keyring = api.daemon.store.keyring
    target = keyring.index(NUMBER).hex()[:16]
    rows = await api.daemon.store.database.read(lambda c: audit.of_target(c, target))
    assert [(row["actor"], row["action"]) for row in rows] == [
        ("office", "opt-out"),
        ("head", "opt-out-lifted"),
    ]
    assert rows[-1]["detail"]["approval"] == ident
    assert NUMBER not in str([dict(row) for row in rows])


async def test_the_question_is_exported_and_erased_with_its_number(api: Api) -> None:
    opt_out = await opted_out(api)
    ident = await asked(api, opt_out)
    store = api.daemon.store
    subjects = Subjects(store.database, store.keyring, store.settings, utc_now)
    known = await subjects.export(NUMBER, by="test")
    assert "form signed at the office" in known.records["approval"][0]["content"]
    erased = await subjects.erase(NUMBER, by="test")
    assert (erased.removed["approval"], erased.opt_outs_kept) == (1, 1)
    (await api.call("GET", f"/v1/approvals/{ident}", who="head")).is_problem(404, "NOT_FOUND")
    assert await in_force(api) == [opt_out]
