"""Webhooks, received by a real HTTP server."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from gateway.clock import utc_now
from gateway.config import load
from gateway.daemon import started
from gateway.guard import Forbidden, Guard, allowed
from gateway.signing import headers
from tests.api.conftest import CONSENTED, Answer, Api, running
from tests.api.test_events import history, opt_out
from tests.system.site import eventually


@dataclass(slots=True)
class Receiver:
    """A server that keeps what it gets and answers as it is told."""

    url: str = ""
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    answer: Callable[[], web.Response] = lambda: web.Response()

    async def handle(self, request: web.Request) -> web.Response:
        body = await request.read()
        self.got.append(({name.lower(): value for name, value in request.headers.items()}, body))
        return self.answer()

    def bodies(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body in self.got]

    def ids(self) -> list[str]:
        return [head["webhook-id"] for head, _ in self.got]


@asynccontextmanager
async def receiver() -> AsyncIterator[Receiver]:
    made = Receiver()
    app = web.Application()
    app.router.add_route("*", "/hook", made.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    try:
        yield made
    finally:
        await runner.cleanup()


async def add(api: Api, url: str, types: Sequence[str] = ("*",), **more: object) -> Answer:
    answer = await api.call("POST", "/v1/webhooks", {"url": url, "types": list(types)} | more)
    assert answer.status == 201, answer.body
    return answer


def is_signed(secret: str, head: dict[str, str], body: bytes) -> bool:
    """Verify as a receiver does, by the specification and not by our code."""
    key = base64.b64decode(secret[len("whsec_") :])
    signed = head["webhook-id"].encode() + b"." + head["webhook-timestamp"].encode() + b"." + body
    wanted = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return wanted in head["webhook-signature"].split(" ")


def test_a_signature_is_that_of_the_specification() -> None:
    """The example of the reference implementation: standard-webhooks, libraries/python/tests."""
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    at = utc_now().replace(microsecond=0)
    body = b'{"test": 2432232314}'
    made = headers([secret], "msg_p5jXN8AQM9LWM0D4loKWxJek", at, body)
    assert is_signed(secret, dict(made), body)
    known = utc_now().fromtimestamp(1614265330, tz=at.tzinfo)
    made = headers([secret], "msg_p5jXN8AQM9LWM0D4loKWxJek", known, body)
    assert made["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


async def test_an_event_arrives_signed_with_ids_and_no_number(api: Api) -> None:
    async with receiver() as got:
        made = await add(api, got.url, ["optout.*"])
        ident = await opt_out(api, CONSENTED[0])
        await eventually(lambda: got.got, what="the webhook")
    head, body = got.got[0]
    assert head["content-type"] == "application/json"
    assert is_signed(made.body["secret"], head, body)
    told = json.loads(body)
    assert (told["type"], told["data"]["id"]) == ("optout.added", ident)
    assert told["timestamp"].endswith("Z")
    assert CONSENTED[0].removeprefix("+44").encode() not in body


async def test_the_secret_is_shown_once(api: Api) -> None:
    made = await add(api, "https://example.org/hook")
    assert made.body["secret"].startswith("whsec_")
    shown = await api.call("GET", f"/v1/webhooks/{made.body['id']}")
    listed = await api.call("GET", "/v1/webhooks")
    assert b"whsec_" not in shown.raw + listed.raw
    assert "secret" not in shown.body
    files = [path for path in api.directory.rglob("schoolgate.db*") if path.is_file()]
    assert files
    for path in files:
        content = path.read_bytes()
        assert made.body["secret"].removeprefix("whsec_").encode() not in content
        assert b"example.org" not in content


async def test_what_fails_is_tried_again_under_the_same_id(api: Api) -> None:
    answers = iter([500, 503, 204])
    async with receiver() as got:
        got.answer = lambda: web.Response(status=next(answers, 200))
        made = await add(api, got.url, ["optout.added"])
        await opt_out(api, CONSENTED[0])
        await eventually(lambda: len(got.got) == 3, what="the third try")
        assert len(set(got.ids())) == 1
        path = f"/v1/webhooks/{made.body['id']}/deliveries"

        async def settled() -> bool:
            items = (await api.call("GET", path)).body["items"]
            return [(i["status"], i["attempts"], i["answer"]) for i in items] == [("delivered", 3, "204")]

        await eventually(settled, what="the log")
        (logged,) = (await api.call("GET", path)).body["items"]
        assert (logged["event_id"], logged["type"]) == (got.ids()[0], "optout.added")
    assert all(is_signed(made.body["secret"], head, body) for head, body in got.got)


async def test_a_dead_endpoint_delays_no_other(api: Api) -> None:
    hanging = asyncio.Event()

    async def hang(_request: web.Request) -> web.Response:
        await hanging.wait()
        return web.Response()

    async with receiver() as good:
        app = web.Application()
        app.router.add_post("/hook", hang)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        await add(api, f"http://127.0.0.1:{runner.addresses[0][1]}/hook")
        await add(api, "http://127.0.0.1:9/hook")  # nobody listens there
        await add(api, good.url, ["optout.added"])
        for each in CONSENTED[:5]:
            await opt_out(api, each)
        await eventually(lambda: len(good.got) == 5, within=5, what="all of them at the good one")
        hanging.set()
        await runner.cleanup()


async def test_all_that_came_while_an_endpoint_was_away_arrives_in_order(api: Api) -> None:
    async with receiver() as got:
        got.answer = lambda: web.Response(status=500)
        await add(api, got.url, ["optout.added"])
        idents = [await opt_out(api, each) for each in CONSENTED[:6]]
        await eventually(lambda: len(got.got) >= 2, what="failures")
        got.answer = lambda: web.Response()
        await eventually(lambda: len(set(got.ids())) == 6, what="all of them")
    assert {body["data"]["id"] for body in got.bodies()} == set(idents)


async def test_a_redirect_is_a_failure_and_is_not_followed(api: Api) -> None:
    async with receiver() as elsewhere, receiver() as got:
        moved = web.Response(status=307, headers={"Location": elsewhere.url})
        got.answer = lambda: web.Response(status=307, headers=moved.headers)
        made = await add(api, got.url, ["optout.added"])
        await opt_out(api, CONSENTED[0])
        await eventually(lambda: len(got.got) >= 2, what="a second try")
        log = await api.call("GET", f"/v1/webhooks/{made.body['id']}/deliveries")
    assert elsewhere.got == []
    assert (log.body["items"][0]["status"], log.body["items"][0]["answer"]) == ("retrying", "307")


@pytest.mark.parametrize(
    "url",
    ["https://10.0.0.1/", "https://[::1]/", "https://169.254.169.254/latest", "https://[::ffff:10.0.0.1]/",
     "https://192.168.1.1:8443/x", "http://10.1.1.1/", "https://0.0.0.0/", "https://224.0.0.1/",
     "ftp://example.org/", "https://user:pw@example.org/", "https:///x", "example.org", "https://a:b/",
     "https://example.org/#x", "https://exämple.org/", "https://127.1/", "https://2130706433/",
     "https://0x7f.1/", "https://0177.0.0.1/", "https://127.0.0.1./"],
)  # fmt: skip
async def test_an_address_that_is_not_public_is_refused(api: Api, url: str) -> None:
    answer = await api.call("POST", "/v1/webhooks", {"url": url, "types": ["*"]})
    answer.is_problem(422, "INVALID")
    assert list(answer.faults()) == ["url"]


async def test_a_name_is_judged_by_the_address_that_it_leads_to(api: Api) -> None:
    async with receiver() as got:
        await add(api, got.url.replace("127.0.0.1", "localhost"), ["optout.added"])
        await opt_out(api, CONSENTED[0])
        await eventually(lambda: got.got, what="what [webhooks] allow lets through")
    with pytest.raises(Forbidden):
        await Guard((), public=True).resolve("localhost", 80)
    with pytest.raises(Forbidden):
        await Guard([ip_network("10.0.0.0/8")], public=True).resolve("localhost", 80)


@pytest.mark.parametrize(
    ("address", "is_public"),
    [("8.8.8.8", True), ("2001:4860:4860::8888", True), ("10.0.0.1", False), ("127.0.0.1", False),
     ("169.254.169.254", False), ("100.64.0.1", False), ("::1", False), ("fe80::1%eth0", False),
     ("::ffff:192.168.0.1", False), ("2002:c0a8:0001::1", False), ("224.0.0.1", False), ("0.0.0.0", False),  # noqa: S104
     ("fd00::1", False), ("::", False), ("255.255.255.255", False), ("64:ff9b::a00:1", False)],
)  # fmt: skip
def test_which_addresses_are_public(address: str, is_public: bool) -> None:
    assert allowed(address, (), public=True) is is_public
    assert not allowed(address, (), public=False)


async def test_a_new_secret_signs_beside_the_old_one(api: Api) -> None:
    async with receiver() as got:
        made = await add(api, got.url, ["optout.added"])
        fresh = await api.call("POST", f"/v1/webhooks/{made.body['id']}/secret")
        assert fresh.body["secret"] != made.body["secret"]
        await opt_out(api, CONSENTED[0])
        await eventually(lambda: got.got, what="the webhook")
    head, body = got.got[0]
    assert is_signed(fresh.body["secret"], head, body)
    assert is_signed(made.body["secret"], head, body)


async def test_a_test_event_goes_to_its_endpoint_only(api: Api) -> None:
    async with receiver() as one, receiver() as other:
        made = await add(api, one.url, ["inbound.received"])
        await add(api, other.url, ["*"])
        assert (await api.call("POST", f"/v1/webhooks/{made.body['id']}/test")).status == 204
        await eventually(lambda: one.got, what="the test")
        await opt_out(api, CONSENTED[0])
        await eventually(lambda: other.got, what="the other")
    assert [body["type"] for body in one.bodies()] == ["endpoint.test"]
    assert [body["type"] for body in other.bodies()] == ["optout.added"]


async def test_replay_sends_everything_since_then_again_under_the_same_ids(api: Api) -> None:
    async with receiver() as got:
        made = await add(api, got.url, ["optout.added"])
        for each in CONSENTED[:3]:
            await opt_out(api, each)
        await eventually(lambda: len(got.got) == 3, what="three")
        since = (utc_now() - timedelta(hours=1)).isoformat()
        path = f"/v1/webhooks/{made.body['id']}/replay"
        assert (await api.call("POST", path, {"since": since})).status == 204
        await eventually(lambda: len(got.got) == 6, what="three more")
    ids = got.ids()
    assert ids[:3] == ids[3:]
    assert [each["id"] for each in await history(api, "?types=optout.added")] == ids[:3]


async def test_an_endpoint_that_says_gone_is_left_alone_until_it_is_changed(api: Api) -> None:
    async with receiver() as got:
        got.answer = lambda: web.Response(status=410)
        made = await add(api, got.url, ["optout.added"])
        path = f"/v1/webhooks/{made.body['id']}"
        await opt_out(api, CONSENTED[0])

        async def disabled() -> bool:
            return bool((await api.call("GET", path)).body["status"] == "disabled")

        await eventually(disabled, what="disabled")
        got.answer = lambda: web.Response()
        changed = await api.call("PUT", path, {"url": got.url, "types": ["optout.added"]})
        assert changed.body["status"] == "active"
        second = await opt_out(api, CONSENTED[1])
        await eventually(lambda: second in str(got.bodies()), what="the next")


async def test_a_change_of_what_somebody_else_changed_is_refused(api: Api) -> None:
    made = await add(api, "https://example.org/a")
    path, tag = f"/v1/webhooks/{made.body['id']}", made.headers["ETag"]
    body = {"url": "https://example.org/b", "types": ["message.*"]}
    first = await api.call("PUT", path, body, headers={"If-Match": tag})
    assert (first.status, first.body["url"]) == (200, "https://example.org/b")
    again = await api.call("PUT", path, body, headers={"If-Match": tag})
    again.is_problem(412, "PRECONDITION_FAILED")
    assert (await api.call("PUT", path, body, headers={"If-Match": first.headers["ETag"]})).status == 200
    for wrong in ('W/"v1"', "v1", '"v1", "v2"'):
        answer = await api.call("PUT", path, body, headers={"If-Match": wrong})
        answer.is_problem(422, "INVALID")


async def test_an_endpoint_is_its_persons_alone(api: Api) -> None:
    made = await add(api, "https://example.org/a")
    path = f"/v1/webhooks/{made.body['id']}"
    for method, more in [
        ("GET", ""),
        ("DELETE", ""),
        ("POST", "/test"),
        ("POST", "/secret"),
        ("GET", "/deliveries"),
    ]:
        (await api.call(method, path + more, who="head")).is_problem(404, "NOT_FOUND")
    assert (await api.call("DELETE", path)).status == 204
    (await api.call("GET", path)).is_problem(404, "NOT_FOUND")


async def test_what_came_in_goes_only_where_the_inbox_may_be_read(api: Api) -> None:
    narrow = await api.key("office", scopes=["webhooks:write"])
    body = {"url": "https://example.org/a", "types": ["inbound.received"], "with_text": True}
    (await api.call("POST", "/v1/webhooks", body, who=narrow)).is_problem(403, "SCOPE_MISSING")


async def test_a_person_has_at_most_twenty(api: Api) -> None:
    for index in range(20):
        await add(api, f"https://example.org/{index}")
    answer = await api.call("POST", "/v1/webhooks", {"url": "https://example.org/x", "types": ["*"]})
    answer.is_problem(409, "TOO_MANY_ENDPOINTS")


async def test_an_unknown_type_is_named(api: Api) -> None:
    answer = await api.call(
        "POST", "/v1/webhooks", {"url": "https://example.org/", "types": ["message.read"]}
    )
    assert "message.delivered" in answer.faults()["types"]


async def test_tries_end_after_two_days(api: Api) -> None:
    async with receiver() as got:
        got.answer = lambda: web.Response(status=500)
        made = await add(api, got.url, ["optout.added"])
        await opt_out(api, CONSENTED[0])
        await eventually(lambda: got.got, what="a first try")
        path = f"/v1/webhooks/{made.body['id']}/deliveries"

        async def there() -> Any:
            return (await api.call("GET", path)).body["items"]

        await eventually(there, what="the log")
        long_ago = int((utc_now() - timedelta(days=2)).timestamp() * 1e6)
        statement = f"UPDATE delivery SET first_at = {long_ago}, next_at = 0"  # noqa: S608
        await api.daemon.store.database.write(lambda c: c.exec_driver_sql(statement).rowcount)

        async def failed() -> bool:
            (only,) = await there()
            return bool(only["status"] == "failed" and only["next_at"] is None)

        await eventually(failed, what="the end of the tries")
        tries = len(got.got)
        second = await opt_out(api, CONSENTED[1])
        await eventually(lambda: second in str(got.bodies()), what="the next event")
    assert len(set(got.ids()[:tries])) == 1


async def test_what_failed_before_a_restart_is_tried_after_it_under_the_same_id(
    furnished: Path, tmp_path: Path
) -> None:
    async with receiver() as got:
        got.answer = lambda: web.Response(status=503)
        async with running(furnished, tmp_path) as api:
            await add(api, got.url, ["optout.added"])
            first = await opt_out(api, CONSENTED[0])
            await eventually(lambda: got.got, what="a try")
            second = await opt_out(api, CONSENTED[1])
        tries = len(got.got)
        got.answer = lambda: web.Response()
        async with started(load(tmp_path / "schoolgate.toml")):
            await eventually(lambda: {first, second} <= arrived(got, tries), what="both")
    again = [head["webhook-id"] for head, body in got.got if json.loads(body)["data"]["id"] == first]
    assert len(again) > 1
    assert len(set(again)) == 1


def arrived(got: Receiver, since: int) -> set[str]:
    return {body["data"]["id"] for body in got.bodies()[since:]}


async def test_a_suspended_person_is_sent_nothing(api: Api) -> None:
    async with receiver() as suspended, receiver() as other:
        await add(api, suspended.url)
        body = {"url": other.url, "types": ["*"]}
        assert (await api.call("POST", "/v1/webhooks", body, who="head")).status == 201
        await api.daemon.use_cases.access.suspend("office", by="test")
        made = await api.call(
            "POST",
            "/v1/templates",
            {"name": "closure", "purpose": "important_info", "body": "The school is closed today."},
            who="author",
        )
        assert made.status == 201
        await eventually(lambda: other.got, what="the approval that is asked of the head")
        await api.daemon.use_cases.access.activate("office", by="test")
        ident = await opt_out(api, CONSENTED[0])
        await eventually(lambda: suspended.got, what="what happens after the suspension")
    assert [each["data"]["id"] for each in suspended.bodies()] == [ident]
