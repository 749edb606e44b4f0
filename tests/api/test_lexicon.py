"""The organisation's own words: proposed, published by another person, in force at once and from then on."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from gateway.clock import utc_now
from gateway.config import load
from gateway.daemon import started
from tests.api.conftest import CONSENTED, Api
from tests.system.site import message

OWN = (
    'glossary = ["ZQF"]\n\n[content.rivals]\ntitle = "another school"\nclause = "7.1"\ndeny = ["hogwarts"]\n'
)
WORDING = {"name": "visit", "purpose": "event_notice", "body": "Come to Hogwarts on Friday."}


async def propose(api: Api, document: str = OWN) -> tuple[dict[str, Any], str]:
    """Propose a document; return its version and the id of the question about it."""
    made = await api.call("POST", "/v1/lexicon", {"document": document}, who="author")
    assert made.status == 201, made.body
    waiting = (await api.call("GET", "/v1/approvals", who="head")).body["items"]
    return made.body, next(each["id"] for each in waiting if each["target"] == made.body["id"])


async def approve(api: Api, ident: str) -> None:
    assert (await api.call("POST", f"/v1/approvals/{ident}/approve", who="head")).status == 200


async def test_before_the_first_there_is_an_empty_document(api: Api) -> None:
    found = (await api.call("GET", "/v1/lexicon")).body
    assert (found["version"], found["document"], found["author"]) == (0, "", None)
    assert (await api.call("GET", "/v1/lexicon/history")).body["items"] == []


async def test_2_2_what_two_people_publish_is_in_force_at_once_and_after_a_restart(api: Api) -> None:
    drafted, ident = await propose(api)
    assert (drafted["version"], drafted["status"]) == (1, "draft")
    accepted = await api.call("POST", "/v1/templates", WORDING, who="author")
    assert accepted.status == 201  # a proposal changes nothing
    own = await api.call("POST", f"/v1/approvals/{ident}/approve", who="author")
    own.is_problem(403, "SCOPE_MISSING")
    shown = (await api.call("GET", f"/v1/approvals/{ident}", who="head")).body["content"]
    assert shown["document"] == OWN
    assert '+glossary = ["ZQF"]' in shown["changes"]
    await approve(api, ident)
    found = (await api.call("GET", "/v1/lexicon")).body
    assert (found["version"], found["author"], found["approver"]) == (1, "author", "head")
    refused = await api.call("POST", "/v1/templates", WORDING, who="author")
    refused.is_problem(422, "INVALID")
    assert "another school" in refused.faults()["body"]
    config = load(api.directory / "schoolgate.toml")
    config = config.model_copy(update={"api": config.api.model_copy(update={"unix_socket": None})})
    async with started(config) as other:
        words = other.use_cases.outbound.desk.vocabulary.words
        assert words is not None
        assert words.version == 1
        assert "hogwarts" in words.lexicon.phrases.words


async def test_what_waits_is_judged_by_the_new_words_too(api: Api) -> None:
    later = (utc_now() + timedelta(days=1)).isoformat()
    idents = []
    for index, place in enumerate(("the museum", "the farm")):
        body = message(CONSENTED[index], slots={"place": place, "day": "Friday"}, not_before=later)
        answer = await api.call("POST", "/v1/messages", body)
        assert answer.status == 202, answer.body
        idents.append(answer.body["id"])
    document = '[content.farms]\ntitle = "farms"\nclause = "7.1"\ndeny = ["the farm"]\n'
    _, ident = await propose(api, document)
    await approve(api, ident)
    museum, farm = [(await api.call("GET", f"/v1/messages/{each}")).body for each in idents]
    assert (museum["status"], farm["status"], farm["cancel_reason"]) == ("scheduled", "cancelled", "policy")
    why = (await api.call("GET", f"/v1/messages/{farm['id']}/why")).body["items"][-1]
    assert (why["actor"], why["action"], why["outcome"]) == ("gateway", "judged-anew", "DENY")
    assert why["clauses"] == ["7.1"]


async def test_a_new_version_retires_the_one_before(api: Api) -> None:
    _, first = await propose(api)
    await approve(api, first)
    _, second = await propose(api, "")
    await approve(api, second)
    page = (await api.call("GET", "/v1/lexicon/history")).body["items"]
    assert [(each["version"], each["status"]) for each in page] == [(2, "published"), (1, "retired")]
    assert (await api.call("POST", "/v1/templates", WORDING, who="author")).status == 201


async def test_a_proposal_against_what_is_no_longer_in_force_is_void(api: Api) -> None:
    _, first = await propose(api)
    _, second = await propose(api, 'glossary = ["PTA"]')
    await approve(api, first)
    late = await api.call("POST", f"/v1/approvals/{second}/approve", who="head")
    late.is_problem(409, "APPROVAL_VOID")
    page = (await api.call("GET", "/v1/lexicon/history")).body["items"]
    assert [(each["version"], each["status"]) for each in page] == [(2, "refused"), (1, "published")]


async def test_every_fault_of_a_document_is_named_and_nothing_is_proposed(api: Api) -> None:
    bad = '[content.medical]\ndeny = [".. x"]\nremove = ["nothing"]'
    answer = await api.call("POST", "/v1/lexicon", {"document": bad}, who="author")
    answer.is_problem(422, "INVALID")
    messages = " ".join(each["message"] for each in answer.body["errors"])
    assert "content.medical.deny" in messages
    assert "content.medical.remove" in messages
    assert (await api.call("GET", "/v1/lexicon/history")).body["items"] == []


async def test_who_may_not_change_the_words_is_refused(api: Api) -> None:
    answer = await api.call("POST", "/v1/lexicon", {"document": OWN})
    answer.is_problem(403, "SCOPE_MISSING")
