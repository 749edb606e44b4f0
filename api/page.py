"""The description of the API for people: one page of HTML, made of the OpenAPI document, without a script."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any, Final

from api.codes import CLAUSE, REMEDY, STATUS

Json = Mapping[str, Any]

_STYLE: Final = """
:root { color-scheme: light dark; --edge: #8885; --shade: #8881; }
body { font: 16px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 60rem; padding: 1rem; }
nav ul { columns: 10rem; padding-left: 1rem; }
h2 { border-top: 2px solid; margin-top: 3rem; padding-top: .5rem; }
section { border: 1px solid var(--edge); border-radius: .5rem; margin: 1rem 0; padding: 0 1rem 1rem; }
h3 { font-family: ui-monospace, monospace; font-size: 1rem; overflow-wrap: anywhere; }
table { border-collapse: collapse; display: block; overflow-x: auto; }
th, td { border-bottom: 1px solid var(--edge); padding: .25rem .75rem .25rem 0; }
th, td { text-align: left; vertical-align: top; }
code { background: var(--shade); border-radius: .25rem; overflow-wrap: anywhere; padding: 0 .25rem; }
td:first-child code { white-space: nowrap; }
summary { cursor: pointer; margin-top: .5rem; }
pre { background: var(--shade); border-radius: .25rem; overflow-x: auto; padding: .5rem; }
"""

_NOTHING_ELSE: Final = ("base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'")


def page(document: Json) -> tuple[str, str]:
    """Return the page, and the Content-Security-Policy that lets it do nothing but be read."""
    digest = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
    policy = ["default-src 'none'", f"style-src 'sha256-{digest}'", *_NOTHING_ELSE]
    return "".join(_page(document)), "; ".join(policy)


def _page(document: Json) -> Iterator[str]:
    info = document["info"]
    title = f"{info['title']} API {info['version']}"
    yield '<!doctype html><html lang="en"><head><meta charset="utf-8">'
    yield '<meta name="viewport" content="width=device-width">'
    yield f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body><h1>{escape(title)}</h1>"
    for paragraph in info["description"].split("\n\n"):
        yield f"<p>{_code(paragraph)}</p>"
    yield "<p>For programs: <a href='/openapi.json'>/openapi.json</a>.</p>"
    operations = _by_tag(document)
    yield "<nav aria-label='Contents'><ul>"
    yield "".join(
        f"<li><a href='#about-{escape(tag)}'>{escape(tag)}</a></li>"
        for tag in (*operations, "errors", "objects")
    )
    yield "</ul></nav><main>"
    for tag, each in operations.items():
        yield f"<h2 id='about-{escape(tag)}'>{escape(tag.capitalize())}</h2>"
        for method, path, operation in each:
            yield from _operation(method, path, operation)
    yield from _errors()
    yield from _objects(document["components"]["schemas"])
    yield "</main></body></html>"


def _by_tag(document: Json) -> dict[str, list[tuple[str, str, Json]]]:
    found: dict[str, list[tuple[str, str, Json]]] = {}
    for path, item in document["paths"].items():
        for method, operation in item.items():
            found.setdefault(operation["tags"][0], []).append((method.upper(), path, operation))
    return found


def _operation(method: str, path: str, operation: Json) -> Iterator[str]:
    yield f"<section><h3 id='{escape(operation['operationId'])}'>{method} {escape(path)}</h3>"
    yield f"<p>{_code(operation['summary'])} {_code(operation.get('description', ''))}</p>"
    if operation["parameters"]:
        yield "<table><thead><tr><th>Parameter</th><th>In</th><th>What</th></tr></thead><tbody>"
        for each in operation["parameters"]:
            about = each.get("description") or _about(each["schema"])
            what = f"{_bounded(each['schema'])}<br>{_code(about)}" if about else _bounded(each["schema"])
            yield _row(f"<code>{escape(each['name'])}</code>", each["in"], what)
        yield "</tbody></table>"
    if "requestBody" in operation:
        yield f"<p>Body: {_content(operation['requestBody'])}</p>"
        for content in operation["requestBody"]["content"].values():
            yield f"<pre>{escape(_written(content['example']))}</pre>"
    yield "<details><summary>Answers</summary><table><tbody>"
    for status, answer in operation["responses"].items():
        yield _row(status, f"{_content(answer)} {_answer(answer['description'])}")
    yield "</tbody></table></details></section>"


def _row(*cells: str) -> str:
    return "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"


def _answer(description: str) -> str:
    codes = description.split(", ")
    if not STATUS.keys() >= set(codes):
        return _code(description)
    return ", ".join(f"<a href='#{escape(code)}'>{escape(code)}</a>" for code in codes)


def _content(holder: Json) -> str:
    return " ".join(
        f"<code>{escape(media)}</code> {_type(content.get('schema', {}))}"
        for media, content in holder.get("content", {}).items()
        if media != "application/problem+json"
    )


def _errors() -> Iterator[str]:
    yield "<h2 id='about-errors'>Errors</h2>"
    yield "<p>The body is an <code>application/problem+json</code> (RFC 9457).</p>"
    yield "<table><thead><tr><th>Code</th><th>Status</th><th>Clause</th><th>Remedy</th></tr></thead><tbody>"
    for code, status in sorted(STATUS.items(), key=lambda each: (each[1], each[0])):
        name = f"<code id='{escape(code)}'>{escape(code)}</code>"
        yield _row(name, str(status), CLAUSE.get(code, ""), _code(REMEDY.get(code, "")))
    yield "</tbody></table>"


def _objects(schemas: Json) -> Iterator[str]:
    yield "<h2 id='about-objects'>Objects</h2>"
    for name, schema in sorted(schemas.items()):
        yield f"<section><h3 id='{escape(name)}'>{escape(name)}</h3>"
        yield f"<p>{_code(schema.get('description', ''))} {_type(schema) if 'enum' in schema else ''}</p>"
        yield from _fields(schema)
        yield "</section>"


def _fields(schema: Json) -> Iterator[str]:
    needed = schema.get("required", ())
    if not schema.get("properties"):
        return
    yield "<table><thead><tr><th>Field</th><th>Type</th><th>What</th></tr></thead><tbody>"
    for name, each in schema["properties"].items():
        must = "" if name in needed else " (optional)"
        yield _row(f"<code>{escape(name)}</code>{must}", _bounded(each), _code(_about(each)))
    yield "</tbody></table>"


def _written(example: object) -> str:
    return example if isinstance(example, str) else json.dumps(example, indent=2, ensure_ascii=False)


def _about(schema: Json) -> str:
    """Return what a schema says of itself, or the first of its alternatives."""
    return str(
        schema.get("description")
        or next((each["description"] for each in schema.get("anyOf", ()) if "description" in each), "")
    )


def _bounded(schema: Json) -> str:
    """Return a schema in a few words, with its bounds and what it is when it is left out."""
    sides = [schema, *schema.get("anyOf", ())]
    for least, most, unit in _BOUNDS:
        low, high = (next((each[key] for each in sides if key in each), None) for key in (least, most))
        if high is not None:
            return f"{_type(schema)}, {low or 0} to {high}{unit}{_default(schema)}"
    return f"{_type(schema)}{_default(schema)}"


def _default(schema: Json) -> str:
    given = schema.get("default")
    return "" if given in (None, "", [], {}) else f"; default <code>{escape(json.dumps(given))}</code>"


_BOUNDS: Final = (
    ("minimum", "maximum", ""),
    ("minLength", "maxLength", " characters"),
    ("minItems", "maxItems", " entries"),
    ("minProperties", "maxProperties", " entries"),
)


def _type(schema: Json) -> str:
    """Return a schema in a few words; an object by its name, as a link."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"<a href='#{escape(name)}'>{escape(name)}</a>"
    several = schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf", ())[:1]
    if several:
        return " or ".join(dict.fromkeys(_type(each) for each in several))
    values = schema["enum"] if "enum" in schema else [schema["const"]] if "const" in schema else ()
    if values:
        return ", ".join(f"<code>{escape(str(each))}</code>" for each in values)
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {}))}"
    return escape(str(schema.get("format") or schema.get("type") or "anything"))


def _code(text: str) -> str:
    """Return words with `code` marked as such."""
    pieces = escape(text).split("`")
    return "".join(f"<code>{piece}</code>" if number % 2 else piece for number, piece in enumerate(pieces))
