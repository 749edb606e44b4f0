"""Kannel's sendsms: old programs work unchanged, and the policy holds for them as for all."""

from __future__ import annotations

import asyncio
import base64
import os
import re
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlencode

import aiohttp
import pytest
import pytest_asyncio

from gateway.records import TemplateRequest
from tests.api.conftest import CONSENTED, STRANGER, Api, running

PATH = "/cgi-bin/sendsms"
TEXT = "The trip to the museum is on Friday."
SCOPES = ["messages:send", "messages:kannel", "messages:read"]
FORM = "application/x-www-form-urlencoded"
ON = '[kannel]\nenabled = true\nignore = ["dlr-url"]\n'
LATE = TemplateRequest(
    name="late",
    purpose="event_notice",
    body="{route} is late: expect it at {at}.",
    slots={"route": {"type": "choice", "choices": ["Bus 7"]}, "at": {"type": "time"}},
)
ONE_SITE = pytest.mark.asyncio(loop_scope="module")


async def told(api: Api, method: str = "GET", *, auth: str | None = None, **fields: str) -> tuple[int, str]:
    """Make one request as an old program does; return status and body."""
    encoded = urlencode({name.replace("_", "-"): value for name, value in fields.items()}, encoding="latin-1")
    headers = {} if auth is None else {"Authorization": auth}
    url = api.daemon.api_url + PATH + ("" if method == "POST" else f"?{encoded}")
    data = encoded if method == "POST" else None
    if method == "POST":
        headers["Content-Type"] = FORM
    async with aiohttp.request(method, url, data=data, headers=headers) as answer:
        assert answer.content_type == "text/plain"
        return answer.status, await answer.text()


def basic(user: str, key: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{key}".encode()).decode()


def octets(text: str, charset: str = "utf-8") -> str:
    return text.encode(charset).decode("latin-1")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def site(furnished: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Api]:
    async with running(furnished, tmp_path_factory.mktemp("kannel"), ON) as made:
        access = made.daemon.use_cases.access
        author, head = [await access.authenticate(made.tokens[who], "unix") for who in ("author", "head")]
        drafted = await made.daemon.use_cases.templates.draft(author, LATE)
        await made.daemon.use_cases.templates.approve(head, drafted.id)
        made.tokens["kannel"] = await made.key("office", scopes=SCOPES)
        yield made


async def sent(api: Api, to: str) -> list[str]:
    page = (await api.call("GET", "/v1/messages?limit=200")).body["items"]
    return [each["text"] for each in page if each["to"] == to]


@ONE_SITE
async def test_a_form_is_accepted_by_the_template_whose_words_it_has(site: Api) -> None:
    key = site.tokens["kannel"]
    fields = {"username": "office", "password": key, "to": CONSENTED[0], "from": "School", "smsc": "any"}
    assert await told(site, "POST", **fields, text=TEXT) == (202, "0: Accepted for delivery")
    (text,) = await sent(site, CONSENTED[0])
    assert TEXT in text
    assert "STOP" in text  # what the gateway adds


@ONE_SITE
@pytest.mark.parametrize(("index", "before"), [(7, "+44"), (8, " 44"), (9, "0"), (10, "0044"), (11, "44")])
async def test_a_get_with_the_key_in_the_header_is_accepted(site: Api, index: int, before: str) -> None:
    """The number as +44…, with its plus lost on the way, and as people and programs write it."""
    auth = basic("office", site.tokens["kannel"])
    answer = await told(site, auth=auth, to=before + CONSENTED[index][3:], text=TEXT)
    assert answer == (202, "0: Accepted for delivery")
    assert len(await sent(site, CONSENTED[index])) == 1


@ONE_SITE
@pytest.mark.parametrize(
    ("text", "more"),
    [
        (octets("Bus 7 is late: expect it at 3:30pm."), {}),
        (octets("Bus 7 is late: expect it at 3:31pm.", "utf-16be"), {"coding": "2"}),
        (
            octets("Bus 7 is late: expect it at 15:32.", "iso-8859-1"),
            {"charset": "ISO-8859-1", "coding": "0"},
        ),
    ],
)
async def test_a_text_comes_in_its_charset(site: Api, text: str, more: dict[str, str]) -> None:
    auth = f"Bearer {site.tokens['kannel']}"
    assert (await told(site, auth=auth, to=CONSENTED[2], text=text, **more))[0] == 202
    assert "Bus 7 is late: expect it at 3:3" in (await sent(site, CONSENTED[2]))[0]


@ONE_SITE
async def test_what_the_policy_refuses_is_refused_with_its_clause(site: Api) -> None:
    auth = f"Bearer {site.tokens['kannel']}"
    status, text = await told(site, auth=auth, to=STRANGER, text=TEXT)
    assert (status, "(CONSENT_MISSING, clause " in text) == (403, True), text
    assert STRANGER.removeprefix("+44") not in text
    status, text = await told(site, auth=auth, to=CONSENTED[3], text="Bus 7 is late: expect it at 25pm.")
    assert (status, "slot at" in text) == (403, True), text
    status, text = await told(site, auth=auth, to=CONSENTED[3], text="Dear parents, bring wellingtons.")
    assert (status, text) == (400, "No approved template has this wording, rejected")
    assert await sent(site, CONSENTED[3]) == []


@ONE_SITE
@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"text": TEXT}, "Missing receiver number, rejected"),
        ({"to": "", "text": TEXT}, "Empty receiver number not allowed, rejected"),
        ({"to": "+447700900001 +447700900002", "text": TEXT}, "Several receivers, rejected"),
        ({"to": CONSENTED[4]}, "Empty text not allowed, rejected."),
        ({"to": CONSENTED[4], "text": TEXT, "coding": "x"}, "Coding field misformed, rejected"),
        ({"to": CONSENTED[4], "text": TEXT, "coding": "1"}, "coding=1 is not supported here, rejected"),
        ({"to": CONSENTED[4], "text": TEXT, "charset": "klingon"}, "Charset or body misformed, rejected"),
        ({"to": CONSENTED[4], "text": "\xff\xfe"}, "Charset or body misformed, rejected"),
        ({"to": CONSENTED[4], "text": TEXT, "validity": "soon"}, "Validity field misformed, rejected"),
        ({"to": CONSENTED[4], "text": TEXT, "validity": "0"}, "Validity field misformed, rejected"),
        ({"to": CONSENTED[4], "text": TEXT, "deferred": "9999999"}, "Deferred field misformed, rejected"),
        ({"to": CONSENTED[4], "text": TEXT, "priority": "4"}, "Priority field misformed, rejected"),
        ({"to": CONSENTED[4], "text": TEXT, "udh": "\x06"}, "udh is not supported here, rejected: no user"),
        ({"to": CONSENTED[4], "text": TEXT, "mclass": "1"}, "mclass is not supported here, rejected"),
        ({"to": CONSENTED[4], "text": TEXT, "07700900123": "1"}, "A field is not supported here, rejected"),
        ({"to": CONSENTED[4], "text": TEXT, "fleet": "1"}, "fleet is not supported here, rejected"),
    ],
)
async def test_what_is_not_understood_is_answered_in_kannels_words(
    site: Api, fields: dict[str, str], said: str
) -> None:
    status, text = await told(site, auth=f"Bearer {site.tokens['kannel']}", **fields)
    assert (status, text.startswith(said)) == (400, True), text
    assert "07700900123" not in text


@ONE_SITE
async def test_deferred_validity_priority_and_overlooked_fields_are_taken(site: Api) -> None:
    answer = await told(
        site,
        auth=f"Bearer {site.tokens['kannel']}",
        to=CONSENTED[5],
        text=TEXT,
        deferred="60",
        validity="120",
        priority="3",
        dlr_mask="31",
        dlr_url="http://example/x",
        account="a",
        binfo="b",
        coding="-1",
    )
    assert answer == (202, "0: Accepted for delivery")
    (made,) = [
        each
        for each in (await site.call("GET", "/v1/messages?limit=200")).body["items"]
        if each["to"] == CONSENTED[5]
    ]
    assert made["status"] == "scheduled"


@ONE_SITE
async def test_the_key_is_needed_and_not_in_the_address(site: Api) -> None:
    key = site.tokens["kannel"]
    common = {"to": CONSENTED[6], "text": TEXT}
    denied = "Authorization failed for sendsms"
    usual = await site.key("office")  # no scope named: not this one
    for auth, fields, why in (
        (None, {}, "give username and password"),
        (None, {"username": "office", "password": key}, "key_in_url"),
        (None, {"user": "office", "pass": "wrong"}, "key_in_url"),
        ("Bearer sg_live_x", {}, "KEY_MALFORMED"),
        ("Basic ???", {}, "KEY_MALFORMED"),
        (basic("head", key), {}, "of another person"),
        (f"Bearer {usual}", {}, "messages:kannel"),
    ):
        status, text = await told(site, auth=auth, **common, **fields)
        assert (status, text.startswith(denied), why in text) == (403, True, True), text
        assert key not in text
    status, text = await told(site, "POST", **common, username="office", password=usual)
    assert (status, "messages:kannel" in text) == (403, True)
    assert await sent(site, CONSENTED[6]) == []


@ONE_SITE
@pytest.mark.parametrize(
    ("data", "media", "status"),
    [
        (b"x" * 20_000, FORM, 413),
        (b"to=1", "text/plain", 415),
        (b"\xff\xfe", FORM, 415),
        (b"a=1&" * 100, FORM, 400),
    ],
)
async def test_a_body_that_is_no_form_is_refused(site: Api, data: bytes, media: str, status: int) -> None:
    answer = await site.post_raw(PATH, data, media)
    assert answer.status == status


async def test_the_key_may_be_in_the_address_where_that_is_wanted(furnished: Path, tmp_path: Path) -> None:
    """And free text waits for a second person where it has a purpose."""
    more = 'key_in_url = true\nfree_text_purpose = "event_notice"\n'
    async with running(furnished, tmp_path, ON + more) as api:
        await api.daemon.use_cases.access.grant("office", "free_text_sender", by="test")
        key = await api.key("office", scopes=[*SCOPES, "messages:free_text"])
        common = {"user": "office", "pass": key}
        assert (await told(api, **common, to=CONSENTED[0], text=TEXT))[1] == "0: Accepted for delivery"
        answer = await told(api, **common, to=CONSENTED[1], text="Please bring wellingtons on Friday.")
        assert answer == (202, "3: Queued for later delivery")
        assert (await told(api, user="head", **{"pass": key}, to=CONSENTED[0], text=TEXT))[0] == 403
        plain = await api.key("office", scopes=SCOPES)
        status, text = await told(api, user="office", **{"pass": plain}, to=CONSENTED[2], text="Hello there.")
        assert (status, "messages:free_text" in text) == (403, True), text


@ONE_SITE
async def test_the_example_of_the_documentation_sends(site: Api) -> None:
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    page = (Path(__file__).parents[2] / "docs" / "api.md").read_text()
    (code,) = re.findall(r"```\n(curl [^`]*/cgi-bin/sendsms.*?)```", page, re.DOTALL)
    told = {
        "SCHOOLGATE_URL": site.daemon.api_url,
        "SCHOOLGATE_KEY": site.tokens["kannel"],
        "TO": CONSENTED[12],
    }
    process = await asyncio.create_subprocess_exec(
        *("bash", "-e", "-c", code.replace("username=mis", "username=office")),
        env=os.environ | told,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert (await process.communicate())[0] == b"0: Accepted for delivery"


async def test_it_is_off_unless_configured(api: Api) -> None:
    answer = await api.call("GET", PATH)
    answer.is_problem(404, "NOT_FOUND")
