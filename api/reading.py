"""From a request to an input model: size, type, JSON, then every faulty field at once."""

from __future__ import annotations

import asyncio
import re
from typing import Final, TypeVar

from aiohttp import web
from pydantic import ValidationError

from api.faults import faults_of
from api.problems import Unreadable
from api.schema.base import Input, Nothing
from api.slicing import validated
from gateway.errors import Fault, Invalid

I = TypeVar("I", bound=Input)  # noqa: E741 - the customary name

JSON: Final = "application/json"
CSV: Final = "text/csv"
_FORM: Final = "application/x-www-form-urlencoded"
_LARGEST_FORM: Final = 16 * 1024  # octets
_LONG: Final = 16 * 1024  # octets
_SLOWEST: Final = 30.0  # seconds, for a body
_KEY: Final = re.compile(r"[\x21-\x7e]{1,255}")
_ETAG: Final = re.compile(r'"[\x21\x23-\x7e]{1,100}"')


def read_query(request: web.Request, model: type[I]) -> I:
    """Return the query; raise `Invalid`."""
    query = request.query
    many: frozenset[str] = getattr(model, "MANY", frozenset())
    once = model.model_fields.keys() - many
    twice = sorted(name for name in once & query.keys() if len(query.getall(name)) > 1)
    if twice:
        raise Invalid(tuple(Fault(name, "is given twice") for name in twice))
    try:
        return model.model_validate({**query, **{name: query.getall(name) for name in many & query.keys()}})
    except ValidationError as exc:
        raise Invalid(faults_of(exc, model)) from None


async def read_body(
    request: web.Request, model: type[I], media: str, limit: int, long: tuple[str, int] | None = None
) -> I:
    """Return the body; raise `Unreadable` for what is no such document, `Invalid` for its content.

    `long` names a field that is a list, and how long it may be: it is read in slices.
    """
    body = await _bytes(request, limit)
    if model is Nothing and not body:
        return model()
    _check_type(request, media)
    try:
        if media == CSV:
            return model.model_validate({"text": _text(body)})
        if long is not None and len(body) > _LONG:
            return await asyncio.to_thread(lambda: validated(body, model, *long))
        return model.model_validate_json(body)
    except ValidationError as exc:
        raise _translated(exc, model) from None


async def read_form(request: web.Request) -> str:
    """Return a form as it came, percent-encoded; raise `Unreadable`."""
    body = await _bytes(request, _LARGEST_FORM)
    if request.content_type != _FORM or not body.isascii():
        raise Unreadable("UNSUPPORTED_MEDIA_TYPE", f"send Content-Type: {_FORM}")
    return body.decode("ascii")


def read_idempotency_key(request: web.Request) -> str | None:
    """Return the header's value; raise `Invalid` for one that is empty, too long or not ASCII."""
    key = request.headers.get("Idempotency-Key")
    if key is not None and not _KEY.fullmatch(key):
        raise Invalid((Fault("Idempotency-Key", "must be 1 to 255 visible ASCII characters"),))
    return key


def read_if_match(request: web.Request) -> str | None:
    """Return the ETag that the caller last saw, without its quotes; None where anything goes."""
    given = request.headers.get("If-Match", "*").strip()
    if given == "*":
        return None
    if not _ETAG.fullmatch(given):
        raise Invalid((Fault("If-Match", 'must be one ETag, as it came: "…"'),))
    return given[1:-1]


async def _bytes(request: web.Request, limit: int) -> bytes:
    if (request.content_length or 0) > limit:
        raise Unreadable("TOO_LARGE", _too_large(limit))
    try:
        async with asyncio.timeout(None if request.content.is_eof() else _SLOWEST):  # a timer costs
            body = await request.read()
    except TimeoutError:
        raise Unreadable("TOO_SLOW", f"the body took longer than {_SLOWEST:.0f} seconds to come") from None
    except web.HTTPRequestEntityTooLarge:
        raise Unreadable("TOO_LARGE", _too_large(limit)) from None
    except web.RequestPayloadError:
        raise Unreadable("MALFORMED_BODY", "the body does not arrive as its headers announce it") from None
    if len(body) > limit:
        raise Unreadable("TOO_LARGE", _too_large(limit))
    return body


def _too_large(limit: int) -> str:
    return f"the body is larger than {limit // 1024} KiB"


def _check_type(request: web.Request, media: str) -> None:
    if request.content_type != media or (request.charset or "utf-8").lower() not in ("utf-8", "utf8"):
        raise Unreadable("UNSUPPORTED_MEDIA_TYPE", f"send Content-Type: {media}, in UTF-8")


def _text(body: bytes) -> str:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as exc:
        line = body[: exc.start].count(b"\n") + 1
        raise Unreadable("MALFORMED_BODY", f"line {line} is not UTF-8: save the list as UTF-8") from None


def _translated(error: ValidationError, model: type[Input]) -> Exception:
    first = error.errors(include_url=False, include_input=False)[0]
    if first["type"] == "json_invalid":
        return Unreadable("MALFORMED_BODY", f"the body is not JSON: {first['ctx']['error']}")
    return Invalid(faults_of(error, model))
