"""The description says what the code does, no less and no more."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_type_hints

import pytest

from api.codes import STATUS
from api.examples import EXAMPLES
from api.openapi import codes_of, document
from api.reading import JSON
from api.routes import ROUTES
from api.schema.base import Nothing
from api.schema.contacts import ContactCsv
from api.schema.recipients import ConsentCsv
from gateway import consent_list, contact_list
from gateway.records import Scope
from policy import Code
from tests.api.conftest import Api

DOCUMENT = document(ROUTES)
OPERATIONS = [
    pytest.param(
        route, DOCUMENT["paths"][route.path][route.method.lower()], id=f"{route.method} {route.path}"
    )
    for route in ROUTES
]


def walk(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        for each in value.values():
            yield from walk(each)
    elif isinstance(value, list):
        for each in value:
            yield from walk(each)


def test_it_is_openapi_3_1_and_every_reference_leads_somewhere() -> None:
    assert DOCUMENT["openapi"] == "3.1.0"
    assert {"title", "version"} <= DOCUMENT["info"].keys()
    schemas = DOCUMENT["components"]["schemas"]
    references = [each["$ref"] for each in walk(DOCUMENT) if "$ref" in each]
    assert references
    assert {reference.removeprefix("#/components/schemas/") for reference in references} == schemas.keys()
    assert all(re.fullmatch(r"[A-Za-z0-9]+", name) for name in schemas)


def test_it_has_every_route_and_no_other_and_no_name_twice() -> None:
    described = {(method.upper(), path) for path, item in DOCUMENT["paths"].items() for method in item}
    assert described == {(route.method, route.path) for route in ROUTES}
    names = [operation["operationId"] for item in DOCUMENT["paths"].values() for operation in item.values()]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(("route", "operation"), OPERATIONS)
def test_an_operation_tells_its_scope_parameters_body_and_every_answer(route: Any, operation: Any) -> None:
    assert operation["summary"].endswith(".")
    public = route.scope is Scope.PUBLIC
    assert operation.get("security") == (None if public else [{"key": [route.scope.value]}])
    in_path = [each["name"] for each in operation["parameters"] if each["in"] == "path"]
    assert in_path == re.findall(r"{(\w+)}", route.path)
    for status, answer in operation["responses"].items():
        assert answer["description"]
        if int(status) >= 400 and route.path != "/readyz":
            assert list(answer["content"]) == ["application/problem+json"]
    assert str(route.status) in operation["responses"]
    assert {"500"} <= operation["responses"].keys()
    if not public:
        assert {"401", "403", "422", "503"} <= operation["responses"].keys()


@pytest.mark.parametrize(("route", "operation"), OPERATIONS)
def test_a_handler_takes_and_gives_what_the_table_says(route: Any, operation: Any) -> None:
    hints = get_type_hints(route.handler)
    (call,) = [kind for name, kind in hints.items() if name != "return"]
    assert call.__args__ == (route.input,)
    assert hints["return"] == route.output


def test_every_code_that_the_gateway_may_answer_is_described() -> None:
    described = {code for route in ROUTES for codes in codes_of(route).values() for code in codes}
    assert {code.value for code in Code} <= described
    assert described | {"METHOD_NOT_ALLOWED"} == STATUS.keys()
    source = "".join(path.read_text() for path in (Path(__file__).parents[2] / "gateway").glob("*.py"))
    raised = set(re.findall(r'(?:Conflict|NotAuthenticated)\(\s*"([A-Z_]+)"', source))
    assert len(raised) > 8
    of_the_command_line = {
        "PERSON_EXISTS",
        "KEY_ENDED",
        "BEING_SENT",
        "LEGAL_HOLD",
    }  # no route adds or erases people
    assert raised - of_the_command_line <= described


def test_every_code_of_the_policy_has_its_clause_and_every_code_a_remedy() -> None:
    told = DOCUMENT["x-problems"]
    assert {code: each["status"] for code, each in told.items()} == STATUS
    assert all(each["remedy"] for each in told.values())
    assert [code.value for code in Code if not told[code.value]["clause"]] == []


@pytest.mark.parametrize("route", [each for each in ROUTES if each.has_body and each.input is not Nothing])
def test_every_body_has_an_example_that_its_model_takes(route: Any) -> None:
    example = EXAMPLES[route.input]
    if route.media == JSON:
        assert route.input.model_validate_json(json.dumps(example))
    else:
        read = {ConsentCsv: consent_list.read_list, ContactCsv: contact_list.read_list}[route.input]
        entries, faults = read(example)
        assert (len(entries), faults) == (1, [])


async def test_it_is_served(api: Api) -> None:
    answer = await api.call("GET", "/openapi.json", who=None)
    assert (answer.status, answer.body) == (200, DOCUMENT)
