"""Consents (4.1): confirmed by text, worded in versions, ending, handed out; templates by language."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from gateway.clock import utc_now
from gateway.store import load_key_file, opt_ins
from policy import PolicySettings
from tests.api.conftest import CONSENTED, Api, running
from tests.api.test_recipients import consent
from tests.system.site import message, number

URDU = "آپ کے بچے کی جماعت کا سفر {day} کو ہے۔ براہ کرم انہیں صبح نو بجے اسکول لائیں۔"
WAYS_OUT = PolicySettings.load().opt_out_texts
pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def api(furnished: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Api]:
    """One gateway whose policy names a template for the confirmation; each test has numbers of its own."""
    site, directory = tmp_path_factory.mktemp("furnished"), tmp_path_factory.mktemp("consents")
    shutil.copytree(furnished, site, dirs_exist_ok=True)
    policy = (site / "policy.toml").read_text()
    named = policy.replace('[confirmation]\ntemplate = ""', '[confirmation]\ntemplate = "confirm"')
    assert named != policy
    (site / "policy.toml").write_text(named)
    async with running(site, directory) as made:
        await approved(made, "confirm", "You asked us for texts. Reply YES to get them.", "service_update")
        yield made


async def approved(
    api: Api, name: str, body: str, purpose: str, language: str = "en", **slots: list[str]
) -> str:
    """Draft a template by one person and approve it by another; return its id."""
    choices = {slot: {"type": "choice", "choices": found} for slot, found in slots.items()}
    draft = {"name": name, "body": body, "purpose": purpose, "language": language, "slots": choices}
    made = await api.call("POST", "/v1/templates", draft, who="author")
    assert made.status == 201, made.body
    done = await api.call("POST", f"/v1/templates/{made.body['id']}/approve", who="head")
    assert done.status == 200, done.body
    return str(made.body["id"])


def form(to: str, **more: object) -> dict[str, Any]:
    return consent(to, method="web_form", evidence="form 12") | more


async def test_4_1_who_asked_by_form_gets_one_text_and_nobody_else_any(api: Api) -> None:
    to = number(50)
    (await api.call("POST", "/v1/messages", message(to))).is_problem(409, "CONSENT_MISSING")
    asked = await api.call("POST", "/v1/opt-ins", form(to))
    assert (asked.status, asked.body["status"], asked.body["number"]) == (201, "waiting", to)
    text = (await api.call("GET", f"/v1/messages/{asked.body['message_id']}")).body
    assert (text["to"], text["template"], "Reply YES" in text["text"]) == (to, "confirm", True)
    (await api.call("POST", "/v1/opt-ins", form(to))).is_problem(409, "CONFIRMATION_ASKED")
    # By itself the template is like any other: it needs a consent.
    plain = {"to": to, "template": "confirm", "slots": {}}
    (await api.call("POST", "/v1/messages", plain)).is_problem(409, "CONSENT_MISSING")
    assert [each["id"] for each in (await api.call("GET", "/v1/opt-ins")).body["items"]] == [asked.body["id"]]
    (why,) = (await api.call("GET", f"/v1/messages/{text['id']}/why")).body["items"]
    assert why["outcome"] == "ALLOW"


async def test_a_form_without_evidence_and_a_number_that_opted_out_get_no_text(api: Api) -> None:
    to = number(51)
    faults = (await api.call("POST", "/v1/opt-ins", form(to, evidence="", purposes=["gossip"]))).faults()
    assert set(faults) >= {"evidence"}
    await api.call("POST", "/v1/opt-outs", {"number": to})
    (await api.call("POST", "/v1/opt-ins", form(to))).is_problem(409, "RECIPIENT_OPTED_OUT")
    listed = (await api.call("GET", "/v1/opt-ins")).body["items"]
    assert to not in {each["number"] for each in listed}


async def test_who_was_asked_too_long_ago_may_be_asked_again_with_a_new_form(api: Api) -> None:
    to = number(52)
    first = await api.call("POST", "/v1/opt-ins", form(to))
    later = utc_now() + timedelta(days=15)
    ended = await api.daemon.store.database.write(lambda c: opt_ins.lapse(c, later, index(api, to)))
    assert ended == [first.body["id"]]
    again = await api.call("POST", "/v1/opt-ins", form(to))
    assert again.status == 201, again.body
    statuses = {each["id"]: each["status"] for each in (await api.call("GET", "/v1/opt-ins")).body["items"]}
    assert statuses[first.body["id"]] == "lapsed"


def index(api: Api, to: str) -> bytes:
    return load_key_file(api.directory / "schoolgate.keys").index(to)


async def test_4_1_a_consent_names_the_version_of_the_wording_that_was_shown(api: Api) -> None:
    texts = ("May we text you?", "May we text you about trips?", "May we text you about trips?")
    made = [(await api.call("POST", "/v1/wordings", {"name": "trips", "text": text})).body for text in texts]
    assert [each["version"] for each in made] == [1, 2, 2]
    assert made[0]["text_hash"] == sha256(b"May we text you?").hexdigest()
    for shown, expected in (("trips", made[1]), ("trips/1", made[0]), ("an old leaflet", None)):
        body = consent(number(53), wording=shown)
        (on_record,) = (await api.call("POST", "/v1/consents", body)).body["items"]
        assert on_record["wording_id"] == (expected and expected["id"])
    shown = await api.call("GET", f"/v1/wordings/{made[0]['id']}")
    assert (shown.body["text"], shown.body["recorded_by"]) == ("May we text you?", "office")


async def test_consents_that_end_soon_are_listed_unless_a_later_one_replaces_them(api: Api) -> None:
    soon, later = (utc_now() + timedelta(days=days) for days in (20, 400))
    for to, end in ((number(54), soon), (number(55), soon), (number(55), later)):
        body = consent(to, expires_at=end.isoformat())
        assert (await api.call("POST", "/v1/consents", body)).status == 201
    found = (await api.call("GET", "/v1/consents/expiring?days=30")).body["items"]
    assert [each["number"] for each in found] == [number(54)]
    assert (await api.call("GET", "/v1/consents/expiring?days=10")).body["items"] == []


async def test_what_is_exported_can_be_imported_without_what_was_withdrawn(api: Api) -> None:
    (gone,) = (await api.call("POST", "/v1/consents", consent(number(56)))).body["items"]
    await api.call("DELETE", f"/v1/consents/{gone['id']}")
    await api.call("POST", "/v1/consents", consent(number(57), evidence='box "7", shelf; 2'))
    answer = await api.call("GET", "/v1/consents/export")
    assert number(56) not in answer.raw.decode()
    assert f"{number(57)},event_notice,paper_form,2026-09" in answer.raw.decode()
    lines = answer.raw.decode().strip().splitlines()
    again = await api.post_raw("/v1/consents/import", answer.raw, "text/csv")
    assert (again.status, again.body["imported"]) == (201, len(lines) - 1)


@pytest.fixture(scope="module")
def spoken() -> dict[str, str]:
    return {"cy": CONSENTED[20], "ur": CONSENTED[21], "pl": CONSENTED[22]}


async def test_3_3_each_recipient_gets_the_approved_version_in_their_language(
    api: Api, spoken: dict[str, str]
) -> None:
    """3.3: an approved version in the recipient's language, else English; what was chosen is shown."""
    days = {"en": "Friday", "cy": "dydd Gwener", "ur": "جمعہ"}
    bodies = {"en": "The trip is on {day}.", "cy": "Bydd y daith ar {day}.", "ur": URDU}
    for language, body in bodies.items():
        choices = sorted(days.values())
        await approved(api, "journey", body, "event_notice", language, day=choices)
    for language, to in spoken.items():
        body = {"number": to, "name": f"Speaks {language}", "language": language}
        assert (await api.call("POST", "/v1/contacts", body)).status == 201
    chosen = {}
    for wanted, to in spoken.items():
        request = {"to": to, "template": "journey", "slots": {"day": days.get(wanted, "Friday")}}
        accepted = (await api.call("POST", "/v1/messages", request)).body
        shown = (await api.call("GET", f"/v1/messages/{accepted['id']}")).body
        (why,) = (await api.call("GET", f"/v1/messages/{accepted['id']}/why")).body["items"]
        chosen[wanted] = (accepted["language"], accepted["parts"], why["detail"]["facts"]["language"])
        assert shown["text"].endswith(WAYS_OUT.get(wanted, "Reply STOP to opt out."))
        if wanted == "ur":
            assert URDU.format(day="جمعہ") in shown["text"]  # right to left, letter by letter as approved
    assert chosen == {
        "cy": ("cy", 1, "cy, the recipient's"),
        "ur": ("ur", 2, "ur, the recipient's"),
        "pl": ("en", 1, "en: pl is the recipient's, and nothing is approved in it"),
    }


async def test_a_language_that_is_asked_for_goes_before_the_recipients(
    api: Api, spoken: dict[str, str]
) -> None:
    request = {"to": spoken["cy"], "template": "journey", "slots": {"day": "Friday"}, "language": "en"}
    checked = (await api.call("POST", "/v1/messages/check", request)).body
    assert "The trip is on Friday." in checked["text"]
    urdu = request | {"to": CONSENTED[23], "language": "ur", "slots": {"day": "جمعہ"}}
    checked = (await api.call("POST", "/v1/messages/check", urdu)).body
    assert (checked["alphabet"], checked["parts"], checked["outcome"]) == ("ucs2", 2, "ALLOW")
    assert checked["units"] == len(checked["text"].encode("utf-16-be")) // 2 > 70


async def test_a_batch_is_in_as_many_languages_as_its_recipients(api: Api, spoken: dict[str, str]) -> None:
    body = {
        "template": "trip",
        "slots": {"place": "the farm", "day": "Monday"},
        "recipients": [{"to": to} for to in spoken.values()],
    }
    await approved(
        api,
        "trip",
        "Bydd y daith {place} ar {day}.",
        "event_notice",
        "cy",
        place=["i'r amgueddfa", "i'r fferm"],
        day=["ddydd Gwener", "ddydd Llun"],
    )
    results = (await api.call("POST", "/v1/batches", body)).body["results"]
    assert [each["language"] for each in results] == ["cy", "en", "en"]
    texts = [(await api.call("GET", f"/v1/messages/{each['id']}")).body["text"] for each in results]
    # What was chosen in English is said in the version's own words: choices stand in one order.
    assert ["i'r fferm ar ddydd Llun" in text for text in texts] == [True, False, False]
    assert ["to the farm is on Monday" in text for text in texts] == [False, True, True]
