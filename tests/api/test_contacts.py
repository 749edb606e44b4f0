"""Contacts, groups and numbers in doubt over HTTP (4.3)."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from gateway.clock import utc_now
from gateway.ids import new_id
from gateway.store import load_key_file, recipients
from tests.api.conftest import CONSENTED, STRANGER, Api, running
from tests.system.site import message, number

HEADER = "number,name,language,labels,groups\n"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def api(furnished: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Api]:
    """One gateway for all: each test has names and numbers of its own."""
    async with running(furnished, tmp_path_factory.mktemp("contacts")) as made:
        yield made


pytestmark = pytest.mark.asyncio(loop_scope="module")


async def add(api: Api, to: str, name: str, **more: object) -> Any:
    answer = await api.call("POST", "/v1/contacts", {"number": to, "name": name, **more})
    assert answer.status == 201, answer.body
    return answer.body


async def group(api: Api, name: str, *contacts: str) -> Any:
    answer = await api.call("POST", "/v1/groups", {"name": name, "label": name.title()})
    assert answer.status == 201, answer.body
    if not contacts:
        return answer.body
    path = f"/v1/groups/{answer.body['id']}/members"
    return (await api.call("POST", path, {"join": list(contacts)})).body


async def test_a_number_may_belong_to_several_contacts_and_none_stands_twice(api: Api) -> None:
    first = await add(api, CONSENTED[0], "Mother of Ann", language="cy", labels=["year-7"])
    await add(api, "07700 900000", "Mother of Ben")
    answer = await api.call("POST", "/v1/contacts", {"number": CONSENTED[0], "name": "mother  of ANN"})
    answer.is_problem(409, "CONTACT_EXISTS")
    assert first["id"] in answer.body["detail"]
    shown = await api.call("GET", "/v1/contacts", params={"number": CONSENTED[0]})
    assert [each["name"] for each in shown.body["items"]] == ["Mother of Ben", "Mother of Ann"]
    assert (first["language"], first["labels"], first["groups"]) == ("cy", ["year-7"], [])


async def test_two_people_who_change_a_contact_do_not_overwrite_one_another(api: Api) -> None:
    made = await add(api, number(30), "Carol")
    path = f"/v1/contacts/{made['id']}"
    seen = (await api.call("GET", path)).headers["ETag"]
    body = {"number": number(31), "name": "Carol B", "language": "ur"}
    changed = await api.call("PUT", path, body, headers={"If-Match": seen})
    assert (changed.status, changed.body["number"], changed.body["language"]) == (200, number(31), "ur")
    late = await api.call("PUT", path, body | {"name": "C"}, headers={"If-Match": seen})
    late.is_problem(412, "PRECONDITION_FAILED")
    (await api.call("DELETE", path, headers={"If-Match": seen})).is_problem(412, "PRECONDITION_FAILED")
    tag = {"If-Match": changed.headers["ETag"]}
    assert (await api.call("DELETE", path, headers=tag)).status == 204
    (await api.call("GET", path)).is_problem(404, "NOT_FOUND")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"number": "07700 900123 (mum)"}, "number"),
        ({"number": "0300 123 4567"}, "number"),
        ({"name": "=HYPERLINK(1)"}, "name"),
        ({"name": "A\u202eB"}, "name"),
        ({"language": "Welsh"}, "language"),
        ({"labels": ["Year 7"]}, "labels.0"),
        ({"colour": "red"}, "colour"),
    ],
)
async def test_a_contact_that_cannot_be_is_refused_by_field(api: Api, body: Any, field: str) -> None:
    answer = await api.call("POST", "/v1/contacts", {"number": number(32), "name": "Dee"} | body)
    answer.is_problem(422, "INVALID")
    assert list(answer.faults()) == [field]


async def test_a_group_counts_contacts_and_numbers(api: Api) -> None:
    mothers = [await add(api, number(33), name) for name in ("Eve for Finn", "Eve for Gus")]
    made = await group(api, "siblings", *(each["id"] for each in mothers))
    assert (made["contacts"], made["numbers"], made["label"]) == (2, 1, "Siblings")
    listed = await api.call("GET", "/v1/contacts", params={"group": "siblings"})
    assert [each["groups"] for each in listed.body["items"]] == [["siblings"]] * 2
    (await api.call("POST", "/v1/groups", {"name": "siblings"})).is_problem(409, "GROUP_EXISTS")
    path = f"/v1/groups/{made['id']}"
    seen = (await api.call("GET", path)).headers["ETag"]
    body = {"leave": [mothers[0]["id"]]}
    left = await api.call("POST", path + "/members", body, headers={"If-Match": seen})
    assert left.body["contacts"] == 1
    renamed = {"name": "sibs"}
    (await api.call("PUT", path, renamed, headers={"If-Match": seen})).is_problem(412, "PRECONDITION_FAILED")
    assert (await api.call("PUT", path, renamed)).body["name"] == "sibs"
    strangers = await api.call("POST", path + "/members", {"join": ["ctc_" + "0" * 26]})
    assert list(strangers.faults()) == ["join"]
    assert (await api.call("DELETE", path)).status == 204
    assert (await api.call("GET", f"/v1/contacts/{mothers[1]['id']}")).body["groups"] == []


async def test_who_sends_sees_groups_and_no_contacts(api: Api) -> None:
    only = await api.key("office", ["messages:send", "groups:read"])
    assert (await api.call("GET", "/v1/groups", who=only)).status == 200
    (await api.call("GET", "/v1/contacts", who=only)).is_problem(403, "SCOPE_MISSING")
    (await api.call("POST", "/v1/groups", {"name": "x"}, who=only)).is_problem(403, "SCOPE_MISSING")


async def test_a_list_is_taken_whole_and_each_line_is_answered(api: Api) -> None:
    await group(api, "year-8")
    assert (await api.call("POST", "/v1/opt-outs", {"number": number(35)})).status == 201
    rows = f"{number(34)},Hal,cy,boarder,year-8\n{number(35)},Ida,,,year-8\n"
    first = await api.post_raw("/v1/contacts/import", (HEADER + rows).encode(), "text/csv")
    assert (first.status, first.body["added"]) == (201, 2)
    lines = [(each["line"], each["outcome"], each["opted_out"]) for each in first.body["lines"]]
    assert lines == [(2, "added", False), (3, "added", True)]
    rows = f"07700 900034,Hal,ur,boarder,\n{number(35)},Ida,,,year-8\n"
    again = await api.post_raw("/v1/contacts/import", (HEADER + rows).encode(), "text/csv")
    counts = (again.body["added"], again.body["changed"], again.body["unchanged"])
    assert counts == (0, 1, 1)
    hal = (await api.call("GET", f"/v1/contacts/{first.body['lines'][0]['contact']}")).body
    assert (hal["language"], hal["groups"], hal["name"]) == ("ur", ["year-8"], "Hal")
    # 4.3: the opt-out is in force as before.
    held = await api.call("GET", "/v1/opt-outs", params={"number": number(35)})
    assert len(held.body["items"]) == 1


async def test_a_list_with_any_fault_changes_nothing_and_names_every_line(api: Api) -> None:
    before = (await api.call("GET", "/v1/contacts", params={"limit": "200"})).body["items"]
    rows = (
        f"{number(36)},Jo,en,,\n"  # sound
        "0300 123 4567,Kim,en,,\n"
        f"{number(37)},,Welsh,Year 7,\n"
        f"07700900036,JO,,,\n"
        f"{number(38)},Lee\n"
    )
    answer = await api.post_raw("/v1/contacts/import", (HEADER + rows).encode(), "text/csv")
    answer.is_problem(422, "INVALID")
    assert set(answer.faults()) == {
        "line 3: number",
        "line 4: name",
        "line 4: language",
        "line 4: labels",
        "line 5: name",
        "line 6",
    }
    rows = f"{number(36)},Jo,en,,nobody\n"
    answer = await api.post_raw("/v1/contacts/import", (HEADER + rows).encode(), "text/csv")
    assert list(answer.faults()) == ["line 2: groups"]
    assert (await api.call("GET", "/v1/contacts", params={"limit": "200"})).body["items"] == before


async def test_what_is_exported_can_be_imported_and_changes_nothing(api: Api) -> None:
    await add(api, number(39), "Mo; or, “the Second”", language="en", labels=["a", "b"])
    answer = await api.call("GET", "/v1/contacts/export")
    assert answer.headers["Content-Type"].startswith("text/csv")
    listed = list(csv.DictReader(io.StringIO(answer.raw.decode())))
    assert {"number": number(39), "name": "Mo; or, “the Second”", "labels": "a b"}.items() <= next(
        row for row in listed if row["number"] == number(39)
    ).items()
    again = await api.post_raw("/v1/contacts/import", answer.raw, "text/csv")
    assert (again.body["added"], again.body["changed"]) == (0, 0)
    assert again.body["unchanged"] == len(listed)


async def test_a_number_that_staff_doubt_is_blocked_until_it_is_verified(api: Api) -> None:
    """4.3: nothing goes to it, whoever sends; a person's word and evidence end that."""
    to = CONSENTED[5]
    made = await add(api, to, "Nan")
    assert (await api.call("POST", "/v1/suspect-numbers", {"number": to})).status == 204
    (await api.call("POST", "/v1/messages", message(to))).is_problem(409, "NUMBER_SUSPECT")
    assert (await api.call("GET", f"/v1/contacts/{made['id']}")).body["suspect"]
    listed = (await api.call("GET", "/v1/suspect-numbers")).body["items"]
    (doubt,) = [each for each in listed if made["id"] in each["contacts"]]
    assert (doubt["reason"], doubt["source"]) == ("staff", "office")
    path = f"/v1/suspect-numbers/{doubt['id']}/verify"
    assert list((await api.call("POST", path, {"evidence": ""})).faults()) == ["evidence"]
    assert (await api.call("POST", path, {"evidence": "rang her on 1 May"})).status == 204
    (await api.call("POST", path, {"evidence": "again"})).is_problem(404, "NOT_FOUND")
    assert (await api.call("POST", "/v1/messages", message(to))).status == 202


async def test_a_contact_gives_no_permission(api: Api) -> None:
    await add(api, STRANGER, "Oz")
    (await api.call("POST", "/v1/messages", message(STRANGER))).is_problem(409, "CONSENT_MISSING")


async def test_a_batch_to_groups_is_one_text_for_each_number(api: Api) -> None:
    """4.3: siblings share a mother and she gets one text; every number is answered for."""
    both, other, gone = CONSENTED[10], CONSENTED[11], CONSENTED[12]
    seven = [await add(api, both, "Pat for Quin"), await add(api, gone, "Sam")]
    eight = [await add(api, both, "Pat for Rose"), await add(api, other, "Tess")]
    await group(api, "seven", *(each["id"] for each in seven))
    await group(api, "eight", *(each["id"] for each in eight))
    await api.call("POST", "/v1/opt-outs", {"number": gone})
    body = message(other, recipients=[{"group": "seven"}, {"group": "eight", "slots": {"day": "Monday"}}])
    del body["to"]
    headers = {"Idempotency-Key": "groups"}
    answer = await api.call("POST", "/v1/batches", body, headers=headers)
    assert (answer.body["accepted"], answer.body["refused"]) == (2, 1)
    results = answer.body["results"]
    assert [(each["position"], each["group"], each["contact"]) for each in results] == [
        (0, "seven", seven[0]["id"]),
        (1, "seven", seven[1]["id"]),
        (2, "eight", eight[1]["id"]),
    ]
    assert results[1]["reasons"][0]["code"] == "RECIPIENT_OPTED_OUT"
    sent = (await api.call("GET", f"/v1/messages/{results[2]['id']}")).body
    assert (sent["to"], "Monday" in sent["text"]) == (other, True)
    again = await api.call("POST", "/v1/batches", body, headers=headers)
    assert again.body == answer.body
    alone = body | {"recipients": [{"group": "eight"}, {"to": other, "slots": {"day": "Monday"}}]}
    results = (await api.call("POST", "/v1/batches", alone)).body["results"]
    assert [each["group"] for each in results] == ["eight", None]


@pytest.mark.parametrize(
    ("recipient", "field"),
    [
        ({"group": "no-such-group"}, "recipients.0.group"),
        ({"group": "empty"}, "recipients"),
        ({"group": "empty", "to": CONSENTED[0]}, "recipients.0.to"),
        ({"group": "empty", "reference": "r"}, "recipients.0.reference"),
        ({}, "recipients.0.to"),
    ],
)
async def test_a_batch_to_a_group_that_is_not_is_refused(api: Api, recipient: Any, field: str) -> None:
    if not (await api.call("GET", "/v1/groups")).body["items"] or recipient.get("group") == "empty":
        await api.call("POST", "/v1/groups", {"name": "empty"})
    body = message("") | {"recipients": [recipient]}
    del body["to"]
    answer = await api.call("POST", "/v1/batches", body)
    answer.is_problem(422, "INVALID")
    assert list(answer.faults()) == [field]


async def test_a_reply_that_a_person_reads_as_a_wrong_number_puts_it_in_doubt(api: Api) -> None:
    to = CONSENTED[6]
    held = await hold(api, to)
    (listed,) = [each for each in (await holds(api)) if each["id"] == held]
    assert (listed["kind"], listed["late"]) == ("refusal", False)
    answer = await api.call("POST", f"/v1/opt-outs/holds/{held}", {"outcome": "wrong_number"})
    assert answer.status == 204
    (await api.call("POST", "/v1/messages", message(to))).is_problem(409, "NUMBER_SUSPECT")
    held = await hold(api, to)
    assert (await api.call("POST", f"/v1/opt-outs/holds/{held}", {"outcome": "not_an_opt_out"})).status == 204
    assert (await api.call("POST", "/v1/messages", message(to))).status == 202


async def hold(api: Api, to: str) -> str:
    """Have a reply of a number wait for a person."""
    keyring, now = load_key_file(api.directory / "schoolgate.keys"), utc_now()
    ident, index = new_id("hld", now), keyring.index(to)
    await api.daemon.store.database.write(
        lambda c: recipients.hold(c, now, ident=ident, number_index=index, inbox_id=new_id("inb", now))
    )
    return ident


async def holds(api: Api) -> Any:
    return (await api.call("GET", "/v1/opt-outs/holds")).body["items"]
