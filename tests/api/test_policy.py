"""9.1, 9.2 over HTTP: one person imports the policy, another publishes it, everybody acknowledges it."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

from gateway.clock import utc_now
from gateway.config import load
from gateway.records import ConsentRequest
from tests.api.conftest import Api
from tests.system.site import SLOTS, consent, message, number

TEXT = Path(__file__).parents[1].joinpath("policy/corpora/policy.txt").read_text(encoding="utf-8")
BULK = {"template": "trip", "slots": SLOTS, "recipients": [{"to": number(i)} for i in range(21)]}
STAFF = "+447911123456"


async def brought(api: Api, **more: Any) -> Any:
    answer = await api.call("POST", "/v1/policy/versions", {"text": TEXT} | more)
    assert answer.status == 201, answer.body
    return answer.body


async def published(api: Api, **more: Any) -> Any:
    made = await brought(api, **more)
    answer = await api.call("POST", f"/v1/policy/versions/{made['id']}/publish", who="head")
    assert answer.status == 200, answer.body
    return answer.body


async def agreed(api: Api, who: str = "office") -> None:
    shown = (await api.call("GET", "/v1/policy", who=who)).body
    given = {"statement_hash": shown["statement_hash"]}
    answer = await api.call("POST", "/v1/policy/acknowledgements", given, who=who)
    assert answer.status == 201, answer.body
    assert answer.body["acknowledged_at"] is not None


async def test_9_2_a_new_version_is_published_by_a_second_person_and_acknowledged_before_the_next_send(
    api: Api,
) -> None:
    before = (await api.call("GET", "/v1/policy")).body
    assert (before["source"], before["version"], before["text"]) == ("file", "1", None)
    made = await brought(api)
    assert (made["version"], made["status"], made["effective"]) == ("2", "draft", "2024-11-08")  # day first
    assert (made["not_enforced"], made["not_in_text"]) == ([], [])
    path = f"/v1/policy/versions/{made['id']}/publish"
    (await api.call("POST", path)).is_problem(409, "SECOND_PERSON_REQUIRED")
    (await api.call("POST", path, who="author")).is_problem(403, "SCOPE_MISSING")
    assert (await api.call("POST", "/v1/messages", message(number(1)))).status == 202  # no draft counts
    assert (await api.call("POST", path, who="head")).body["publisher"] == "head"
    (await api.call("POST", path, who="head")).is_problem(409, "NOT_A_DRAFT")
    refused = await api.call("POST", "/v1/messages", message(number(1)))
    refused.is_problem(403, "POLICY_NOT_ACKNOWLEDGED")
    shown = (await api.call("GET", "/v1/policy")).body
    assert (shown["source"], shown["text"], shown["acknowledged_at"]) == ("published", TEXT, None)
    wrong = await api.call(
        "POST", "/v1/policy/acknowledgements", {"statement_hash": before["statement_hash"]}
    )
    wrong.is_problem(409, "STATEMENT_CHANGED")
    await agreed(api)
    assert (await api.call("POST", "/v1/messages", message(number(1)))).status == 202
    owing = (await api.call("GET", "/v1/policy/people?unacknowledged=true", who="head")).body["items"]
    assert [person["handle"] for person in owing] == ["author", "head"]
    everybody = (await api.call("GET", "/v1/policy/people", who="head")).body["items"]
    office = next(person for person in everybody if person["handle"] == "office")
    assert (office["method"], office["statement_hash"]) == ("api", shown["statement_hash"])


async def test_9_2_a_version_that_changes_nothing_for_people_is_not_acknowledged_anew(api: Api) -> None:
    await published(api, material=False)
    assert (await api.call("POST", "/v1/messages", message(number(1)))).status == 202
    shown = (await api.call("GET", "/v1/policy")).body
    assert (shown["version"], shown["acknowledged_at"] is not None) == ("2", True)


async def test_9_1_what_is_published_goes_before_the_file_and_its_review_is_recorded(api: Api) -> None:
    await published(api, material=False)  # last reviewed in 2024: overdue
    shown = (await api.call("GET", "/v1/policy")).body
    assert (shown["due"], shown["overdue_days"] > 0) == ("2025-11-08", True)
    refused = (await api.call("POST", "/v1/batches", BULK)).body
    assert (refused["accepted"], refused["refused"]) == (0, 21)
    assert await api.daemon.reload(lambda: load(api.directory / "schoolgate.toml")) == ""
    assert (await api.call("GET", "/v1/policy")).body["version"] == "2"  # not the file's again
    today = utc_now().date()
    late = {"reviewed_on": f"{today + timedelta(days=2)}", "note": "n"}
    assert (await api.call("POST", "/v1/policy/reviews", late, who="head")).faults().keys() == {"reviewed_on"}
    done = {"reviewed_on": f"{today - timedelta(days=1)}", "note": "nothing to change"}
    assert (await api.call("POST", "/v1/policy/reviews", done, who="head")).body["by"] == "head"
    assert (await api.call("GET", "/v1/policy")).body["overdue_days"] == 0
    assert (await api.call("POST", "/v1/batches", BULK)).body["accepted"] == 21
    (kept,) = (await api.call("GET", "/v1/policy/reviews")).body["items"]
    assert (kept["version"], kept["note"]) == ("2", "nothing to change")


async def test_a_text_that_does_not_say_when_and_by_whom_is_asked_for_it(api: Api) -> None:
    answer = await api.call("POST", "/v1/policy/versions", {"text": "1.1. Be kind."})
    assert answer.faults().keys() == {"effective", "authorised_by"}
    future = {"text": TEXT, "last_reviewed": "2031-01-01", "effective": "08/11/2024"}
    assert (await api.call("POST", "/v1/policy/versions", future)).faults().keys() == {"effective"}
    made = await brought(api, text="10.1. Be kind.", effective="2024-11-08", authorised_by="The Governors")
    assert made["not_enforced"] == ["10.1"]
    assert "6.2" in made["not_in_text"]
    (await api.call("POST", "/v1/policy/versions", {"text": TEXT, "version": "2"})).is_problem(
        409, "POLICY_VERSION_EXISTS"
    )


async def test_9_2_training_is_recorded_with_its_end(api: Api) -> None:
    given = {"person": "author", "course": "Data protection", "completed_on": "2026-01-31"}
    made = (await api.call("POST", "/v1/policy/trainings", given, who="head")).body
    assert (made["recorded_by"], made["expires_at"][:7]) == ("head", "2027-01")
    everybody = (await api.call("GET", "/v1/policy/people", who="head")).body["items"]
    assert {p["handle"]: p["trained_until"] for p in everybody}["author"] == made["expires_at"]
    (await api.call("POST", "/v1/policy/trainings", given | {"person": "no"}, who="head")).is_problem(
        404, "NOT_FOUND"
    )
    ((kept),) = (await api.call("GET", "/v1/policy/trainings", who="head")).body["items"]
    assert kept["course"] == "Data protection"


async def test_9_2_who_has_not_acknowledged_is_told_by_text_or_to_be_told_otherwise(api: Api) -> None:
    access, consents = api.daemon.use_cases.access, api.daemon.use_cases.consents
    await published(api)
    await agreed(api)
    await access.reach("author", STAFF, by="test")
    given = {"template": "trip", "slots": SLOTS}
    first = (await api.call("POST", "/v1/policy/tellings", given)).body["items"]
    assert first == [
        {"person": "author", "message": None, "why": ["CONSENT_MISSING"]},
        {"person": "head", "message": None, "why": ["NO_NUMBER"]},
    ]
    caller = await access.authenticate(api.tokens["office"], "127.0.0.1")
    asked: ConsentRequest = consent(STAFF)
    await consents.record(caller, asked)
    second = (await api.call("POST", "/v1/policy/tellings", given)).body["items"]
    assert second[0]["message"].startswith("msg_")
    assert (await api.call("GET", f"/v1/messages/{second[0]['message']}")).body["to"] == STAFF


async def test_8_1_every_clause_is_shown_with_what_is_on_record_of_it(api: Api) -> None:
    fresh = {c["number"]: c for c in (await api.call("GET", "/v1/policy/clauses")).body["items"]}
    assert len(fresh) == 22
    assert (fresh["4.1"]["asked"], fresh["4.1"]["denied"]) == (0, 0)
    await api.call("POST", "/v1/messages", message(number(1), purpose="appointment"))
    after = {c["number"]: c for c in (await api.call("GET", "/v1/policy/clauses")).body["items"]}
    assert (after["4.1"]["asked"], after["4.1"]["denied"]) == (1, 1)
    assert (after["6.2"]["asked"], after["6.2"]["denied"]) == (1, 0)
    assert after["6.2"]["last_checked_at"] is not None


async def test_1_3_every_decision_a_refusal_too_is_in_the_log_with_its_clauses(api: Api) -> None:
    accepted = await api.call("POST", "/v1/messages", message(number(1)))
    await api.call("POST", "/v1/messages", message(number(1), purpose="appointment"))
    with closing(sqlite3.connect(api.directory / "schoolgate.db")) as database:
        rows = database.execute(
            "SELECT target, outcome, clauses FROM audit WHERE action = 'submit' ORDER BY seq"
        ).fetchall()
    assert [(outcome, json.loads(clauses)) for _, outcome, clauses in rows] == [
        ("ALLOW", []),
        ("DENY", ["2.1", "4.1"]),
    ]
    assert rows[0][0] == accepted.body["id"]
