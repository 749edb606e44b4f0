"""Roles are given by two people, once there are two; before and after that by one (3.2)."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.errors import Conflict
from gateway.granting import Granting
from tests.api.conftest import Api

ROLE = {"handle": "author", "role": "sender"}


@pytest.fixture
async def granting(api: Api) -> Granting:
    """A gateway in which two can decide together: the owner, and a deputy who may ask for roles."""
    access = api.daemon.use_cases.access
    await access.add_person("deputy", "Dep Uty", ("admin", "approver"), by="test")
    api.tokens["deputy"] = await api.key("deputy")
    return api.daemon.use_cases.granting


async def roles_of(api: Api, handle: str) -> set[str]:
    people = await api.daemon.use_cases.access.people()
    return set(next(each for each in people if each.handle == handle).roles)


async def ask(api: Api, who: str = "deputy", **more: str) -> Any:
    return await api.call("POST", "/v1/roles", ROLE | more, who=who)


async def test_3_2_one_asks_and_another_gives_the_role(api: Api, granting: Granting) -> None:
    asked = await ask(api)
    assert (asked.status, asked.body["kind"], asked.body["summary"]) == (
        202,
        "role",
        "role sender for author",
    )
    assert await roles_of(api, "author") == {"template_author"}
    path = f"/v1/approvals/{asked.body['id']}"
    (await api.call("POST", path + "/approve", who="deputy")).is_problem(409, "SECOND_PERSON_REQUIRED")
    shown = (await api.call("GET", path, who="head")).body["content"]
    assert (shown["person"], shown["role"], shown["has"]) == ("Author (author)", "sender", "template_author")
    assert "messages:send" in shown["it permits"]
    assert (await api.call("POST", path + "/approve", who="head")).status == 200
    assert await roles_of(api, "author") == {"template_author", "sender"}
    with pytest.raises(Conflict, match="two people") as refused:
        await granting.grant("author", "dpo", by="cli:root")
    assert refused.value.code == "SECOND_PERSON_REQUIRED"
    with pytest.raises(Conflict, match="without roles"):
        await granting.add_person("eve", "Eve", ("owner",), by="cli:root")
    made = await granting.add_person("eve", "Eve", (), by="cli:root")
    assert made.roles == {}


async def test_nobody_approves_a_role_of_their_own(api: Api, granting: Granting) -> None:
    asked = await ask(api, handle="head", role="dpo")
    path = f"/v1/approvals/{asked.body['id']}/approve"
    (await api.call("POST", path, who="head")).is_problem(409, "SECOND_PERSON_REQUIRED")
    assert "dpo" not in await roles_of(api, "head")
    assert (await api.call("GET", path.removesuffix("/approve"), who="head")).body["outcome"] is None


async def test_a_change_of_the_person_makes_the_question_void(api: Api, granting: Granting) -> None:
    asked = await ask(api)
    await api.daemon.use_cases.access.suspend("author", by="test")
    late = await api.call("POST", f"/v1/approvals/{asked.body['id']}/approve", who="head")
    late.is_problem(409, "APPROVAL_VOID")


async def test_a_void_question_is_not_in_the_way_of_the_next(api: Api, granting: Granting) -> None:
    """Of two roles that are asked for together, approving one changes the person that the other was for."""
    first, second = await ask(api, role="approver"), await ask(api, role="auditor")
    done = await api.call("POST", f"/v1/approvals/{first.body['id']}/approve", who="head")
    assert done.status == 200, done.body
    again = await ask(api, role="auditor")
    assert again.status == 202, again.body
    done = await api.call("POST", f"/v1/approvals/{again.body['id']}/approve", who="head")
    assert done.status == 200, done.body
    old = (await api.call("GET", f"/v1/approvals/{second.body['id']}", who="head")).body
    assert old["outcome"] == "void"


async def test_it_is_asked_for_once_and_for_what_there_is(api: Api, granting: Granting) -> None:
    assert (await ask(api)).status == 202
    (await ask(api)).is_problem(409, "APPROVAL_PENDING")
    (await ask(api, role="king")).is_problem(422, "INVALID")
    (await ask(api, handle="nobody")).is_problem(404, "NOT_FOUND")
    (await ask(api, "office")).is_problem(403, "SCOPE_MISSING")


async def test_one_gives_roles_alone_where_only_one_can_decide(api: Api, granting: Granting) -> None:
    await api.daemon.use_cases.access.suspend("deputy", by="test")
    assert "dpo" in (await granting.grant("author", "dpo", by="cli:root")).roles
    assert "sender" in (await granting.add_person("eve", "Eve", ("sender",), by="cli:root")).roles
