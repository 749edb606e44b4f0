"""No route without a scope, no scope without a key (3.1, 3.2)."""

from __future__ import annotations

import dataclasses
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from api import build_app
from api.govuk import GOVUK_ROUTES
from api.limits import Limits, TooManyRequests
from api.route import Route
from api.routes import ROUTES
from api.schema.base import Nothing
from gateway.clock import utc_now
from gateway.records import Scope
from tests.api.conftest import Api, running
from tests.system.site import message, number

GUARDED = [route for route in ROUTES if route.scope is not Scope.PUBLIC]
PUBLIC = {"/docs", "/healthz", "/readyz", "/metrics", "/openapi.json"}
IDENT = "msg_" + "0" * 26


def address(route: Route[Any, Any]) -> str:
    return route.path.replace("{id}", IDENT)


def test_a_route_cannot_be_made_without_a_scope() -> None:
    scope = next(field for field in dataclasses.fields(Route) if field.name == "scope")
    assert scope.default is dataclasses.MISSING
    with pytest.raises(TypeError, match="scope"):
        Route("GET", "/v1/free", None, input=Nothing, output=Nothing)  # type: ignore[call-arg,arg-type]


def test_only_what_must_be_is_public() -> None:
    assert {route.path for route in ROUTES if route.scope is Scope.PUBLIC} == PUBLIC


async def test_the_router_knows_nothing_but_the_table(api: Api) -> None:
    app = build_app(api.daemon.use_cases, registry=CollectorRegistry(), clock=utc_now, per_minute=1000)
    routed = {
        (route.method, route.resource.canonical)
        for route in app.router.routes()
        if route.resource is not None
    }
    table = {(route.method, route.path) for route in ROUTES}
    heads = {("HEAD", route.path) for route in ROUTES if route.method == "GET"}
    govuk = {(method, path) for method, path, *_ in GOVUK_ROUTES}
    assert routed == table | heads | govuk
    assert len(ROUTES) == len(table)


async def test_every_guarded_route_answers_401_without_a_key(api: Api) -> None:
    for route in GUARDED:
        answer = await api.call(route.method, address(route), who=None)
        answer.is_problem(401, "KEY_MISSING")
        assert answer.headers["WWW-Authenticate"] == 'Bearer realm="schoolgate"'
        head = await api.call("HEAD", address(route), who=None)
        assert head.status in (401, 405)


async def test_every_guarded_route_answers_403_without_its_scope_and_not_with_it(api: Api) -> None:
    access = api.daemon.use_cases.access
    roles = ("sender", "contact_manager", "template_author", "approver", "admin", "owner")
    await access.add_person("everything", "E", roles, by="test")
    for scope in {route.scope for route in GUARDED}:
        others = [each.value for each in Scope if each not in (scope, Scope.PUBLIC)]
        without = await api.key("everything", others)
        only = await api.key("everything", [scope.value])
        for route in [route for route in GUARDED if route.scope is scope]:
            answer = await api.call(route.method, address(route), who=without)
            answer.is_problem(403, "SCOPE_MISSING")
            assert answer.body["clause"] == "3.2"
            assert scope.value in answer.body["detail"]
            method = "HEAD" if route.produces == "text/event-stream" else route.method  # else it never ends
            answer = await api.call(method, address(route), who=only)
            assert answer.status not in (401, 403, 405, 500), (route.path, answer.body)


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ("", "KEY_MISSING"),
        ("Bearer", "KEY_MISSING"),
        ("Bearer  ", "KEY_MISSING"),
        ("Basic b2ZmaWNlOnNlY3JldA==", "KEY_MISSING"),
        ("Bearer secret", "KEY_MALFORMED"),
        ("Bearer " + "x" * 5000, "KEY_MALFORMED"),
        ("Bearer sg_live_☃", "KEY_MALFORMED"),
    ],
)
async def test_what_is_no_key_is_told_so_and_never_repeated(api: Api, header: str, code: str) -> None:
    answer = await api.call("GET", "/v1/messages", who=None, headers={"Authorization": header})
    answer.is_problem(401, code)
    given = header.removeprefix("Bearer").removeprefix("Basic").strip()
    assert not given or given not in answer.raw.decode()


async def test_a_good_key_is_good_in_any_case_of_the_scheme(api: Api) -> None:
    header = {"Authorization": f"bearer {api.tokens['office']}"}
    assert (await api.call("GET", "/v1/messages", who=None, headers=header)).status == 200


async def test_a_key_with_another_secret_is_unknown(api: Api) -> None:
    other = await api.key("office")
    kind, ident = api.tokens["office"].split("_")[1:3]
    forged = "_".join(["sg", kind, ident, *other.split("_")[3:]])
    answer = await api.call("GET", "/v1/messages", who=None, headers={"Authorization": f"Bearer {forged}"})
    assert answer.status == 401
    assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]


async def test_a_revoked_key_is_refused_on_the_next_request(api: Api) -> None:
    token = await api.key("office")
    assert (await api.call("GET", "/v1/messages", who=token)).status == 200
    await api.daemon.use_cases.access.revoke_key(token.split("_")[2], by="test")
    (await api.call("GET", "/v1/messages", who=token)).is_problem(401, "KEY_REVOKED")


async def test_suspending_a_person_refuses_their_keys_on_the_next_request(api: Api) -> None:
    await api.daemon.use_cases.access.suspend("office", by="test")
    answer = await api.call("POST", "/v1/messages", message(number(1)))
    answer.is_problem(403, "KEY_OWNER_INACTIVE")
    assert answer.body["clause"] == "3.1"


async def test_the_key_is_looked_at_before_the_body(api: Api) -> None:
    answer = await api.post_raw("/v1/messages", b"{", who=None)
    answer.is_problem(401, "KEY_MISSING")


def test_a_key_has_so_many_requests_a_minute_and_another_key_its_own() -> None:
    limits, now = Limits(2), datetime(2026, 9, 1, 8, 30, 40, tzinfo=UTC)
    assert limits.take("a", now)["RateLimit"] == '"key";r=1;t=20'
    assert limits.take("a", now)["RateLimit"] == '"key";r=0;t=20'
    with pytest.raises(TooManyRequests) as refused:
        limits.take("a", now + timedelta(seconds=5))
    assert refused.value.headers["Retry-After"] == "15"
    assert limits.take("b", now)["RateLimit"] == '"key";r=1;t=20'
    assert limits.take("a", now + timedelta(seconds=20))["RateLimit"] == '"key";r=1;t=60'


async def test_who_asks_too_often_is_told_how_long_to_wait(furnished: Path, tmp_path: Path) -> None:
    """Good and bad requests count alike, and all say what is left."""
    shutil.copytree(furnished, tmp_path / "made")
    config = tmp_path / "made" / "schoolgate.toml"
    config.write_text(config.read_text().replace("[api]\n", "[api]\nrequests_per_minute = 3\n"))
    async with running(tmp_path / "made", tmp_path / "run") as api:
        answers = [await api.call("GET", f"/v1/messages?limit={limit}") for limit in (1, 0) * 4]
        refused = [answer for answer in answers if answer.status == 429]
        assert 3 <= len(answers) - len(refused) <= 6  # the minute may end meanwhile, once
        refused[-1].is_problem(429, "TOO_MANY_REQUESTS")
        assert 1 <= int(refused[-1].headers["Retry-After"]) <= 60
        assert all(answer.headers["RateLimit"].startswith('"key";r=') for answer in answers)
        assert (await api.call("GET", "/v1/messages", who="head")).status == 200
