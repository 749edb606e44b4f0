"""3.2: what each role opens, route by route, as a table that somebody wrote and not the code.

A key without scopes of its own may do what the roles of its person permit; this is that, seen from outside.
"""

from __future__ import annotations

from pathlib import Path

from api.routes import ROUTES
from gateway.records import Scope
from gateway.roles import ROLES
from tests.api.conftest import Api

TABLE = Path(__file__).with_name("roles.txt")
IDENT = "msg_" + "0" * 26
GUARDED = {f"{route.method} {route.path}": route for route in ROUTES if route.scope is not Scope.PUBLIC}


def table() -> dict[str, frozenset[str]]:
    """Return the roles that each route is open to."""
    lines = (line for line in TABLE.read_text(encoding="utf-8").splitlines() if line and line[0] != "#")
    pairs = (line.split(":", 1) for line in lines)
    return {" ".join(route.split()): frozenset(roles.split()) for route, roles in pairs}


def test_3_2_the_table_has_every_route_and_every_role() -> None:
    assert table().keys() == GUARDED.keys()
    assert {role for roles in table().values() for role in roles} == ROLES.keys()


async def test_3_2_each_role_opens_the_routes_of_the_table_and_no_other(api: Api) -> None:
    for number, role in enumerate(ROLES):
        handle = f"person{number}"
        await api.daemon.use_cases.access.add_person(handle, handle, (role,), by="test")
        found = await opened(api, await api.key(handle))
        assert found == {name for name, roles in table().items() if role in roles}, role


async def opened(api: Api, token: str) -> set[str]:
    """Return the routes that do not refuse a key for its scopes: bodies are asked for after that."""
    found = set()
    for name, route in GUARDED.items():
        method = "HEAD" if route.produces == "text/event-stream" else route.method  # else it never ends
        answer = await api.call(method, route.path.replace("{id}", IDENT), who=token)
        assert answer.status not in (401, 405, 429, 500), (name, answer.body)
        if answer.status != 403:
            found.add(name)
        elif answer.body is not None:
            answer.is_problem(403, "SCOPE_MISSING")
    return found


async def test_3_2_two_roles_open_what_either_opens(api: Api) -> None:
    await api.daemon.use_cases.access.add_person("somebody", "Some Body", ("admin", "sender"), by="test")
    caller = await api.daemon.use_cases.access.authenticate(await api.key("somebody"), "127.0.0.1")
    assert caller.scopes >= {Scope.MODEMS, Scope.SEND}
    assert Scope.INBOX not in caller.scopes
