"""Two people who edit the same template do not overwrite one another."""

from __future__ import annotations

from typing import Any

from tests.api.conftest import Api


def wording(body: str) -> dict[str, Any]:
    return {"name": "closure", "purpose": "important_info", "body": body}


async def draft(api: Api, body: str, tag: str | None = None) -> Any:
    headers = {} if tag is None else {"If-Match": tag}
    return await api.call("POST", "/v1/templates", wording(body), who="author", headers=headers)


async def test_an_edit_of_what_somebody_else_has_edited_is_refused(api: Api) -> None:
    first = await draft(api, "The school is closed today.")
    assert first.status == 201
    second = await draft(api, "The school is closed until noon.", first.headers["ETag"])
    assert (second.status, second.body["version"]) == (201, 2)
    late = await draft(api, "The school is closed this week.", first.headers["ETag"])
    late.is_problem(412, "PRECONDITION_FAILED")
    assert (await draft(api, "The school is closed this week.", second.headers["ETag"])).status == 201


async def test_approval_is_of_the_version_that_was_read(api: Api) -> None:
    made = await draft(api, "The school is closed today.")
    path = f"/v1/templates/{made.body['id']}"
    shown = await api.call("GET", path, who="author")
    assert shown.headers["ETag"] == made.headers["ETag"]
    tag = {"If-Match": shown.headers["ETag"]}
    approved = await api.call("POST", path + "/approve", who="head", headers=tag)
    assert (approved.status, approved.body["status"]) == (200, "approved")
    (await api.call("POST", path + "/retire", who="head", headers=tag)).is_problem(412, "PRECONDITION_FAILED")
    now = {"If-Match": approved.headers["ETag"]}
    assert (await api.call("POST", path + "/retire", who="head", headers=now)).body["status"] == "retired"


async def test_a_draft_is_seen_as_it_would_be_sent_with_its_characters_and_parts(api: Api) -> None:
    given = wording("The school is closed on {day}.") | {"slots": {"day": {"type": "date"}}}
    made = await api.call("POST", "/v1/templates", given, who="author")
    path = f"/v1/templates/{made.body['id']}/preview"
    seen = await api.call("POST", path, {"slots": {"day": "2099-12-18"}}, who="head")
    assert seen.body == {
        "text": "KRS Education Ltd: The school is closed on Friday 18 December 2099. Reply STOP to opt out.",
        "characters": 90,
        "parts": 1,
        "alphabet": "gsm7",
        "units": 90,
        "forced_by": None,
        "reasons": [],
    }
    welsh = {"name": "closure", "language": "cy", "purpose": "important_info", "body": "Mae'r ysgol ar gau."}
    made = await api.call("POST", "/v1/templates", welsh, who="author")
    seen = await api.call("POST", f"/v1/templates/{made.body['id']}/preview", {}, who="head")
    assert seen.body["text"].endswith("Mae'r ysgol ar gau. I optio allan, atebwch STOP.")
    assert (seen.body["alphabet"], seen.body["parts"]) == ("gsm7", 1)
    faulty = await api.call("POST", path, {"slots": {"day": "soon"}}, who="head")
    assert [reason["code"] for reason in faulty.body["reasons"]] == ["SLOT_INVALID"]
    (await api.call("POST", "/v1/templates/tpl_no/preview", {}, who="head")).is_problem(404, "NOT_FOUND")
