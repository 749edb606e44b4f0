"""GOV.UK Notify's own client, unchanged, against this gateway; and what no client of theirs would send."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import shutil
import subprocess
import sys
import textwrap
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest

from api.govuk.schema import Notifications
from api.govuk.words import MEANT, WORDS, from_uuid, to_uuid
from gateway.clock import utc_now
from gateway.errors import Invalid
from gateway.ids import new_id
from gateway.model import Status
from gateway.records import KeyKind
from tests.api.conftest import CONSENTED, STRANGER, Answer, Api
from tests.system.site import SLOTS, TEMPLATE, eventually, number, site

CLIENT = "notifications-python-client==13.0.0"


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def token(key: str, *, alg: str = "HS256", **claims: object) -> str:
    """Make a token as RFC 7515 and 7519 have it, by no code of the gateway's."""
    service, secret = key[-73:-37], key[-36:]
    head = encoded(json.dumps({"typ": "JWT", "alg": alg}).encode())
    body = encoded(json.dumps({"iss": service, "iat": int(utc_now().timestamp())} | claims).encode())
    signature = hmac.new(secret.encode(), f"{head}.{body}".encode(), hashlib.sha256).digest()
    return f"{head}.{body}.{encoded(signature)}"


async def govuk_key(api: Api, who: str = "office") -> str:
    return str((await api.call("GET", "/v1/notify-key", who=who)).body["api_key"])


async def ask(api: Api, method: str, path: str, body: object = None, *, bearer: str) -> Answer:
    headers = {"Authorization": f"Bearer {bearer}"}
    return await api.call(method, path, body, who=None, headers=headers)


def is_failure(answer: Answer, status: int, kind: str, words: str) -> None:
    assert answer.status == status, answer.body
    assert answer.body["status_code"] == status
    assert {each["error"] for each in answer.body["errors"]} == {kind}
    assert words in answer.body["errors"][0]["message"]


async def template_uuid(api: Api, key: str) -> str:
    listed = await ask(api, "GET", "/v2/templates", bearer=token(key))
    return str(listed.body["templates"][0]["id"])


async def test_a_message_is_sent_shown_and_listed(api: Api) -> None:
    key = await govuk_key(api)
    template = await template_uuid(api, key)
    body = {"phone_number": CONSENTED[0], "template_id": template, "personalisation": SLOTS, "reference": "r"}
    made = await ask(api, "POST", "/v2/notifications/sms", body, bearer=token(key))
    assert made.status == 201, made.body
    assert made.body["content"]["body"].endswith("Reply STOP to opt out.")
    shown = await ask(api, "GET", f"/v2/notifications/{made.body['id']}", bearer=token(key))
    assert (shown.body["status"], shown.body["phone_number"], shown.body["type"]) == (
        "created", CONSENTED[0], "sms"
    )  # fmt: skip
    again = await ask(api, "POST", "/v2/notifications/sms", body, bearer=token(key))
    assert again.body["id"] != made.body["id"]  # a reference may be shared there
    listed = await ask(api, "GET", "/v2/notifications?reference=r&status=created", bearer=token(key))
    assert [each["id"] for each in listed.body["notifications"]] == [again.body["id"], made.body["id"]]
    older = await ask(
        api, "GET", listed.body["links"]["next"].removeprefix(api.daemon.api_url), bearer=token(key)
    )
    assert older.body["notifications"] == []
    assert "next" not in older.body["links"]


async def test_the_policy_is_the_same(api: Api) -> None:
    key = await govuk_key(api)
    template = await template_uuid(api, key)
    body = {"phone_number": STRANGER, "template_id": template, "personalisation": SLOTS}
    answer = await ask(api, "POST", "/v2/notifications/sms", body, bearer=token(key))
    is_failure(answer, 400, "BadRequestError", "(CONSENT_MISSING, clause ")
    assert STRANGER.removeprefix("+44").encode() not in answer.raw


async def test_what_is_missing_or_too_much_is_named(api: Api) -> None:
    key = await govuk_key(api)
    answer = await ask(api, "POST", "/v2/notifications/sms", {"phone": "x"}, bearer=token(key))
    is_failure(answer, 400, "ValidationError", "is missing")
    template = await template_uuid(api, key)
    path = f"/v2/template/{template}/preview"
    answer = await ask(api, "POST", path, {"personalisation": {"Place": "the farm"}}, bearer=token(key))
    is_failure(answer, 400, "BadRequestError", "Missing personalisation: day")
    answer = await ask(api, "POST", "/v2/notifications/email", {"x": 1}, bearer=token(key))
    is_failure(answer, 400, "BadRequestError", "text messages only")
    for path in (f"/v2/notifications/{uuid.uuid4()}", f"/v2/template/{uuid.uuid4()}"):
        is_failure(await ask(api, "GET", path, bearer=token(key)), 404, "NoResultFound", "No result found")
    for path in ("/v2/notifications/1", "/v2/template/1", "/v2/template/1/version/1"):
        answer = await ask(api, "GET", path, bearer=token(key))
        is_failure(answer, 400, "ValidationError", "id is not a valid UUID")
    for path in ("/v2/notifications?older_than=1", "/v2/received-text-messages?older_than=1"):
        answer = await ask(api, "GET", path, bearer=token(key))
        is_failure(answer, 400, "ValidationError", "older_than is not a valid UUID")


async def test_what_is_wrong_with_a_message_is_said_as_notify_says_it(api: Api) -> None:
    """By the tables of errors in Notify's own documentation."""
    key = await govuk_key(api)
    body = {"phone_number": CONSENTED[0], "template_id": await template_uuid(api, key)}

    async def send(**more: object) -> Answer:
        return await ask(api, "POST", "/v2/notifications/sms", body | more, bearer=token(key))

    is_failure(await send(template_id="1"), 400, "ValidationError", "template_id is not a valid UUID")
    is_failure(await send(template_id=str(uuid.uuid4())), 400, "BadRequestError", "Template not found")
    is_failure(await send(), 400, "BadRequestError", "Missing personalisation: place, day")
    is_failure(await send(personalisation=None), 400, "BadRequestError", "Missing personalisation: place")
    null = {**SLOTS, "day": None}
    is_failure(await send(personalisation=null), 400, "BadRequestError", "Missing personalisation: day")
    wrong = await send(phone_number="0770", personalisation=SLOTS)
    assert wrong.body["errors"][0]["error"] == "ValidationError"
    assert wrong.body["errors"][0]["message"].startswith("phone_number")
    more = {**SLOTS, "name": "Jo"}  # a value that the template has no place for does no harm there
    made = await send(personalisation=more, reference="r" * 1000)
    assert made.status == 201, made.body
    listed = await ask(
        api, "GET", "/v2/notifications?status=delivered&status=created&status=accepted", bearer=token(key)
    )
    assert [each["id"] for each in listed.body["notifications"]] == [made.body["id"]]
    none = await ask(api, "GET", "/v2/notifications?status=accepted", bearer=token(key))
    assert none.body["notifications"] == []


async def test_only_a_sound_fresh_token_of_a_living_key_is_let_in(api: Api) -> None:
    key = await govuk_key(api)
    path = "/v2/notifications"
    assert (await ask(api, "GET", path, bearer=token(key))).status == 200
    now = int(utc_now().timestamp())
    other = key[:-36] + str(uuid.uuid4())
    stranger = key[:-37].replace(key[-49:-37], "0123456789ab") + "-" + str(uuid.uuid4())
    bad = {
        token(other): "API key not found",
        token(stranger): "API key not found",
        token(key, iat=now - 40): "system clock",
        token(key, iat=now + 40): "system clock",
        token(key, iat=None): "iat field not provided",
        token(key, iat=True): "iat field not provided",
        token(key, iat="x"): "iat field not provided",
        token(key, iss="x"): "service not found",
        token(key, iss=None): "service not found",
        token(key, alg="none"): "algorithm",
        token(key, alg="HS512"): "algorithm",
        token(key)[:-3]: "",
        token(key).rpartition(".")[0] + ".": "API key not found",
        "a.b": "API token matches the example",
        "a.b.c": "signature",
        "x" * 5000: "API token matches the example",
        encoded(b"[]") + "." + encoded(b"[]") + ".": "signature",
        encoded(b"[" * 1000) + ".e30.": "signature",
        api.tokens["office"]: "API token matches the example",
    }
    for bearer, words in bad.items():
        answer = await ask(api, "GET", path, bearer=bearer)
        is_failure(answer, 403, "AuthError", words)
        assert bearer.encode() not in answer.raw
    missing = await api.call("GET", path, who=None)
    is_failure(missing, 401, "AuthError", "token must be provided")
    await api.daemon.use_cases.access.revoke_key(key[-49:-37], by="test")
    is_failure(await ask(api, "GET", path, bearer=token(key)), 403, "AuthError", "revoked")


async def test_a_test_key_sends_nothing_and_says_delivered(api: Api) -> None:
    test = await api.key("office", kind=KeyKind.TEST)
    key = await govuk_key(api, who=test)
    template = await template_uuid(api, key)
    body = {"phone_number": CONSENTED[0], "template_id": template, "personalisation": SLOTS}
    made = await ask(api, "POST", "/v2/notifications/sms", body, bearer=token(key))
    shown = await ask(api, "GET", f"/v2/notifications/{made.body['id']}", bearer=token(key))
    assert shown.body["status"] == "delivered"
    assert shown.body["completed_at"].endswith("Z")


def test_an_identifier_and_its_uuid_are_the_same_128_bits() -> None:
    for _ in range(200):
        ident = new_id("msg", utc_now())
        assert from_uuid("msg", "id", to_uuid(ident)) == ident
    for text in ("", "x", "1" * 31, "g" * 32):
        with pytest.raises(Invalid):
            from_uuid("msg", "id", text)


def test_every_status_has_a_word_and_every_word_can_be_asked_for() -> None:
    assert set().union(*MEANT.values()) == set(Status)
    asked = get_args(get_args(Notifications.model_fields["status"].annotation)[0])
    assert {*WORDS, "failed"} <= set(asked)


# -- their own client ----------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def their_python(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Install their client into an environment of its own, where a registry can be reached."""
    directory = tmp_path_factory.mktemp("govuk")
    subprocess.run([sys.executable, "-m", "venv", directory], check=True)
    python = directory / "bin" / "python"
    pip = [python, "-m", "pip", "install", "--quiet", "--retries", "1", "--timeout", "10", CLIENT]
    done = subprocess.run(pip, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"{CLIENT} cannot be installed here")
    yield python
    shutil.rmtree(directory, ignore_errors=True)


SCRIPT = textwrap.dedent(
    """
    import json, sys
    from notifications_python_client import NotificationsAPIClient
    from notifications_python_client.errors import HTTPError

    url, key, number, stranger, slots = sys.argv[1:]
    client = NotificationsAPIClient(key, base_url=url)
    found = {}
    templates = client.get_all_templates(template_type="sms")["templates"]
    template = templates[0]["id"]
    found["template"] = client.get_template(template)
    found["version"] = client.get_template_version(template, 1)["body"]
    found["preview"] = client.post_template_preview(template, json.loads(slots))["body"]
    sent = client.send_sms_notification(number, template, json.loads(slots), reference="trip")
    found["sent"] = sent
    found["shown"] = client.get_notification_by_id(sent["id"])
    found["all"] = [each["id"] for each in client.get_all_notifications_iterator(reference="trip")]
    found["received"] = [each["content"] for each in client.get_received_texts_iterator()]
    for name, call in {
        "refused": lambda: client.send_sms_notification(stranger, template, json.loads(slots)),
        "unknown": lambda: client.get_notification_by_id("00000000-0000-0000-0000-000000000000"),
        "email": lambda: client.send_email_notification("a@example.org", template),
        "stranger": lambda: NotificationsAPIClient(key[:-1] + "0" * (key[-1] != "0") + "1" * (key[-1] == "0"),
                                                   base_url=url).get_all_notifications(),
    }.items():
        try:
            call()
        except HTTPError as error:
            found[name] = [error.status_code, error.message[0]["error"], error.message[0]["message"]]
    print(json.dumps(found))
    """
)


SHOWN = {  # GetOneMessageResponse of Notify's description, and what its clients' documentation adds
    *(
        "id",
        "reference",
        "email_address",
        "phone_number",
        "postcode",
        "postage",
        "type",
        "status",
        "template",
    ),
    *("body", "subject", "created_at", "created_by_name", "sent_at", "completed_at", "scheduled_for"),
    *("one_click_unsubscribe_url", "is_cost_data_ready", "cost_in_pounds", "cost_details"),
    *(f"line_{number}" for number in range(1, 7)),
    *("estimated_delivery",),
}


@pytest.mark.system
async def test_their_python_client_works_unchanged(tmp_path: Path, their_python: Path) -> None:
    parent = number(1)
    async with site(tmp_path, numbers=[parent]) as made:
        made.network.text(parent, "sim0", "Thank you")

        async def arrived() -> Any:
            return (await made.call("GET", "/v1/inbox"))[1]["items"]

        await eventually(arrived, what="the reply")
        _, key = await made.call("GET", "/v1/notify-key")
        arguments = [made.url, key["api_key"], parent, STRANGER, json.dumps(SLOTS)]
        process = await asyncio.create_subprocess_exec(
            their_python,
            "-c",
            SCRIPT,
            *arguments,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        output, trouble = await process.communicate()
        assert process.returncode == 0, trouble.decode()
        found = json.loads(output)
        ours = from_uuid("msg", "id", found["sent"]["id"])
        assert (await made.reaches(ours, "delivered"))["to"] == parent
        assert made.texts(parent)[0] == found["sent"]["content"]["body"] == found["preview"]
    assert found["template"]["name"] == "trip"
    assert found["version"] == TEMPLATE.body.replace("{", "((").replace("}", "))")
    assert found["shown"]["id"] == found["sent"]["id"]
    assert found["shown"].keys() == SHOWN
    assert found["all"] == [found["sent"]["id"]]
    assert found["received"] == ["Thank you"]
    assert found["refused"][:2] == [400, "BadRequestError"]
    assert "CONSENT_MISSING" in found["refused"][2]
    assert found["unknown"] == [404, "NoResultFound", "No result found"]
    assert found["email"][:2] == [400, "BadRequestError"]
    assert found["stranger"][:2] == [403, "AuthError"]


# -- and the one for Node ------------------------------------------------------------------------------

NODE_CLIENT = "notifications-node-client@8.4.0"
NODE_SCRIPT = textwrap.dedent(
    """
    const { NotifyClient } = require("notifications-node-client");
    const [url, key, number, stranger, slots] = process.argv.slice(2);
    const client = new NotifyClient(url, key);
    (async () => {
      const templates = (await client.getAllTemplates("sms")).data.templates;
      const template = templates[0].id;
      const options = { personalisation: JSON.parse(slots), reference: "trip" };
      const sent = (await client.sendSms(template, number, options)).data;
      const found = {
        sent: sent.id,
        template: (await client.getTemplateById(template)).data.name,
        preview: (await client.previewTemplateById(template, JSON.parse(slots))).data.body,
        shown: (await client.getNotificationById(sent.id)).data.status,
        all: (await client.getNotifications("sms", undefined, "trip")).data.notifications.map((n) => n.id),
        received: (await client.getReceivedTexts()).data.received_text_messages,
      };
      try {
        await client.sendSms(template, stranger, options);
      } catch (error) {
        found.refused = error.response.data;
      }
      console.log(JSON.stringify(found));
    })();
    """
)


@pytest.mark.system
async def test_their_node_client_works_unchanged(api: Api, tmp_path: Path) -> None:
    directory = tmp_path / "node"
    directory.mkdir()
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("node and npm are not installed")
    install = [
        "npm",
        "install",
        "--no-audit",
        "--no-fund",
        "--ignore-scripts",
        "--fetch-retries=1",
        NODE_CLIENT,
    ]
    done = await asyncio.to_thread(subprocess.run, install, cwd=directory, capture_output=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"{NODE_CLIENT} cannot be installed here")
    (directory / "script.js").write_text(NODE_SCRIPT)
    key = await govuk_key(api)
    process = await asyncio.create_subprocess_exec(
        *["node", "script.js", api.daemon.api_url, key, CONSENTED[0], STRANGER, json.dumps(SLOTS)],
        cwd=directory,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, trouble = await process.communicate()
    assert process.returncode == 0, trouble.decode()
    found = json.loads(output)
    assert (found["template"], found["shown"]) == ("trip", "created")
    assert found["all"] == [found["sent"]]
    assert found["preview"].endswith("Reply STOP to opt out.")
    assert found["received"] == []
    assert found["refused"]["errors"][0]["error"] == "BadRequestError"
