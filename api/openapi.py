"""OpenAPI 3.1, made of the route table and the models: it cannot say what the code does not do."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any, Final, Literal, get_args

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, models_json_schema

from api.codes import BODIES, CLAUSE, INVALID, KEYS, REMEDY, SERVER, STATUS, TOO_MANY
from api.examples import EXAMPLES
from api.problems import TYPE
from api.reading import JSON
from api.route import IDENT, Route
from api.schema.base import Input, Listing, Nothing, Output
from api.schema.problem import ProblemOut
from gateway.records import Scope

Json = dict[str, Any]
_Mode = Literal["validation", "serialization"]

_REF: Final = "#/components/schemas/{model}"
_REQUEST_ID: Final = {
    "X-Request-Id": {"description": "Quote it when you ask for help.", "schema": {"type": "string"}}
}
_LEFT: Final = {
    "RateLimit": {
        "description": "`r`: how many requests the key has left for `t` seconds.",
        "schema": {"type": "string"},
    }
}
_ETAG: Final = {"ETag": {"description": "Of this version of it: for If-Match.", "schema": {"type": "string"}}}


def document(routes: Sequence[Route[Any, Any]]) -> Json:
    """Return the whole description."""
    models = _models(routes)
    refs, definitions = models_json_schema(list(models), ref_template=_REF, schema_generator=_Schema)
    paths: dict[str, Json] = defaultdict(dict)
    for route in routes:
        operation = paths[route.path][route.method.lower()] = _operation(route, refs)
        if links := _links(route, routes):
            operation["responses"][str(route.status)]["links"] = links
    return {
        "openapi": "3.1.0",
        "info": {"title": "Schoolgate", "version": version("schoolgate"), "description": _ABOUT},
        "paths": dict(paths),
        "x-problems": {
            code: {"status": status, "clause": CLAUSE.get(code), "remedy": REMEDY[code]}
            for code, status in sorted(STATUS.items())
        },
        "components": {
            "schemas": definitions.get("$defs", {}),
            "securitySchemes": {
                "key": {"type": "http", "scheme": "bearer", "description": "Authorization: Bearer sg_…"}
            },
        },
    }


class _Schema(GenerateJsonSchema):
    def normalize_name(self, name: str) -> str:
        """Call a listing after what it lists."""
        return re.sub(r"^Listing\[(\w+)\]$", r"\1List", name)


_ABOUT: Final = """\
Every message is checked against the organisation's SMS policy.

Send your key with each request: `Authorization: Bearer sg_…`. Bodies are JSON in UTF-8, instants are \
RFC 3339 and answered in UTC. A listing has its next page's address in `links.next`, null on the last. \
`RateLimit` says how many requests the key has left. To be safe against sending twice, give an \
`Idempotency-Key` or a `reference`.

Errors are problems (RFC 9457) with a stable `code`, the policy's `clause` where it rests on one, and a \
`remedy`; every faulty field is named in `errors`, every reason of a refusal by the policy in `reasons`. \
`x-problems` lists the codes.\
"""


def _models(routes: Sequence[Route[Any, Any]]) -> Mapping[tuple[type[BaseModel], _Mode], None]:
    """Return every model once, in the order of the table, with the way it is used."""
    found: dict[tuple[type[BaseModel], _Mode], None] = {(ProblemOut, "serialization"): None}
    for route in routes:
        if _has_json(route):
            found[route.input, "validation"] = None
        if issubclass(route.output, Output):
            found[route.output, "serialization"] = None
    return found


def _operation(route: Route[Any, Any], refs: Mapping[Any, Json]) -> Json:
    operation: Json = {
        "operationId": route.handler.__name__,
        "summary": str(route.handler.__doc__).strip(),
        "tags": [_tag(route.path)],
        "parameters": _parameters(route),
        "responses": _responses(route, refs),
    }
    if route.scope is not Scope.PUBLIC:
        operation["security"] = [{"key": [route.scope.value]}]
        operation["description"] = f"Needs the scope `{route.scope.value}`."
    if route.has_body and route.input is not Nothing:
        schema = refs[route.input, "validation"] if _has_json(route) else {"type": "string"}
        about = str(route.input.__doc__)
        content = {route.media: {"schema": schema, "example": EXAMPLES[route.input]}}
        operation["requestBody"] = {"required": True, "description": about, "content": content}
    return operation


def _has_json(route: Route[Any, Any]) -> bool:
    return route.has_body and route.input is not Nothing and route.media == JSON


def _tag(path: str) -> str:
    steps = path.strip("/").split("/")
    return steps[1] if steps[0] == "v1" else "service"


def _parameters(route: Route[Any, Any]) -> list[Json]:
    found: list[Json] = []
    if "{id}" in route.path:
        schema: Json = {"type": "string", "pattern": f"^{IDENT}$"}
        found.append({"name": "id", "in": "path", "required": True, "schema": schema})
    if route.idempotent:
        about = "A repeated request with the same key gets the same answer and changes nothing, for two days."
        schema = {"type": "string", "minLength": 1, "maxLength": 255}
        found.append({"name": "Idempotency-Key", "in": "header", "description": about, "schema": schema})
    if route.conditional:
        about = "The ETag as it was last read: if somebody changed it since, nothing is done (412)."
        found.append({"name": "If-Match", "in": "header", "description": about, "schema": {"type": "string"}})
    return found if route.has_body else found + _query(route.input)


def _query(model: type[Input]) -> list[Json]:
    """Return a model's fields as parameters; they stand on their own, so nothing may be a reference."""
    schema = model.model_json_schema()
    required = schema.get("required", ())
    return [
        {
            "name": name,
            "in": "query",
            "required": name in required,
            "schema": _inlined(each, schema.get("$defs", {})),
        }
        for name, each in schema.get("properties", {}).items()
    ]


def _inlined(schema: Any, definitions: Mapping[str, Json]) -> Any:  # noqa: ANN401 - any JSON
    if isinstance(schema, list):
        return [_inlined(each, definitions) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return _inlined(definitions[re.sub(r".*/", "", schema["$ref"])], definitions)
    return {key: _inlined(each, definitions) for key, each in schema.items()}


def _responses(route: Route[Any, Any], refs: Mapping[Any, Json]) -> Json:
    done: Json = {"description": "Done.", "headers": dict(_REQUEST_ID)}
    if route.scope is not Scope.PUBLIC:
        done["headers"] |= _LEFT
    if route.conditional and route.status != 204:
        done["headers"] |= _ETAG
    if route.idempotent:
        about = {"description": "true, if it is the answer to an earlier request with the same key."}
        done["headers"]["Idempotency-Replayed"] = about | {"schema": {"type": "string"}}
    if issubclass(route.output, Output):
        done["description"] = str(route.output.__doc__ or "Done.").strip()
        done["content"] = {route.produces: {"schema": refs[route.output, "serialization"]}}
    elif route.status != 204:
        done["content"] = {route.produces: {}}
    responses = {str(route.status): done}
    if route.path == "/readyz":
        responses["503"] = done | {"description": "Not ready; the same body, with the reasons."}
    for status, codes in sorted(codes_of(route).items()):
        responses.setdefault(str(status), _problem(status, codes, refs))
    return responses


def codes_of(route: Route[Any, Any]) -> Mapping[int, list[str]]:
    """Return the codes of the problems that a route may answer with, by status."""
    codes = ["INTERNAL", "MALFORMED_REQUEST", *route.codes]
    if route.scope is not Scope.PUBLIC:
        codes += [*KEYS, *SERVER, INVALID, TOO_MANY]
    if route.has_body:
        codes += BODIES
    if route.conditional:
        codes += ["PRECONDITION_FAILED"]
    if "{id}" in route.path:
        codes += ["NOT_FOUND"]
    if not route.has_body:
        codes += [INVALID]
    found: dict[int, list[str]] = defaultdict(list)
    for code in sorted(set(codes)):
        found[STATUS[code]].append(code)
    return found


def _links(route: Route[Any, Any], routes: Sequence[Route[Any, Any]]) -> Json:
    """Return what can be done next with the things that a route makes or lists, by their ids."""
    model, pointer = route.output, "/id"
    if issubclass(model, Listing):
        model, pointer = get_args(model.model_fields["items"].annotation)[0], "/items/0/id"
    if "{id}" in route.path or not issubclass(model, Output) or "id" not in model.model_fields:
        return {}
    own = (each.path for each in routes if each.method == "GET" and each.output is model)
    homes = {route.path} | {path.removesuffix("/{id}") for path in own if path.endswith("/{id}")}
    return {
        each.handler.__name__: {
            "operationId": each.handler.__name__,
            "parameters": {"id": f"$response.body#{pointer}"},
        }
        for each in routes
        if "/{id}" in each.path and each.path.partition("/{id}")[0] in homes
    }


def _problem(status: int, codes: Sequence[str], refs: Mapping[Any, Json]) -> Json:
    headers = dict(_REQUEST_ID)
    if status == 401:
        headers["WWW-Authenticate"] = {"schema": {"type": "string"}}
    if status in (429, 503):
        headers["Retry-After"] = {"description": "Seconds.", "schema": {"type": "integer"}}
    schema = {"allOf": [refs[ProblemOut, "serialization"], {"properties": {"code": {"enum": list(codes)}}}]}
    return {"description": ", ".join(codes), "headers": headers, "content": {TYPE: {"schema": schema}}}
